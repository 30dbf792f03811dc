#include "collector/verdict/follow.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/verdict/checkpoint.h"
#include "common/wire.h"

namespace sightline {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

absl::Status Damaged(const LogRecord& record, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(
      "record ", record.node_seq, " of node \"", record.node, "\" ", what,
      "; the verdict stops here: restore the store from a backup or from another collector"));
}

}  // namespace

Follower::Follower(Store& store, const RegionNames& names, FollowerOptions options)
    : store_(store),
      names_(names),
      options_(options),
      fold_(options.window_length, options.retain) {}

void Follower::UseRecent(std::string node, RecentRounds recent) {
  own_node_ = std::move(node);
  recent_ = std::move(recent);
}

absl::Status Follower::Load(absl::FunctionRef<void()> between) {
  const absl::StatusOr<FoldCheckpoint> checkpoint = store_.ReadCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  if (checkpoint->positions.empty()) return absl::NotFoundError("no checkpoint was written yet");
  std::vector<Window> windows;
  for (const auto& [start, bytes] : checkpoint->windows) {
    between();
    if (bytes.empty()) continue;  // what was here could not be read once
    absl::StatusOr<Window> window = ParseWindow(bytes, start, options_.window_length);
    if (!window.ok()) {
      for (const auto& [each, unused] : checkpoint->windows) unreadable_.insert(each);
      return window.status();
    }
    windows.push_back(*std::move(window));
  }
  for (Window& window : windows) fold_.Restore(std::move(window));
  for (const auto& [node, node_seq] : checkpoint->positions) nodes_[node].position = node_seq;
  started_ = may_checkpoint_ = true;
  return absl::OkStatus();
}

absl::StatusOr<size_t> Follower::Poll(absl::Time now) {
  plans_missed_.clear();
  if (plans_.empty()) {
    if (absl::Status status = ReadPlans().status(); !status.ok()) return status;
  }
  if (absl::Status status = FindNodes(now); !status.ok()) return status;
  std::vector<std::pair<const std::string, Node>*> hungry;
  for (auto& entry : nodes_) {
    entry.second.caught_up = false;
    hungry.push_back(&entry);
  }
  size_t total = 0;
  // A page of each in turn, so that a busy node does not keep the others waiting.
  while (!hungry.empty() && total < options_.poll_records_max) {
    for (auto* entry : hungry) {
      const size_t limit = std::min(options_.page_records, options_.poll_records_max - total);
      if (limit == 0) break;
      const absl::StatusOr<size_t> count = ReadPage(entry->first, entry->second, now, limit);
      if (!count.ok()) return count.status();
      total += *count;
    }
    std::erase_if(hungry, [](const auto* entry) { return entry->second.caught_up; });
  }
  if (caught_up()) may_checkpoint_ = true;
  return total;
}

absl::Status Follower::FindNodes(absl::Time now) {
  const absl::StatusOr<std::vector<std::string>> names = store_.ListNodes();
  if (!names.ok()) return names.status();
  // So far back that what is whole begins before the first window that is not final.
  const absl::Time whole_from = now - options_.retain - options_.window_length - options_.slack;
  std::map<std::string, Node> found;
  bool cut = false;
  for (const std::string& name : *names) {
    if (nodes_.contains(name)) continue;
    Node& node = found[name];
    if (started_) continue;
    const absl::StatusOr<uint64_t> start =
        store_.SeekLog(name, whole_from - options_.slack - kFutureSkewMax);
    if (!start.ok()) return start.status();
    node.position = *start;
    cut = cut || *start > 0;
  }
  if (cut) {
    // Windows that start before it may lack what was not read.
    fold_.Forget(fold_.WindowStart(whole_from) + options_.window_length);
  }
  nodes_.merge(found);
  started_ = true;
  return absl::OkStatus();
}

