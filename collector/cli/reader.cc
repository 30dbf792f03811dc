#include "collector/cli/reader.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/cli/moment.h"
#include "common/files.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

const std::map<std::string, Format> kFormats = {
    {"table", Format::kTable}, {"json", Format::kJson}, {"csv", Format::kCsv}};

}  // namespace

void AddCollector(CLI::App* command, ReaderOptions& reader) {
  command->add_option("--collector", reader.collector, "Collector to ask")
      ->envname("SIGHTLINE_COLLECTOR")
      ->required()
      ->type_name("HOST:PORT");
  command
      ->add_option("--roots", reader.roots_path,
                   "PEM certificates to trust instead of the system's")
      ->envname("SIGHTLINE_ROOTS")
      ->type_name("FILE");
  command->add_option("--country", reader.country, "ISO 3166-1 code")
      ->capture_default_str()
      ->type_name("CODE");
}

void AddFormat(CLI::App* command, Format& format, bool csv) {
  std::vector<std::string> words = {"table", "json"};
  if (csv) words.push_back("csv");
  command
      ->add_option_function<std::string>(
          "--format", [&format](const std::string& word) { format = kFormats.at(word); },
          csv ? "table (default), json or csv" : "table (default) or json")
      ->check(CLI::IsMember(words))
      ->type_name("WORD");
}

void AddAdmin(CLI::App* command, AdminAddress& admin, bool required) {
  command
      ->add_option("--admin", admin.address,
                   "The collector's admin socket, or HOST:PORT of its --admin-listen")
      ->required(required)
      ->type_name("SOCKET");
  command->add_option("--admin-cert", admin.cert_path, "With HOST:PORT: your certificate, PEM")
      ->envname("SIGHTLINE_ADMIN_CERT")
      ->type_name("FILE");
  command->add_option("--admin-key", admin.key_path, "With HOST:PORT: its private key, PEM")
      ->envname("SIGHTLINE_ADMIN_KEY")
      ->type_name("FILE");
  command
      ->add_option("--admin-roots", admin.roots_path,
                   "With HOST:PORT: PEM certificates to trust instead of the system's")
      ->envname("SIGHTLINE_ADMIN_ROOTS")
      ->type_name("FILE");
}

absl::StatusOr<Collector> CollectorOf(const ReaderOptions& options) {
  Collector collector{.address = options.collector, .roots_pem = ""};
  if (options.roots_path.empty()) return collector;
  absl::StatusOr<std::string> roots = SystemFiles().Read(options.roots_path);
  if (!roots.ok()) {
    return absl::Status(roots.status().code(),
                        absl::StrCat(roots.status().message(),
                                     "; --roots (or SIGHTLINE_ROOTS) must name a PEM file"));
  }
  collector.roots_pem = *std::move(roots);
  return collector;
}

absl::Status SetMoment(absl::string_view flag, const std::string& text,
                       absl::FunctionRef<google::protobuf::Timestamp*()> mutable_field) {
  if (text.empty()) return absl::OkStatus();
  const absl::StatusOr<absl::Time> time = ParseMoment(flag, text);
  if (time.ok()) *mutable_field() = ToProto(*time);
  return time.status();
}

}  // namespace sightline::cli
