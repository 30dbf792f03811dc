#include "collector/cli/export_as.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/cli/moment.h"
#include "collector/cli/progress.h"
#include "collector/export/cells_csv.h"
#include "collector/export/export_store.h"
#include "collector/export/ooni_writer.h"
#include "collector/store/new_file.h"
#include "collector/store/snapshot.h"

namespace sightline::cli {
namespace {

// Written to the file at once.
constexpr size_t kChunkBytes = size_t{64} * 1024;

// A new file that short pieces are written to.
class ChunkedFile {
 public:
  explicit ChunkedFile(NewFile file) : file_(std::move(file)) {}

  absl::Status Append(absl::string_view piece) {
    chunk_.append(piece.data(), piece.size());
    return chunk_.size() < kChunkBytes ? absl::OkStatus() : Flush();
  }
  absl::Status Finish() {
    const absl::Status status = Flush();
    return status.ok() ? file_.Finish() : status;
  }

 private:
  absl::Status Flush() {
    const absl::Status status = file_.Append(chunk_);
    chunk_.clear();
    return status;
  }

  NewFile file_;
  std::string chunk_;
};

// Of --since and --until.
struct Bounds {
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
};

absl::StatusOr<Bounds> BoundsOf(const ExportFlags& flags) {
  Bounds bounds;
  if (!flags.since.empty()) {
    const absl::StatusOr<absl::Time> from = ParseMoment("--since", flags.since);
    if (!from.ok()) return from.status();
    bounds.from = *from;
  }
  if (!flags.until.empty()) {
    const absl::StatusOr<absl::Time> until = ParseMoment("--until", flags.until);
    if (!until.ok()) return until.status();
    bounds.until = *until;
  }
  if (bounds.from >= bounds.until) {
    return absl::InvalidArgumentError("--until: must be after --since");
  }
  return bounds;
}

// Calls `body` with the store, or with the export, that the flags name.
absl::Status WithSource(const ExportFlags& flags, Progress& progress,
                        absl::FunctionRef<absl::Status(StoreReader&)> body) {
  if (flags.in.empty()) return WithSnapshot(flags.store, body);
  const absl::StatusOr<std::unique_ptr<ExportStore>> store = ExportStore::Open(
      flags.in,
      [&](uint64_t done, uint64_t total) { progress.Show("reading", "bytes", done, total); });
  return store.ok() ? body(**store) : store.status();
}

void SayOoni(const ExportFlags& flags, const OoniCounts& counts, const Terminal& terminal) {
  *terminal.out << "Wrote " << flags.path << ": " << counts.lines << " lines of " << counts.rounds
                << " rounds\n";
  if (counts.repeated > 0) {
    *terminal.out << counts.repeated
                  << " observations said \"as before\": their lines have the detail of an earlier "
                     "round, without its times\n";
  }
  if (counts.missing > 0) {
    *terminal.out << counts.missing
                  << " observations refer to a round that is not at hand: their lines have layers "
                     "and failures, but no detail\n";
  }
  if (counts.unknown_plan > 0) {
    *terminal.out << counts.unknown_plan
                  << " rounds are left out: the plan that they followed is not there\n";
  }
  *terminal.out << "It holds what single agents sent, with their regions, networks and times"
                << (flags.agents ? ", and names them" : "")
                << ": give it only to those who may have that.\n";
}

}  // namespace

absl::Status ExportOoni(const ExportFlags& flags, const Terminal& terminal) {
  const absl::StatusOr<Bounds> bounds = BoundsOf(flags);
  if (!bounds.ok()) return bounds.status();
  absl::StatusOr<NewFile> created = NewFile::Create(flags.path);
  if (!created.ok()) return created.status();
  ChunkedFile file(*std::move(created));
  OoniOptions options;
  options.country = flags.country;
  options.from = bounds->from;
  options.until = bounds->until;
  options.agents = flags.agents;
  OoniCounts counts;
  {
    Progress progress(terminal);
    options.progress = [&](uint64_t done, uint64_t total) {
      progress.Show("writing", "records", done, total);
    };
    const absl::Status status = WithSource(flags, progress, [&](StoreReader& store) {
      const absl::StatusOr<OoniCounts> written =
          WriteOoniLines(store, options, [&](absl::string_view line) { return file.Append(line); });
      if (written.ok()) counts = *written;
      return written.status();
    });
    if (!status.ok()) return status;
  }
  if (absl::Status status = file.Finish(); !status.ok()) return status;
  SayOoni(flags, counts, terminal);
  return absl::OkStatus();
}

absl::Status ExportCells(const ExportFlags& flags, const Terminal& terminal) {
  const absl::StatusOr<Bounds> bounds = BoundsOf(flags);
  if (!bounds.ok()) return bounds.status();
  absl::StatusOr<NewFile> created = NewFile::Create(flags.path);
  if (!created.ok()) return created.status();
  ChunkedFile file(*std::move(created));
  CellsOptions options;
  options.country = flags.country;
  options.from = bounds->from;
  options.until = bounds->until;
  CellsCounts counts;
  {
    Progress progress(terminal);
    const absl::Status status = WithSource(flags, progress, [&](StoreReader& store) {
      const absl::StatusOr<CellsCounts> written =
          WriteCellsCsv(store, options, [&](absl::string_view rows) { return file.Append(rows); });
      if (written.ok()) counts = *written;
      return written.status();
    });
    if (!status.ok()) return status;
  }
  if (absl::Status status = file.Finish(); !status.ok()) return status;
  *terminal.out << "Wrote " << flags.path << ": " << counts.rows << " rows of " << counts.verdicts
                << " verdicts\n";
  return absl::OkStatus();
}

}  // namespace sightline::cli