absl::StatusOr<size_t> Follower::ReadPage(const std::string& name, Node& node, absl::Time now,
                                          size_t limit) {
  size_t count = 0;
  if (recent_ && name == own_node_) {
    for (const std::shared_ptr<const Round>& round : recent_(node.position, limit)) {
      Add(*round);
      ++node.position;
      ++count;
      node.read_until = std::min(now, round->receive_time);
    }
  }
  if (count == 0) {
    const absl::StatusOr<size_t> stored = ReadStored(name, node, limit);
    if (!stored.ok()) return stored.status();
    count = *stored;
  }
  node.read_until = std::min(now, node.read_until);
  if (count < limit) {
    node.read_until = now;
    node.caught_up = true;
  }
  return count;
}

absl::StatusOr<size_t> Follower::ReadStored(const std::string& name, Node& node, size_t limit) {
  const absl::StatusOr<std::vector<LogRecord>> records = store_.ReadLog(name, node.position, limit);
  if (!records.ok()) return records.status();
  for (const LogRecord& record : *records) {
    if (record.node_seq != node.position + 1) {
      if (absl::Status status = ExplainGap(node, record); !status.ok()) return status;
    }
    if (absl::Status status = AddRecord(record); !status.ok()) return status;
    node.position = record.node_seq;
    node.read_until = record.receive_time;
  }
  return records->size();
}

absl::Status Follower::ExplainGap(const Node& node, const LogRecord& record) {
  const absl::StatusOr<int64_t> first_day = store_.FirstDay();
  if (!first_day.ok()) return first_day.status();
  if (*first_day == 0) {
    return Damaged(record, absl::StrCat("follows ", node.position,
                                        " although nothing was ever dropped from the log"));
  }
  // Which records went with the dropped days is not kept; they are of windows before this.
  fold_.Forget(absl::UnixEpoch() + *first_day * kDay);
  return absl::OkStatus();
}

absl::Status Follower::AddRecord(const LogRecord& record) {
  v1::Batch batch;
  if (!batch.ParseFromString(record.batch)) return Damaged(record, "is no batch");
  const absl::StatusOr<const AgentRecord*> agent = AgentOf(record);
  if (!agent.ok()) return agent.status();
  const absl::StatusOr<const RoundPlan*> plan = PlanOf(batch.plan_version());
  if (!plan.ok()) return plan.status();
  Add(MakeRound(record, batch, *plan, **agent));
  return absl::OkStatus();
}

void Follower::Add(const Round& round) {
  if (hear_) hear_(round);
  fold_.Add(round);
}

absl::StatusOr<const AgentRecord*> Follower::AgentOf(const LogRecord& record) {
  const auto known = agents_.find(record.agent_id);
  if (known != agents_.end()) return &known->second;
  absl::StatusOr<AgentRecord> agent = store_.FindAgent(record.agent_id);
  if (absl::IsNotFound(agent.status())) {
    return Damaged(record, "is of an agent that is not enrolled");
  }
  if (!agent.ok()) return agent.status();
  return &agents_.emplace(record.agent_id, *std::move(agent)).first->second;
}

absl::StatusOr<const RoundPlan*> Follower::PlanOf(uint64_t version) {
  auto found = plans_.find(version);
  if (found == plans_.end() && plans_missed_.insert(version).second) {
    if (absl::Status status = ReadPlans().status(); !status.ok()) return status;
    found = plans_.find(version);
  }
  return found == plans_.end() ? nullptr : &found->second->rounds;
}

absl::StatusOr<bool> Follower::ReadPlans() {
  const absl::StatusOr<std::vector<v1::SignedPlan>> stored = store_.ListPlans();
  if (!stored.ok()) return stored.status();
  if (stored->size() == plans_.size()) return false;  // plans are only ever added
  for (const v1::SignedPlan& signed_plan : *stored) {
    v1::Plan plan;
    if (!plan.ParseFromString(signed_plan.plan())) {
      return absl::DataLossError(
          absl::StrCat("one of the ", stored->size(),
                       " stored plans cannot be parsed; restore the store from a backup"));
    }
    const uint64_t version = plan.version();
    if (plans_.contains(version)) continue;
    plans_.emplace(version, std::make_unique<const PreparedPlan>(std::move(plan)));
  }
  return true;
}

bool Follower::caught_up() const {
  return started_ && std::all_of(nodes_.begin(), nodes_.end(),
                                 [](const auto& entry) { return entry.second.caught_up; });
}

}  // namespace sightline
