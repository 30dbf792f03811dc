#include "collector/cli/replay_command.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/cli/event_text.h"
#include "collector/cli/moment.h"
#include "collector/cli/progress.h"
#include "collector/cli/table.h"
#include "collector/replay/replay.h"
#include "collector/replay/report.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

using internal::v1::ReplayChange;
using internal::v1::ReplayExpectation;
using internal::v1::ReplayReport;

// Of one target; a scope that flickers has hundreds.
constexpr int kChangesMax = 24;

std::string ExpectationTable(const ReplayReport& report, const Terminal& terminal) {
  if (report.expectations().empty()) return "";
  Table table;
  table.AddRow({{"Line", Tone::kStrong, true},
                {"Target", Tone::kStrong},
                {"Expected", Tone::kStrong},
                {"", Tone::kStrong},
                {"Windows", Tone::kStrong, true},
                {"Said instead", Tone::kStrong}});
  for (const ReplayExpectation& each : report.expectations()) {
    std::string said;
    if (each.windows_broken() > 0) {
      said = absl::StrCat("in ", each.windows_broken(), ", first ",
                          MomentText(FromProto(each.first_broken_time())), ": ");
    }
    table.AddRow({{absl::StrCat(each.line()), Tone::kPlain, true},
                  {each.target_id()},
                  {each.expected()},
                  {each.held() ? "held" : "BROKEN", each.held() ? Tone::kGood : Tone::kBad},
                  {absl::StrCat(each.windows()), Tone::kPlain, true},
                  {absl::StrCat(said, each.said()), each.held() ? Tone::kFaint : Tone::kPlain}});
  }
  return absl::StrCat("\n", table.Render(0, terminal.colour));
}

std::string ChangeTable(const ReplayReport& report, const Terminal& terminal) {
  Table table;
  table.AddRow({{"Target", Tone::kStrong},
                {"From (UTC)", Tone::kStrong},
                {"Windows", Tone::kStrong, true},
                {"Scope", Tone::kStrong},
                {"Where", Tone::kStrong}});
  std::map<std::string, int> rows;
  for (const ReplayChange& change : report.changes()) ++rows[change.target_id()];
  std::map<std::string, int> shown;
  for (const ReplayChange& change : report.changes()) {
    const int row = ++shown[change.target_id()];
    if (row > kChangesMax) {
      const int more = rows[change.target_id()] - kChangesMax;
      if (row == kChangesMax + 1) {
        table.AddRow({{change.target_id()}, {absl::StrCat("... and ", more, " more")}});
      }
      continue;
    }
    const std::string where = absl::StrCat(absl::StrJoin(change.open_regions(), ", "),
                                           change.open_networks().empty() ? "" : " AS",
                                           absl::StrJoin(change.open_networks(), ", AS"));
    table.AddRow({{change.target_id()},
                  {MomentText(FromProto(change.window_start_time()))},
                  {absl::StrCat(change.windows()), Tone::kPlain, true},
                  {ShortName(change.scope())},
                  {where}});
  }
  return absl::StrCat("\nWhat was said of each target\n", table.Render(0, terminal.colour));
}

}  // namespace

void AddReplayFlags(CLI::App& app, ReplayFlags& flags, std::function<void()> asked) {
  CLI::App* replay = app.add_subcommand(
      "replay", "Run a made-up history through the real fold and verdict, and compare");
  replay->add_option("SCENARIO", flags.path, "The history, a TOML file")->required()->type_name("");
  replay->add_option("--seed", flags.seed, "What chance is drawn by")->capture_default_str();
  replay
      ->add_option("--store", flags.store,
                   "Keep the log in this empty store (sqlite:PATH or postgresql://...) instead of "
                   "a temporary one")
      ->type_name("URL");
  replay
      ->add_option_function<std::string>(
          "--format",
          [&flags](const std::string& word) {
            flags.format = word == "json" ? Format::kJson : Format::kTable;
          },
          "table (default) or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("WORD");
  replay->callback(std::move(asked));
  replay->footer(
      "Exit code 1 when an expectation is broken.\n"
      "Examples:\n"
      "  sightline replay tests/sim/two_cities.toml\n"
      "  sightline replay tests/sim/two_cities.toml --seed 7 --store sqlite:two_cities.db");
}

std::string RenderReplay(const ReplayReport& report, const Terminal& terminal) {
  const int expectations = report.expectations_size();
  return absl::StrCat(Printable(report.scenario()), ", seed ", report.seed(), ": ",
                      report.windows(), " windows, ", report.batches(), " batches; ",
                      expectations - static_cast<int>(report.broken()), " of ", expectations,
                      expectations == 1 ? " expectation held\n" : " expectations held\n",
                      ExpectationTable(report, terminal), ChangeTable(report, terminal),
                      report.events().empty() ? "\nNo events.\n" : "\nEvents\n",
                      EventTable(report.events(), terminal.colour));
}

absl::Status ReplayFile(const ReplayFlags& flags, const Terminal& terminal) {
  const absl::StatusOr<Scenario> scenario = ReadScenario(flags.path);
  if (!scenario.ok()) return scenario.status();
  ReplayOptions options;
  options.store_url = flags.store;
  absl::StatusOr<Replay> replay;
  {
    Progress progress(terminal);
    options.progress = [&](const ReplayProgress& so_far) {
      progress.Show("replaying", "windows", static_cast<uint64_t>(so_far.windows),
                    static_cast<uint64_t>(so_far.windows_all));
    };
    replay = RunReplay(*scenario, flags.seed, options);
  }
  if (!replay.ok()) return replay.status();
  const ReplayReport report = ReportOf(*replay);
  *terminal.out << (flags.format == Format::kJson ? ToJson(report, true)
                                                  : RenderReplay(report, terminal));
  if (report.broken() == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      report.broken(), report.broken() == 1 ? " expectation is" : " expectations are", " broken"));
}

}  // namespace sightline::cli
