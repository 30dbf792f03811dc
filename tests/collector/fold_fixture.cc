#include "tests/collector/fold_fixture.h"

#include "absl/strings/str_cat.h"
#include "collector/verdict/cells.h"
#include "collector/verdict/verdict.h"

namespace sightline {

FoldSite::FoldSite() = default;

FoldLeaderOptions FoldSite::Options() {
  FoldLeaderOptions options;
  options.node = "n1";
  return options;
}

absl::Status FoldSite::Start(FoldLeaderOptions options) {
  const LeaseRecord seen = *store.ReadLease(kFoldLease);
  held = {options.node, seen.term + 1, 0};
  EXPECT_TRUE(*store.MoveLease(kFoldLease, seen, held));
  leader = std::make_unique<FoldLeader>(
      FoldLeaderParts{store, TestNames(), clock, metrics, nullptr}, options);
  return leader->Begin([] {});
}

absl::Status FoldSite::Settle(absl::Time now) {
  // Longer than a window rests, and than a turn of the publisher does.
  for (int quiet = 0; quiet < 3;) {
    clock.Advance(absl::Seconds(2));
    if (absl::Status status = leader->Turn(now, held); !status.ok()) return status;
    quiet = leader->published() == 0 && leader->follower().caught_up() ? quiet + 1 : 0;
  }
  return absl::OkStatus();
}

std::vector<std::string> ExpectedRows(const World& world, absl::Time start, absl::Time now) {
  Fold fold(kHour, kRetain);
  for (const Entry& entry : world.entries) {
    if (entry.record.receive_time > now || fold.WindowStart(entry.record.round_time) != start) {
      continue;
    }
    fold.Add(MakeRound(entry.record, entry.batch, &world.plan, entry.agent));
  }
  Window silent;
  silent.start = start;
  silent.length = kHour;
  const Window* window = fold.Find(start);
  const Judgement judgement =
      JudgeWithTallies(window == nullptr ? silent : *window, world.plan, "CN", TestNames());
  std::vector<std::string> rows;
  for (int i = 0; i < judgement.summary.verdicts_size(); ++i) {
    const v1::TargetVerdict& verdict = judgement.summary.verdicts(i);
    rows.push_back(absl::StrCat(verdict.target_id(), " ", verdict.SerializeAsString(), " ",
                                SerializeCells(judgement.tallies[static_cast<size_t>(i)])));
  }
  return rows;
}

std::vector<std::string> StoredRows(Store& store, absl::Time start) {
  std::vector<std::string> rows;
  const std::vector<VerdictRecord> stored = store.ReadVerdicts("CN", start, start + kHour).value();
  for (const VerdictRecord& row : stored) {
    rows.push_back(absl::StrCat(row.target_id, " ", row.verdict, " ", row.cells));
  }
  return rows;
}

}  // namespace sightline
