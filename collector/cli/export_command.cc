#include "collector/cli/export_command.h"

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "collector/cli/key_files.h"
#include "collector/cli/progress.h"
#include "collector/cli/table.h"
#include "collector/export/export_check.h"
#include "collector/export/export_writer.h"
#include "collector/store/snapshot.h"
#include "common/message.h"
#include "common/regions.h"

namespace sightline::cli {
namespace {

// CLI11's form of a check: what is wrong, or an empty string.
std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  const bool good = absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration() &&
                    duration <= absl::Hours(24 * 366);
  return good ? "" : absl::StrCat("\"", text, "\" is no duration of up to a year; write 72h");
}

// What CLI11 has no words for: which flags belong to which form.
void CheckTogether(const ExportFlags& flags) {
  if (flags.store.empty() && flags.in.empty()) throw CLI::RequiredError("--store or --in");
  const bool whole = flags.form == "sightline";
  if (whole && !flags.in.empty()) {
    throw CLI::ValidationError("--in",
                               "only with --as ooni or cells-csv; an export is copied as it is");
  }
  const bool some = !flags.country.empty() || !flags.since.empty() || !flags.until.empty();
  if (whole && some) {
    throw CLI::ValidationError("--country, --since, --until",
                               "only with --as ooni or cells-csv; an export holds everything");
  }
  if (flags.agents && flags.form != "ooni") {
    throw CLI::ValidationError("--agents", "only with --as ooni");
  }
}

// The file comes from somebody else: line by line through Printable.
std::string PrintableLines(const std::string& text) {
  std::string printable;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&printable, Printable(line), "\n");
  }
  printable.pop_back();  // what was added behind the last one
  return printable;
}

}  // namespace

void AddExportFlags(CLI::App& app, ExportFlags& flags, std::function<void()> chosen) {
  CLI::App* command = app.add_subcommand(
      "export",
      "Write plans, agents, log and verdicts of a store to a file that anybody can verify, or what "
      "agents saw in OONI's data format, or votes by place and window as CSV. All but the last "
      "hold what single agents sent, with their networks and times: guard them like the store");
  CLI::Option* store =
      command->add_option("--store", flags.store, "sqlite:PATH or postgresql://...; may be in use");
  store->type_name("URL");
  command->add_option("--in", flags.in, "An export instead of a store; not to make another one of")
      ->excludes(store)
      ->type_name("FILE");
  command->add_option("FILE", flags.path, "File to write; must not be there")
      ->required()
      ->type_name("");
  command
      ->add_option(
          "--as", flags.form,
          "sightline (default): everything, to be verified; ooni: the observations as JSON "
          "lines; cells-csv: what readers see of the votes")
      ->check(CLI::IsMember({"sightline", "ooni", "cells-csv"}))
      ->type_name("WORD");
  command->add_option("--retain", flags.retain, "sightline: what the collectors run with")
      ->check(CheckDuration)
      ->capture_default_str()
      ->type_name("DURATION");
  command
      ->add_option(
          "--country", flags.country,
          "ooni, cells-csv: only this country, an ISO 3166-1 code; else all, for ooni with "
          "the controls outside")
      ->type_name("CODE");
  command
      ->add_option(
          "--since", flags.since,
          "ooni, cells-csv: only rounds or windows that began at this time (UTC) or later: "
          "2024-04-08, \"2024-04-08 13:00\" or 2024-04-08T13:00:00+08:00")
      ->type_name("TIME");
  command->add_option("--until", flags.until, "ooni, cells-csv: only what began before this time")
      ->type_name("TIME");
  command->add_flag("--agents", flags.agents,
                    "ooni: name the agent in each line; whoever has the lines can then follow one "
                    "volunteer through time");
  command->callback([&flags, chosen = std::move(chosen)] {
    CheckTogether(flags);
    chosen();
  });
  command->footer(
      "Examples:\n"
      "  sightline export --store sqlite:log.db log.export\n"
      "  sightline export --as ooni --store sqlite:log.db --since 2024-04-08 log.jsonl\n"
      "  sightline export --as cells-csv --in log.export --country CN cells.csv");
}

