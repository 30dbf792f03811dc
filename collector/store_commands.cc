#include "collector/store_commands.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/store/backends.h"
#include "collector/store/copy_store.h"
#include "collector/store/sqlite_backup.h"
#include "collector/store/sqlite_restore.h"
#include "collector/store/store.h"

namespace sightline {
namespace {

// How far something is, on one line of a terminal; nothing when there is none.
class ProgressLine {
 public:
  explicit ProgressLine(std::string what)
      : what_(std::move(what)), shown_(isatty(STDERR_FILENO) == 1) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() {
    if (drawn_) fputs("\r\x1b[K", stderr);
  }

  void Show(int64_t done, int64_t all) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || all <= 0 || now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    drawn_ = true;
    fprintf(stderr, "\r%s: %3d%%", what_.c_str(), static_cast<int>(100 * done / all));
    fflush(stderr);
  }

 private:
  const std::string what_;
  const bool shown_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

void Say(const std::string& text) { puts(text.c_str()); }

absl::Status MigrateStore(const StoreCommands& flags) {
  const absl::StatusOr<SchemaReport> report = UpdateSchema(flags.store, flags.dry_run);
  if (!report.ok()) return report.status();
  if (report->held == report->known) {
    Say(absl::StrCat("The schema has version ", report->held, ": nothing to do."));
    return absl::OkStatus();
  }
  std::string steps = absl::StrCat("version ", report->held + 1);
  if (report->held + 1 < report->known) {
    steps = absl::StrCat("versions ", report->held + 1, " to ", report->known);
  }
  Say(absl::StrCat(report->held == 0 ? "The store is empty; "
                                     : absl::StrCat("The schema has version ", report->held, "; "),
                   flags.dry_run ? "would apply " : "applied ", steps, "."));
  return absl::OkStatus();
}

absl::Status BackUpStore(const StoreCommands& flags) {
  if (IsPostgresqlUrl(flags.store)) {
    // The URL is not repeated: it may hold a password.
    return absl::InvalidArgumentError(absl::StrCat(
        "PostgreSQL has its own program for this, which also works while collectors run: pg_dump "
        "--format=custom --file=",
        flags.out, " --dbname=URL"));
  }
  const absl::StatusOr<std::string> path = SqlitePathOf(flags.store);
  if (!path.ok()) return path.status();
  int64_t pages = 0;
  absl::Status status;
  {
    ProgressLine line("backup");
    status = BackupSqlite(*path, flags.out, [&](int64_t done, int64_t all) {
      pages = all;
      line.Show(done, all);
    });
  }
  if (!status.ok()) return status;
  Say(absl::StrCat("Backed up ", pages, " pages to ", flags.out,
                   " and checked them. It holds the bucket keys: guard it like the store."));
  return absl::OkStatus();
}

// What a copy cannot have, and what people see of that.
std::string WhatIsLost(const RestoreReport& report) {
  const std::string since =
      report.records == 0
          ? "What was stored after the copy was made is lost"
          : absl::StrCat(
                "What was stored after the copy was made (its newest batch came at ",
                absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", report.newest, absl::UTCTimeZone()),
                ") is lost");
  return absl::StrCat(
      since,
      ":\n"
      "- Agents that were told that later batches are stored send nothing any more: "
      "`sightline-agent "
      "status` and\n"
      "  `doctor` say that the collector's store lost data. Give each a new invite; the volunteer "
      "enrols in an\n"
      "  empty folder. Agents that sent nothing since the copy go on, with all that they still "
      "have.\n"
      "- Agents that enrolled later are refused with UNKNOWN_AGENT and need a new invite, too.\n"
      "- Publish the plan again that was in force (`sightline plan publish`), and revoke again "
      "whom "
      "you revoked.\n"
      "- Verdicts, events and changes of that time are made anew of what is in the log; notes, "
      "webhooks and the\n"
      "  log of operators' calls are as they were.");
}

absl::Status RestoreStore(const StoreCommands& flags) {
  if (IsPostgresqlUrl(flags.store)) {
    // The URL is not repeated: it may hold a password.
    return absl::InvalidArgumentError(absl::StrCat(
        "PostgreSQL has its own program for this. Make an empty database (createdb), then run: "
        "pg_restore --exit-on-error --no-owner --dbname=URL ",
        flags.from));
  }
  const absl::StatusOr<std::string> path = SqlitePathOf(flags.store);
  if (!path.ok()) return path.status();
  absl::StatusOr<RestoreReport> report;
  {
    ProgressLine line("restore");
    report =
        RestoreSqlite(flags.from, *path, [&](int64_t done, int64_t all) { line.Show(done, all); });
  }
  if (!report.ok()) return report.status();
  Say(absl::StrCat(
      "Restored ", *path, ": ", report->records, " batches of ", report->agents,
      " agents, schema version ", report->schema_held,
      report->schema_held < report->schema_known
          ? absl::StrCat(" (the next start makes ", report->schema_known, " of it)")
          : "",
      report->days_dropped ? "; old days had been dropped" : "",
      ". Numbers and chains fit; `sightline-collector audit` checks signatures, too."));
  Say(WhatIsLost(*report));
  return absl::OkStatus();
}

absl::Status CopyWholeStore(const StoreCommands& flags) {
  absl::StatusOr<CopyReport> report;
  {
    ProgressLine line("copy");
    report =
        CopyStore(flags.from, flags.to, [&](int64_t done, int64_t all) { line.Show(done, all); });
  }
  if (!report.ok()) return report.status();
  Say(absl::StrCat("Copied ", report->records, " records and ", report->agents,
                   " agents. Start the collector on the new store; keep the old one until the "
                   "new one has proved itself, but start no collector on it."));
  return absl::OkStatus();
}

}  // namespace

void AddStoreCommands(CLI::App& app, StoreCommands& commands) {
  CLI::App* migrate = app.add_subcommand("migrate", "Bring the schema of a store up to date");
  migrate->add_option("--store", commands.store, "sqlite:PATH or postgresql://...")->required();
  migrate->add_flag("--dry-run", commands.dry_run, "Only say what would be done");
  migrate->callback([&] { commands.run = [&] { return MigrateStore(commands); }; });
  migrate->footer("Example:\n  sightline-collector migrate --store sqlite:log.db --dry-run");

  CLI::App* backup =
      app.add_subcommand("backup", "Copy a SQLite store to a file, while a collector uses it");
  backup->add_option("--store", commands.store, "sqlite:PATH")->required();
  backup->add_option("--out", commands.out, "File to write; must not be there")->required();
  backup->callback([&] { commands.run = [&] { return BackUpStore(commands); }; });
  backup->footer("Example:\n  sightline-collector backup --store sqlite:log.db --out copy.db");

  CLI::App* restore = app.add_subcommand(
      "restore", "Make a SQLite store of a copy that `backup` made, and check it");
  restore->add_option("--from", commands.from, "The copy; it is only read")->required();
  restore->add_option("--store", commands.store, "sqlite:PATH of the store; must not be there")
      ->required();
  restore->callback([&] { commands.run = [&] { return RestoreStore(commands); }; });
  restore->footer(
      "Example:\n"
      "  systemctl stop sightline-collector\n"
      "  sightline-collector restore --from copy.db --store sqlite:/var/lib/sightline/log.db\n"
      "It says what is lost. A store that is there is left alone: move it away first, with its\n"
      "-wal and -shm files.");

  CLI::App* copy = app.add_subcommand(
      "copy", "Copy everything of a store, whose collector was stopped, into an empty one");
  copy->add_option("--from", commands.from, "sqlite:PATH or postgresql://...")->required();
  copy->add_option("--to", commands.to, "sqlite:PATH or postgresql://...")->required();
  copy->callback([&] { commands.run = [&] { return CopyWholeStore(commands); }; });
  copy->footer(
      "Example:\n"
      "  sightline-collector copy --from sqlite:log.db --to postgresql:///sightline\n"
      "It may be interrupted and run again, and run once before the collector is stopped: the\n"
      "second run has less to do.");
}

}  // namespace sightline
