#include "collector/cli/app.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>

#include "collector/cli/agents_command.h"
#include "collector/cli/audit_log_command.h"
#include "collector/cli/export_as.h"
#include "collector/cli/export_command.h"
#include "collector/cli/note_command.h"
#include "collector/cli/reader.h"
#include "collector/cli/replay_command.h"
#include "collector/cli/score_command.h"
#include "collector/cli/table.h"
#include "collector/cli/timeline_command.h"
#include "collector/cli/watch_command.h"
#include "collector/cli/webhook_command.h"
#include "common/flags/completion.h"
#include "common/flags/man_page.h"

namespace sightline::cli {
namespace {

using Action = std::function<absl::Status()>;

const std::map<std::string, v1::AgentRole> kRoles = {{"volunteer", v1::AGENT_ROLE_VOLUNTEER},
                                                     {"control", v1::AGENT_ROLE_CONTROL}};

// Flags that name one of a few words.
template <typename T>
CLI::Option* AddChoice(CLI::App* command, const std::string& flag, T& value,
                       const std::map<std::string, T>& choices, const std::string& description) {
  return command
      ->add_option_function<std::string>(
          flag, [&value, &choices](const std::string& word) { value = choices.at(word); },
          description)
      ->check(CLI::IsMember(choices))
      ->type_name("WORD");
}

// Options live as long as the parser; the action that was asked for is left in `action`.
struct Commands {
  std::string key_out;
  SignOptions sign;
  ShowOptions show;
  PublishOptions publish;
  InviteOptions invite;
  AgentsFlags agents;
  AuditLogFlags audit_log;
  SummaryRequestOptions summary;
  EventsOptions events;
  TimelineFlags timeline;
  WatchFlags watch;
  NoteFlags note;
  std::string shell;
  ReplayFlags replay;
  ScoreOptions score;
  ExportFlags export_flags;
  VerifyFlags verify;
  WebhookFlags webhook;
  Action action;
  int exit_code = kExitOk;  // of an action that ends without error
};

void AddKeys(CLI::App& app, Commands& all, const Terminal& terminal) {
  CLI::App* keys = app.add_subcommand("keys", "Operator keys");
  keys->require_subcommand(1);
  CLI::App* make = keys->add_subcommand("new", "Make an operator key (Ed25519)");
  make->add_option("--out", all.key_out,
                   "Private key to write (0600, never overwritten); the public one goes beside it "
                   "with .pub.pem")
      ->required()
      ->type_name("FILE");
  make->callback([&] { all.action = [&] { return NewKeys(all.key_out, terminal); }; });
  make->footer("Example:\n  sightline keys new --out operator.pem");
}

void AddPlan(CLI::App& app, Commands& all, const Terminal& terminal) {
  CLI::App* plan = app.add_subcommand("plan", "Plans: what agents probe");
  plan->require_subcommand(1);

  CLI::App* sign = plan->add_subcommand(
      "sign",
      "Check a plan and sign it. A plan without issue_time is issued now, one without expire_time "
      "expires 30 days after that");
  sign->add_option("--key", all.sign.key_path, "Operator's private key")
      ->required()
      ->type_name("FILE");
  sign->add_option("--in", all.sign.in_path, "Plan in protobuf text format")
      ->required()
      ->type_name("FILE");
  sign->add_option("--out", all.sign.out_path, "Signed plan to write")
      ->required()
      ->type_name("FILE");
  sign->add_option("--also-accept", all.sign.also_accept_paths,
                   "Public key that may sign the next plan, too; may be given again. For changing "
                   "the operator's key")
      ->type_name("FILE");
  sign->callback([&] { all.action = [&] { return SignPlanFile(all.sign, terminal); }; });
  sign->footer(
      "Example:\n  sightline plan sign --key operator.pem --in plan.txtpb --out plan.signed");

  CLI::App* show = plan->add_subcommand("show", "Show a plan, signed or in text format");
  show->add_option("FILE", all.show.path, "Plan to show")->required()->type_name("");
  show->add_option("--operator-key", all.show.operator_key_path,
                   "Operator's public key: check the signature")
      ->type_name("FILE");
  show->callback([&] { all.action = [&] { return ShowPlan(all.show, terminal); }; });
  show->footer("Example:\n  sightline plan show plan.signed --operator-key operator.pub.pem");

  CLI::App* publish = plan->add_subcommand("publish", "Give a signed plan to the collector");
  publish->add_option("FILE", all.publish.path, "Signed plan")->required()->type_name("");
  AddAdmin(publish, all.publish.admin);
  publish->callback([&] { all.action = [&] { return PublishPlanFile(all.publish, terminal); }; });
  publish->footer("Example:\n  sightline plan publish plan.signed --admin sightline-admin.sock");
}

void AddInvite(CLI::App& app, Commands& all, const Terminal& terminal) {
  CLI::App* invite = app.add_subcommand("invite", "Make single-use invites, one a line");
  AddAdmin(invite, all.invite.admin);
  invite->add_option("--count", all.invite.count, "How many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  AddChoice(invite, "--role", all.invite.role, kRoles,
            "volunteer (default): inside a country under observation; control: outside");
  invite->callback([&] { all.action = [&] { return Invite(all.invite, terminal); }; });
  invite->footer(
      "Example:\n  sightline invite --admin sightline-admin.sock --count 3 --role control");
}

void AddReader(CLI::App* command, ReaderOptions& reader) {
  AddCollector(command, reader);
  command
      ->add_option("--target", reader.target_ids,
                   "Only this target, anchors included; repeat for more")
      ->type_name("ID");
}

void AddSummary(CLI::App& app, Commands& all, const Terminal& terminal) {
  CLI::App* summary =
      app.add_subcommand("summary", "Is a service reachable from inside a country, and for whom");
  AddReader(summary, all.summary.reader);
  summary
      ->add_option("--time", all.summary.time,
                   "A moment of the past instead of the newest window (UTC): 2024-04-08, "
                   "\"2024-04-08 13:00\" or 2024-04-08T13:00:00+08:00")
      ->type_name("TIME");
  AddFormat(summary, all.summary.reader.format, /*csv=*/true);
  summary->add_flag("--brief", all.summary.brief, "Headlines and matrix only");
  summary->callback([&] { all.action = [&] { return ShowSummary(all.summary, terminal); }; });
  summary->footer(
      "Examples:\n"
      "  sightline summary --collector sightline.example:7443\n"
      "  sightline summary --collector localhost:7443 --roots ca.pem --target whatsapp\n"
      "  sightline summary --collector localhost:7443 --time \"2024-04-08 13:00\"\n"
      "  SIGHTLINE_COLLECTOR=localhost:7443 sightline summary --format json");
}

void AddEvents(CLI::App& app, Commands& all, const Terminal& terminal) {
  CLI::App* events = app.add_subcommand(
      "events", "Openings and closings: what became reachable or blocked, where, since when");
  AddReader(events, all.events.reader);
  events
      ->add_option("--since", all.events.since,
                   "Only what went on at this time (UTC) or later: 2024-04-08, \"2024-04-08 "
                   "13:00\" or 2024-04-08T13:00:00+08:00")
      ->type_name("TIME");
  events->add_option("--until", all.events.until, "Only what began before this time")
      ->type_name("TIME");
  AddFormat(events, all.events.reader.format, /*csv=*/true);
  events->callback([&] { all.action = [&] { return ShowEvents(all.events, terminal); }; });
  events->footer(
      "Examples:\n"
      "  sightline events --collector sightline.example:7443 --target whatsapp\n"
      "  sightline events --collector localhost:7443 --since 2024-04-01 --format csv");
}

void AddScore(CLI::App& app, Commands& all, const Terminal& terminal) {
  CLI::App* score = app.add_subcommand(
      "score",
      "Replay scenarios, and measure what Sightline says, beside two simple baselines: delay, "
      "false alarms, scope, calibration");
  score->add_option("SCENARIO", all.score.paths, "Scenario files")->required()->type_name("");
  score->add_option("--seeds", all.score.seeds, "Seeds of the replays, as in 101..105 or 1,3,7..9")
      ->capture_default_str()
      ->type_name("SEEDS");
  score->add_option("--jobs", all.score.jobs, "Replays at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  score
      ->add_option("--out", all.score.out_folder,
                   "Write scores.txt, scores.json and reliability.svg there")
      ->type_name("FOLDER");
  AddFormat(score, all.score.format, /*csv=*/false);
  score->callback([&] {
    all.action = [&] {
      const auto run = [](const Scenario& scenario, uint64_t seed) {
        return RunReplay(scenario, seed, {});
      };
      return ShowScore(all.score, run, terminal);
    };
  });
  score->footer(
      "Examples:\n"
      "  sightline score tests/sim/two_cities.toml\n"
      "  sightline score tests/sim/*.toml --seeds 101..105 --out scores");
}

void AddExport(CLI::App& app, Commands& all, const Terminal& terminal) {
  AddExportFlags(app, all.export_flags, [&] {
    all.action = [&] {
      if (all.export_flags.form == "ooni") return ExportOoni(all.export_flags, terminal);
      if (all.export_flags.form == "cells-csv") return ExportCells(all.export_flags, terminal);
      return ExportStoreToFile(all.export_flags, terminal);
    };
  });
  AddVerifyFlags(app, all.verify, [&] {
    all.action = [&] {
      const absl::StatusOr<bool> complete = VerifyFile(all.verify, terminal);
      if (complete.ok() && !*complete) all.exit_code = kExitPartial;
      return complete.status();
    };
  });
}

}  // namespace

int RunSightline(int argc, const char* const* argv, const Terminal& terminal) {
  CLI::App app(
      "Is a service reachable, without a VPN, from inside a country: for operators and "
      "readers of Sightline.",
      "sightline");
  app.require_subcommand(1);
  app.set_version_flag("--version", SIGHTLINE_VERSION);
  app.footer(
      "Examples:\n"
      "  sightline summary --collector sightline.example:7443\n"
      "  sightline timeline whatsapp --collector sightline.example:7443\n"
      "  sightline watch --collector sightline.example:7443 --state watch.token\n"
      "  sightline keys new --out operator.pem\n"
      "  sightline plan sign --key operator.pem --in plan.txtpb --out plan.signed\n"
      "  sightline invite --admin sightline-admin.sock\n\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 (of verify) not everything could be "
      "compared. Help on a command: sightline COMMAND --help");
  Commands all;
  AddSummary(app, all, terminal);
  AddEvents(app, all, terminal);
  AddTimelineFlags(app, all.timeline,
                   [&] { all.action = [&] { return ShowTimeline(all.timeline, terminal); }; });
  AddWatchFlags(app, all.watch,
                [&] { all.action = [&] { return WatchUntilInterrupted(all.watch, terminal); }; });
  AddKeys(app, all, terminal);
  AddPlan(app, all, terminal);
  AddInvite(app, all, terminal);
  AddAgentsFlags(app, all.agents, [&](AgentsAction action) {
    all.action = [&all, &terminal, action] { return action(all.agents, terminal); };
  });
  AddAuditLogFlags(app, all.audit_log,
                   [&] { all.action = [&] { return ShowAuditLog(all.audit_log, terminal); }; });
  AddReplayFlags(app, all.replay,
                 [&] { all.action = [&] { return ReplayFile(all.replay, terminal); }; });
  AddScore(app, all, terminal);
  AddExport(app, all, terminal);
  AddWebhookFlags(app, all.webhook, [&](WebhookAction action) {
    all.action = [&all, &terminal, action] { return action(all.webhook, terminal); };
  });
  AddNoteFlags(app, all.note, [&](NoteAction action) {
    all.action = [&all, &terminal, action] { return action(all.note, terminal); };
  });
  flags::AddCompletionFlags(app, all.shell, [&] {
    all.action = [&] {
      *terminal.out << flags::CompletionScript(app, all.shell);
      return absl::OkStatus();
    };
  });
  flags::AddManPageCommand(app, [&] {
    all.action = [&] {
      *terminal.out << flags::ManPage(app, SIGHTLINE_VERSION);
      return absl::OkStatus();
    };
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 reports help and version this way too, with exit code 0.
    return app.exit(error, *terminal.out, *terminal.err) == 0 ? kExitOk : kExitUsage;
  }
  const absl::Status status = all.action();
  terminal.out->flush();
  if (status.ok()) return all.exit_code;
  *terminal.err << "sightline: " << Printable({status.message().data(), status.message().size()})
                << "\n";
  return kExitFailure;
}

}  // namespace sightline::cli