void AddVerifyFlags(CLI::App& app, VerifyFlags& flags, std::function<void()> chosen) {
  CLI::App* command = app.add_subcommand(
      "verify",
      "Check a file of \"sightline export\": that it is whole, all signatures and chains, and that "
      "its log gives its cells, verdicts and events");
  command->add_option("FILE", flags.path, "File to check")->required()->type_name("");
  command
      ->add_option(
          "--operator-key", flags.operator_key_path,
          "Operator's public key, from elsewhere than the file: check the signatures of the "
          "plans, on which everything rests")
      ->type_name("FILE");
  command->add_option("--format", flags.format, "table (default) or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("WORD");
  command->callback(std::move(chosen));
  command->footer(
      "Exit codes:\n"
      "  0  everything was compared and fits\n"
      "  1  something does not fit, or the file is damaged or no export: what and where is said\n"
      "  2  wrong usage\n"
      "  3  what was compared fits, but not everything could be compared, for example the plans\n"
      "     without --operator-key, or verdicts by other rules: the last line says what\n\n"
      "Example:\n  sightline verify log.export --operator-key operator.pub.pem");
}

absl::Status ExportStoreToFile(const ExportFlags& flags, const Terminal& terminal) {
  ExportOptions options;
  options.now = terminal.clock->Now();
  absl::ParseDuration(flags.retain, &options.retain);  // CheckDuration has looked at it
  ExportResult result;
  {
    Progress progress(terminal);
    options.progress = [&](uint64_t done, uint64_t total) {
      progress.Show("writing", "records", done, total);
    };
    const absl::Status status = WithSnapshot(flags.store, [&](StoreReader& store) {
      absl::StatusOr<ExportResult> written = WriteExport(store, flags.path, options);
      if (written.ok()) result = *std::move(written);
      return written.status();
    });
    if (!status.ok()) return status;
  }
  *terminal.out << "Wrote " << flags.path << ": " << result.counts.records() << " records of "
                << result.counts.agents() << " agents, " << result.counts.plans() << " plans, "
                << result.counts.verdicts() << " verdicts, " << result.counts.events()
                << " events, " << result.bytes << " bytes\nFingerprint "
                << absl::BytesToHexString(result.fingerprint)
                << "\nIt holds what single agents sent, with their regions, networks and times: "
                   "give it only to those who may have that.\n";
  return absl::OkStatus();
}

absl::StatusOr<bool> VerifyFile(const VerifyFlags& flags, const Terminal& terminal) {
  CheckOptions options;
  if (!flags.operator_key_path.empty()) {
    absl::StatusOr<VerifyKey> key = ReadVerifyKey(flags.operator_key_path);
    if (!key.ok()) return key.status();
    options.operator_key = *std::move(key);
  }
  const absl::StatusOr<RegionNames> names = RegionNames::Load();
  if (!names.ok()) return names.status();
  absl::StatusOr<internal::v1::ExportReport> report;
  {
    Progress progress(terminal);
    options.progress = [&](CheckStage stage, uint64_t done, uint64_t total) {
      if (stage == CheckStage::kFile) {
        progress.Show("reading", "bytes", done, total);
      } else {
        progress.Show("judging again", "records", done, total);
      }
    };
    report = CheckExport(flags.path, *names, options);
  }
  if (!report.ok()) return report.status();
  *terminal.out << (flags.format == "json" ? ToJson(*report, /*indent=*/true) + "\n"
                                           : PrintableLines(ToText(*report)));
  const uint64_t problems = report->audit().problems_total();
  if (problems == 0) return report->audit().result() == internal::v1::AUDIT_RESULT_FITS;
  return absl::FailedPreconditionError(absl::StrCat(flags.path, ": ", problems,
                                                    problems == 1 ? " thing does" : " things do",
                                                    " not fit; the report says which"));
}

}  // namespace sightline::cli
