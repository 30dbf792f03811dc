#include "collector/cli/watch_command.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "collector/cli/client.h"
#include "collector/cli/event_text.h"
#include "collector/cli/interrupt.h"
#include "collector/cli/reader.h"
#include "collector/cli/summary_text.h"
#include "collector/cli/table.h"
#include "collector/cli/watch_text.h"
#include "common/files.h"
#include "common/message.h"
#include "common/regions.h"

namespace sightline::cli {
namespace {

constexpr size_t kTokenBytesMax = 1000;

// The token in the file; empty when there is no file yet.
absl::StatusOr<std::string> ReadState(const std::string& path) {
  const absl::StatusOr<std::string> file = SystemFiles().Read(path);
  if (absl::IsNotFound(file.status())) return "";
  if (!file.ok()) return file.status();
  std::string token(absl::StripAsciiWhitespace(*file));
  const bool plain = std::all_of(token.begin(), token.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  if (plain && token.size() <= kTokenBytesMax) return token;
  return absl::FailedPreconditionError(absl::StrCat(
      path, ": holds something else than a resume token; give another file to --state"));
}

// Writes what comes, and then keeps the token behind it.
class Printer {
 public:
  // A `token` means that earlier lines are written already.
  Printer(const WatchFlags& flags, const Terminal& terminal, std::string token)
      : flags_(flags), terminal_(terminal), token_(std::move(token)) {
    if (flags.reader.format == Format::kCsv && token_.empty()) *terminal.out << WatchCsvHead();
  }

  // False when no more is wanted, be it for an error.
  bool Take(const v1::WatchSummariesResponse& message) {
    Write(message);
    terminal_.out->flush();
    if (!terminal_.out->good()) {
      status_ = absl::DataLossError("standard output takes no more; what came last is not written");
      return false;
    }
    Keep(message.resume_token());
    if (message.has_change()) ++changes_;
    return status_.ok() && (flags_.count == 0 || changes_ < flags_.count);
  }

  const absl::Status& status() const { return status_; }
  // Of the last message that was taken; empty before there was one.
  const std::string& token() const { return token_; }

 private:
  void Write(const v1::WatchSummariesResponse& message) {
    if (message.has_heartbeat() && !flags_.heartbeats) return;
    switch (flags_.reader.format) {
      case Format::kJson:
        *terminal_.out << ToJson(message, /*indent=*/false) << "\n";
        break;
      case Format::kCsv:
        *terminal_.out << WatchCsv(message);
        break;
      case Format::kTable:
        if (message.has_summary()) WriteSummary(message.summary());
        if (message.has_change()) *terminal_.out << ChangeLine(message.change(), terminal_.colour);
        if (message.has_heartbeat()) {
          *terminal_.out << HeartbeatLine(message.heartbeat(), terminal_.colour);
        }
        break;
    }
  }

  void WriteSummary(const v1::GetSummaryResponse& summary) {
    SummaryOptions look;
    look.now = terminal_.clock->Now();
    look.width = terminal_.width;
    look.colour = terminal_.colour;
    look.unicode = terminal_.unicode;
    look.brief = true;
    // Without iso-codes the code alone is shown.
    if (const auto names = RegionNames::Load(); names.ok()) {
      look.country_name = names->NameOf(summary.country());
    }
    *terminal_.out << RenderSummary(summary, look) << "\nWhat changes from here on:\n";
  }

  void Keep(const std::string& token) {
    if (token.empty() || token == token_) return;
    token_ = token;
    if (flags_.state_path.empty()) return;
    status_ = SystemFiles().WriteAtomically(flags_.state_path, token + "\n", 0600);
  }

  const WatchFlags& flags_;
  const Terminal& terminal_;
  std::string token_;
  absl::Status status_;
  uint64_t changes_ = 0;
};

// Whether another attempt may find it otherwise.
bool GoesAway(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return true;
    default:
      return false;
  }
}

// With what to do about a token that was kept.
absl::Status Final(const absl::Status& status, const WatchFlags& flags) {
  if (!absl::IsOutOfRange(status) || flags.state_path.empty()) return status;
  return absl::Status(status.code(), absl::StrCat(status.message(), "; the token is kept in ",
                                                  flags.state_path, ": remove that file"));
}

// True when `stop` was asked for meanwhile.
bool WaitFor(absl::Duration delay, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, absl::ToChronoMilliseconds(delay), [] { return false; });
  return stop.stop_requested();
}

}  // namespace

void AddWatchFlags(CLI::App& app, WatchFlags& flags, std::function<void()> chosen) {
  CLI::App* command = app.add_subcommand(
      "watch",
      "How things are, and then every change as it comes, one a line, until it is interrupted. "
      "Goes on by itself after a broken connection");
  command->add_option("TARGET", flags.reader.target_ids, "Only these, such as whatsapp; else all")
      ->type_name("");
  AddCollector(command, flags.reader);
  CLI::Option* resume =
      command->add_option("--resume", flags.resume_token,
                          "Go on behind the message with this resume_token (--format json shows "
                          "it) instead of beginning with how things are");
  resume->type_name("TOKEN");
  command
      ->add_option("--state", flags.state_path,
                   "Keep the token in this file, and go on from the one that is there: a restart "
                   "misses nothing")
      ->excludes(resume)
      ->type_name("FILE");
  command->add_option("--count", flags.count, "End after so many changes")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}))
      ->type_name("N");
  command->add_flag("--heartbeats", flags.heartbeats, "Show also that nothing changed, every 15 s");
  AddFormat(command, flags.reader.format, /*csv=*/true);
  command->callback(std::move(chosen));
  command->footer(
      "Examples:\n"
      "  sightline watch --collector sightline.example:7443\n"
      "  sightline watch whatsapp signal --collector localhost:7443 --state watch.token\n"
      "  sightline watch --collector localhost:7443 --format json | while read -r line; do ...");
}

absl::Status Watch(const WatchFlags& flags, const WatchPace& pace, const Terminal& terminal,
                   const std::stop_token& stop) {
  const absl::StatusOr<Collector> collector = CollectorOf(flags.reader);
  if (!collector.ok()) return collector.status();
  absl::StatusOr<std::string> token =
      flags.state_path.empty() ? flags.resume_token : ReadState(flags.state_path);
  if (!token.ok()) return token.status();
  v1::WatchSummariesRequest request;
  request.set_country(flags.reader.country);
  for (const std::string& id : flags.reader.target_ids) request.add_target_ids(id);
  Printer printer(flags, terminal, *std::move(token));
  absl::Duration delay = pace.delay_min;
  while (!stop.stop_requested()) {
    request.set_resume_token(printer.token());
    const absl::Status status = WatchSummaries(*collector, request, pace.silence, stop,
                                               [&](const v1::WatchSummariesResponse& message) {
                                                 delay = pace.delay_min;
                                                 return printer.Take(message);
                                               });
    if (!printer.status().ok() || status.ok()) return printer.status();
    if (!GoesAway(status)) return Final(status, flags);
    *terminal.err << "sightline: " << Printable({status.message().data(), status.message().size()})
                  << "; trying again in " << Length(delay) << std::endl;
    if (WaitFor(delay, stop)) break;
    delay = std::min(2 * delay, pace.delay_max);
  }
  return absl::OkStatus();
}

absl::Status WatchUntilInterrupted(const WatchFlags& flags, const Terminal& terminal) {
  const Interrupt interrupt;
  return Watch(flags, {}, terminal, interrupt.token());
}

}  // namespace sightline::cli
