#include "collector/replay/site.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/bucket.h"
#include "collector/stored_verdicts.h"
#include "common/plan.h"
#include "common/wire.h"

namespace sightline {
namespace {

// Records of one transaction; larger groups are hardly faster.
constexpr size_t kGroupMax = 1024;
// More than arrives at once but for large spools; what does not fit is read from the store.
constexpr size_t kRecentMax = 8192;
// Longer than the fold rests between two verdicts on one window.
constexpr absl::Duration kRest = absl::Seconds(2);

FoldLeaderOptions LeaderOptions(const Scenario& scenario, const World& world,
                                const ReplayOptions& options) {
  FoldLeaderOptions result;
  result.node = options.nodes.front();
  result.follow.window_length = scenario.window_length;
  result.follow.grace = world.grace();
  // Nobody starts anew halfway, and the clock stands still while it works.
  result.checkpoint.records = UINT64_MAX;
  result.checkpoint.interval = absl::InfiniteDuration();
  return result;
}

}  // namespace

ReplaySite::ReplaySite(Store& store, const RegionNames& regions, const Scenario& scenario,
                       const World& world, const ReplayOptions& options)
    : store_(store),
      scenario_(scenario),
      world_(world),
      options_(options),
      recent_(kRecentMax),
      leader_({store, regions, clock_, metrics_, &recent_},
              LeaderOptions(scenario, world, options)) {}

absl::Status ReplaySite::Begin() {
  const SigningKey operator_key = *SigningKey::FromSeed(world_.Secret("operator", 0));
  absl::Status status = ValidatePlan(world_.plan());
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(scenario_.file, ": ", status.message()));
  }
  const absl::StatusOr<std::vector<AgentRecord>> agents = store_.ListAgents("", 1);
  if (!agents.ok()) return agents.status();
  if (!agents->empty()) {
    return absl::FailedPreconditionError(
        "the store has agents already; give a replay a store of its own");
  }
  status = store_.AddPlan(world_.plan().version(), SignPlan(world_.plan(), operator_key));
  if (status.ok()) status = Enroll();
  if (!status.ok()) return status;
  const absl::StatusOr<LeaseRecord> seen = store_.ReadLease(kFoldLease);
  if (!seen.ok()) return seen.status();
  held_ = {options_.nodes.front(), seen->term + 1, 0};
  const absl::StatusOr<bool> moved = store_.MoveLease(kFoldLease, *seen, held_);
  if (!moved.ok()) return moved.status();
  if (!*moved) return absl::AbortedError("somebody else folds on this store");
  return leader_.Begin([] {});
}

absl::Status ReplaySite::Enroll() {
  std::vector<InviteRecord> invites;
  for (const Resident& who : world_.residents()) {
    const AgentRecord agent = RecordOf(who);
    invites.push_back({world_.Secret("invite", who.number), agent.role, scenario_.end()});
  }
  if (absl::Status status = store_.AddInvites(invites); !status.ok()) return status;
  for (const Resident& who : world_.residents()) {
    const absl::StatusOr<AgentRecord> enrolled =
        store_.Enroll(invites[who.number].token_hash, RecordOf(who));
    if (!enrolled.ok()) return enrolled.status();
  }
  return absl::OkStatus();
}

absl::Status ReplaySite::Deliver(std::vector<Letter>& letters, int window) {
  const int64_t day = DayOf(scenario_.start + window * scenario_.window_length);
  if (day != prepared_day_) {
    if (absl::Status status = store_.PrepareDays(day); !status.ok()) return status;
    prepared_day_ = day;
  }
  const size_t nodes = options_.nodes.size();
  for (size_t node = 0; node < nodes; ++node) {
    std::vector<Letter*> group;
    const auto send = [&] { return Append(options_.nodes[node], std::exchange(group, {})); };
    for (Letter& letter : letters) {
      if ((letter.resident + static_cast<size_t>(window)) % nodes != node) continue;
      group.push_back(&letter);
      if (group.size() < kGroupMax) continue;
      if (absl::Status status = send(); !status.ok()) return status;
    }
    if (absl::Status status = send(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ReplaySite::Append(const std::string& node, std::vector<Letter*> letters) {
  if (letters.empty()) return absl::OkStatus();
  std::vector<LogRecord> records;
  records.reserve(letters.size());
  for (Letter* letter : letters) records.push_back(std::move(letter->record));
  const absl::StatusOr<AppendResult> appended = store_.Append(node, records);
  if (!appended.ok()) return appended.status();
  for (const AppendOutcome outcome : appended->outcomes) {
    if (outcome != AppendOutcome::kAppended) {
      return absl::AbortedError("a batch does not continue its agent's chain in the store");
    }
  }
  if (node == options_.nodes.front()) {
    std::vector<RecentRound> rounds;
    uint64_t node_seq = appended->last_node_seq - letters.size();
    for (Letter* letter : letters) rounds.push_back({++node_seq, std::move(letter->round)});
    recent_.Add(std::move(rounds));
  }
  if (options_.duplicates) return SendAgain(options_.nodes.back(), records);
  return absl::OkStatus();
}

absl::Status ReplaySite::SendAgain(const std::string& node, const std::vector<LogRecord>& records) {
  const absl::StatusOr<AppendResult> appended = store_.Append(node, records);
  if (!appended.ok()) return appended.status();
  for (const AppendOutcome outcome : appended->outcomes) {
    if (outcome == AppendOutcome::kAppended) {
      return absl::InternalError("the store took a batch that it had");
    }
  }
  return absl::OkStatus();
}

absl::Status ReplaySite::Settle(absl::Time now) {
  clock_.Advance(scenario_.window_length);
  do {
    clock_.Advance(kRest);
    if (absl::Status status = leader_.Turn(now, held_); !status.ok()) return status;
  } while (leader_.published() > 0 || !leader_.follower().caught_up());
  return absl::OkStatus();
}

absl::Status ReplaySite::End() { return leader_.End(held_); }

absl::StatusOr<v1::GetSummaryResponse> ReplaySite::Summary(absl::Time window_start) {
  return StoredSummary(store_, scenario_.country, window_start);
}

absl::StatusOr<std::vector<v1::Event>> ReplaySite::Events() {
  const absl::StatusOr<std::vector<EventRecord>> rows =
      store_.ReadEvents(scenario_.country, absl::InfinitePast(), absl::InfiniteFuture());
  if (!rows.ok()) return rows.status();
  std::vector<v1::Event> events;
  for (const EventRecord& row : *rows) {
    if (!events.emplace_back().ParseFromString(row.event)) {
      return absl::DataLossError(absl::StrCat("event ", row.event_id, " cannot be read"));
    }
  }
  return events;
}

}  // namespace sightline
