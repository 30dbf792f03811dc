#include "collector/command_line.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "collector/config_check.h"
#include "common/flags/completion.h"
#include "common/flags/man_page.h"

namespace sightline {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

}  // namespace

CommandLine::CommandLine(const std::string& config_path)
    : app_("Collects signed probe results and says where services are reachable.",
           "sightline-collector") {
  app_.require_subcommand(1);
  app_.set_version_flag("--version", SIGHTLINE_VERSION);
  AddServe();
  AddStoreCommands(app_, store_commands_);
  CLI::App* audit = app_.add_subcommand(
      "audit", "Check a store: numbers, chains, signatures, and verdicts against the log");
  AddAuditFlags(*audit, audit_flags_);
  audit->callback([this] { action_ = [this] { return RunAudit(audit_flags_); }; });
  doctor_ = app_.add_subcommand(
      "doctor", "Look at everything that a collector needs, and say what to do about it");
  AddDoctorFlags(*doctor_, doctor_flags_);
  doctor_->callback([this] {
    action_ = [this] { return RunDoctor(doctor_flags_, config_->path(), config_->Check()); };
  });
  flags::AddCompletionFlags(app_, shell_, [this] {
    action_ = [this] {
      std::cout << flags::CompletionScript(app_, shell_) << std::flush;
      return 0;
    };
  });
  flags::AddManPageCommand(app_, [this] {
    action_ = [this] {
      std::cout << flags::ManPage(app_, SIGHTLINE_VERSION) << std::flush;
      return 0;
    };
  });
  config_ = std::make_unique<flags::ConfigFile>(app_, *serve_, "SIGHTLINE_COLLECTOR_", config_path);
}

void CommandLine::AddServe() {
  serve_ = app_.add_subcommand("serve", "Run the collector until SIGINT or SIGTERM");
  AddServeFlags(*serve_, serve_flags_);
  serve_
      ->add_flag("--check-config", check_config_,
                 "Read and check all settings and the files that they name, print them, and end")
      ->configurable(false);
  serve_->footer(
      "Example:\n"
      "  sightline keys new --out operator.pem\n"
      "  sightline-collector serve --store sqlite:/var/lib/sightline/log.db \\\n"
      "      --tls-cert cert.pem --tls-key key.pem --operator-key operator.pub.pem \\\n"
      "      --geo country-asn.mmdb --advertise collector.example:7443\n"
      "  sightline-collector serve --check-config\n"
      "SIGHUP reads the certificate, its key and the address database again.");
}

std::optional<int> CommandLine::Run(int argc, const char* const* argv) {
  try {
    app_.parse(argc, argv);
    config_->GiveLastWord();
  } catch (const CLI::ParseError& error) {
    return Refuse(error);
  }
  if (action_) return action_();
  if (store_commands_.run) return std::nullopt;
  // What the file says would be missing without a word.
  if (absl::Status status = config_->Check(); !status.ok()) {
    std::cerr << "sightline-collector: " << status.message() << "\n";
    return kExitFailed;
  }
  if (check_config_) return CheckConfig();
  return std::nullopt;
}

int CommandLine::Refuse(const CLI::ParseError& error) {
  const bool in_file = dynamic_cast<const CLI::ConfigError*>(&error) != nullptr ||
                       dynamic_cast<const CLI::FileError*>(&error) != nullptr;
  // To whom it is a finding like others.
  if (doctor_->parsed() && in_file) {
    return RunDoctor(doctor_flags_, config_->path(), absl::InvalidArgumentError(error.what()));
  }
  if (app_.exit(error) == 0) return 0;
  const absl::Status readable = config_->Check();
  if (!readable.ok()) std::cerr << readable.message() << "\n";
  return kExitUsage;
}

int CommandLine::CheckConfig() const {
  std::cout << (config_->path().empty()
                    ? std::string("no configuration file\n")
                    : absl::StrCat("configuration file: ", config_->path(), "\n"))
            << SettingsText(config_->Settings()) << std::flush;
  const absl::StatusOr<std::vector<std::string>> found = CheckServe(serve_flags_);
  if (!found.ok()) {
    std::cerr << "sightline-collector: " << found.status().message() << "\n";
    return absl::IsInvalidArgument(found.status()) ? kExitUsage : kExitFailed;
  }
  for (const std::string& line : *found) std::cout << line << "\n";
  std::cout << "everything can be used" << std::endl;
  return 0;
}

}  // namespace sightline
