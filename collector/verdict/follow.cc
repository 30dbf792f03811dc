#include "collector/verdict/follow.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/verdict/verdict.h"
#include "common/message.h"
#include "common/plan.h"

namespace sightline {
namespace {

absl::Status Damaged(const LogRecord& record, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(
      "record ", record.node_seq, " of node \"", record.node, "\" ", what,
      "; the verdict stops here: restore the store from a backup or from another collector"));
}

absl::Status NoSuchCountry(absl::string_view country, const v1::Plan& plan) {
  const std::string known =
      absl::StrJoin(plan.countries(), ", ", [](std::string* out, const v1::CountryRegions& entry) {
        absl::StrAppend(out, entry.country());
      });
  return absl::NotFoundError(absl::StrCat(
      "country: \"", country, "\" is not observed; observed: ", known.empty() ? "none" : known));
}

}  // namespace

Follower::Follower(Store& store, const RegionNames& names, FollowerOptions options)
    : store_(store),
      names_(names),
      options_(options),
      fold_(options.window_length, options.retain) {}

absl::StatusOr<size_t> Follower::Poll(absl::Time now) {
  fold_.Forget(now - options_.retain);
  plans_missed_.clear();
  if (absl::Status status = ReadPlans(); !status.ok()) return status;
  absl::StatusOr<std::vector<std::string>> nodes = store_.ListNodes();
  if (!nodes.ok()) return nodes.status();
  size_t total = 0;
  for (const std::string& node : *nodes) {
    const absl::StatusOr<size_t> count = PollNode(node, now, options_.poll_records_max - total);
    if (!count.ok()) return count.status();
    total += *count;
    if (total >= options_.poll_records_max) break;
  }
  return total;
}

absl::StatusOr<size_t> Follower::PollNode(const std::string& node, absl::Time now, size_t limit) {
  auto position = positions_.find(node);
  if (position == positions_.end()) {
    const absl::StatusOr<uint64_t> start = store_.SeekLog(node, now - options_.retain);
    if (!start.ok()) return start.status();
    position = positions_.emplace(node, *start).first;
  }
  size_t total = 0;
  while (total < limit) {
    const size_t page = std::min(options_.page_records, limit - total);
    const absl::StatusOr<std::vector<LogRecord>> records =
        store_.ReadLog(node, position->second, page);
    if (!records.ok()) return records.status();
    for (const LogRecord& record : *records) {
      if (absl::Status status = AddRecord(record); !status.ok()) return status;
      position->second = record.node_seq;
      ++total;
    }
    if (records->size() < page) break;
  }
  return total;
}

absl::Status Follower::AddRecord(const LogRecord& record) {
  v1::Batch batch;
  if (!batch.ParseFromString(record.batch)) return Damaged(record, "is no batch");
  const absl::StatusOr<const AgentRecord*> agent = AgentOf(record);
  if (!agent.ok()) return agent.status();
  const absl::StatusOr<const v1::Plan*> plan = PlanOf(batch.plan_version());
  if (!plan.ok()) return plan.status();
  fold_.Add(MakeRound(record, batch, *plan, **agent));
  return absl::OkStatus();
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

absl::StatusOr<const v1::Plan*> Follower::PlanOf(uint64_t version) {
  auto found = plans_.find(version);
  if (found == plans_.end() && plans_missed_.insert(version).second) {
    if (absl::Status status = ReadPlans(); !status.ok()) return status;
    found = plans_.find(version);
  }
  return found == plans_.end() ? nullptr : &found->second;
}

absl::Status Follower::ReadPlans() {
  const absl::StatusOr<std::vector<v1::SignedPlan>> stored = store_.ListPlans();
  if (!stored.ok()) return stored.status();
  if (stored->size() == plans_.size()) return absl::OkStatus();  // plans are only ever added
  for (const v1::SignedPlan& signed_plan : *stored) {
    v1::Plan plan;
    if (!plan.ParseFromString(signed_plan.plan())) {
      return absl::DataLossError(
          absl::StrCat("one of the ", stored->size(),
                       " stored plans cannot be parsed; restore the store from a backup"));
    }
    const uint64_t version = plan.version();
    plans_.emplace(version, std::move(plan));
  }
  return absl::OkStatus();
}

const v1::Plan* Follower::PlanAt(absl::Time time) const {
  for (auto plan = plans_.rbegin(); plan != plans_.rend(); ++plan) {
    if (FromProto(plan->second.issue_time()) <= time) return &plan->second;
  }
  return plans_.empty() ? nullptr : &plans_.begin()->second;
}

absl::Time Follower::NewestWindow(absl::Time now) const {
  return fold_.LatestComplete(now, options_.grace);
}

absl::StatusOr<v1::GetSummaryResponse> Follower::Summary(absl::string_view country,
                                                         absl::Time now) const {
  if (country.empty()) {
    return absl::InvalidArgumentError("country: is empty; it must be a code such as \"CN\"");
  }
  Window silent;
  silent.start = NewestWindow(now);
  silent.length = options_.window_length;
  const v1::Plan* plan = PlanAt(silent.start + silent.length);
  if (plan == nullptr) {
    return absl::UnavailableError("this collector has no plan yet; publish one");
  }
  if (!IsObservedCountry(*plan, country)) return NoSuchCountry(country, *plan);
  const std::optional<absl::Time> earliest = fold_.Earliest();
  if (!earliest || *earliest > silent.start) {
    return absl::UnavailableError(
        absl::StrCat("no window with observations is complete yet; a window takes ",
                     absl::FormatDuration(options_.window_length), " and ",
                     absl::FormatDuration(options_.grace), " of grace: try again later"));
  }
  const Window* window = fold_.Find(silent.start);
  return Judge(window == nullptr ? silent : *window, *plan, country, names_);
}

}  // namespace sightline
