#include "collector/export/ooni_writer.h"

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collector/export/detail_memory.h"
#include "collector/export/ooni_line.h"
#include "common/plan.h"
#include "common/wire.h"

namespace sightline {
namespace {

// Detail is told again after six hours (agent/detail.h), here with the time that a round may take
// to arrive in order.
constexpr absl::Duration kDetailAge = absl::Hours(7);

// A plan and what is looked up in it.
struct KnownPlan {
  v1::Plan plan;
  std::unique_ptr<PlanIndex> index;
};

// One node's log, a page at a time.
class NodeLog {
 public:
  NodeLog(StoreReader& store, std::string node, size_t page_records)
      : store_(store), node_(std::move(node)), page_records_(page_records) {}

  absl::Status Begin(absl::Time from) {
    const absl::StatusOr<uint64_t> end = store_.SeekLog(node_, absl::InfiniteFuture());
    if (!end.ok()) return end.status();
    if (from != absl::InfinitePast()) {
      const absl::StatusOr<uint64_t> start = store_.SeekLog(node_, from);
      if (!start.ok()) return start.status();
      after_ = *start;
    }
    left_ = *end - after_;
    return Fill();
  }

  // The next record; nullptr at the end.
  LogRecord* head() { return at_ < page_.size() ? &page_[at_] : nullptr; }
  absl::Status Pop() { return ++at_ < page_.size() || last_ ? absl::OkStatus() : Fill(); }
  // Records there were at Begin, roughly: days that were dropped leave holes.
  uint64_t left() const { return left_; }

 private:
  absl::Status Fill() {
    absl::StatusOr<std::vector<LogRecord>> page = store_.ReadLog(node_, after_, page_records_);
    if (!page.ok()) return page.status();
    page_ = *std::move(page);
    at_ = 0;
    last_ = page_.size() < page_records_;
    if (!page_.empty()) after_ = page_.back().node_seq;
    return absl::OkStatus();
  }

  StoreReader& store_;
  const std::string node_;
  const size_t page_records_;
  std::vector<LogRecord> page_;
  size_t at_ = 0;
  uint64_t after_ = 0;
  uint64_t left_ = 0;
  bool last_ = false;
};

class OoniExporter {
 public:
  OoniExporter(StoreReader& store, const OoniOptions& options,
               const std::function<absl::Status(absl::string_view)>& sink)
      : store_(store), options_(options), sink_(sink), details_(options.detail_bytes_max) {}

  absl::StatusOr<OoniCounts> Run() {
    absl::Status status = ReadPlans();
    if (status.ok()) status = OpenLogs();
    while (status.ok()) {
      NodeLog* next = Next();
      if (next == nullptr) return counts_;
      status = Take(*next->head());
      if (status.ok()) status = next->Pop();
      ++counts_.records;
      if (options_.progress) options_.progress(counts_.records, total_);
    }
    return status;
  }

 private:
  absl::Status ReadPlans() {
    const absl::StatusOr<std::vector<v1::SignedPlan>> plans = store_.ListPlans();
    if (!plans.ok()) return plans.status();
    for (const v1::SignedPlan& signed_plan : *plans) {
      auto known = std::make_unique<KnownPlan>();
      if (!known->plan.ParseFromString(signed_plan.plan())) {
        return absl::DataLossError("a stored plan cannot be parsed");
      }
      known->index = std::make_unique<PlanIndex>(known->plan);
      const uint64_t version = known->plan.version();
      plans_[version] = std::move(known);
    }
    return absl::OkStatus();
  }

  absl::Status OpenLogs() {
    const absl::StatusOr<std::vector<std::string>> nodes = store_.ListNodes();
    if (!nodes.ok()) return nodes.status();
    // A round is received after it began, but for the skew that intake lets pass.
    const absl::Time from = options_.from - kFutureSkewMax - kDetailAge;
    for (const std::string& node : *nodes) {
      auto log = std::make_unique<NodeLog>(store_, node, options_.page_records);
      if (absl::Status status = log->Begin(from); !status.ok()) return status;
      total_ += log->left();
      logs_.push_back(std::move(log));
    }
    return absl::OkStatus();
  }

  // The log whose next record was received first; of several the first by name.
  NodeLog* Next() {
    NodeLog* next = nullptr;
    for (const std::unique_ptr<NodeLog>& log : logs_) {
      if (log->head() == nullptr) continue;
      if (next == nullptr || log->head()->receive_time < next->head()->receive_time) {
        next = log.get();
      }
    }
    return next;
  }

  absl::Status Take(const LogRecord& record) {
    v1::Batch batch;
    if (!batch.ParseFromString(record.batch)) {
      return absl::DataLossError(absl::StrCat("record ", record.node_seq, " of node ", record.node,
                                              " is no batch; check the store with \"audit\""));
    }
    if (batch.has_tombstone() || !IsWanted(batch)) return absl::OkStatus();
    std::vector<DetailOrigin> origins;
    for (v1::Observation& observation : *batch.mutable_observations()) {
      origins.push_back(details_.Complete(record.agent_id, batch.batch_seq(), observation));
    }
    const absl::Time round_time = absl::FromUnixMillis(batch.round_time_ms());
    if (round_time < options_.from || round_time >= options_.until) return absl::OkStatus();
    for (const DetailOrigin origin : origins) {
      if (origin == DetailOrigin::kRepeated) ++counts_.repeated;
      if (origin == DetailOrigin::kMissing) ++counts_.missing;
    }
    const auto plan = plans_.find(batch.plan_version());
    if (plan == plans_.end()) {
      ++counts_.unknown_plan;
      return absl::OkStatus();
    }
    return Write({record, batch, origins, *plan->second->index, options_.agents});
  }

  bool IsWanted(const v1::Batch& batch) const {
    const std::string& region = batch.vantage().region();
    return options_.country.empty() || region == options_.country ||
           absl::StartsWith(region, options_.country + "-");
  }

  absl::Status Write(const OoniRound& round) {
    std::vector<std::string> lines = OoniLines(round);
    if (!lines.empty()) ++counts_.rounds;
    for (std::string& line : lines) {
      line += '\n';
      if (absl::Status status = sink_(line); !status.ok()) return status;
      ++counts_.lines;
    }
    return absl::OkStatus();
  }

  StoreReader& store_;
  const OoniOptions& options_;
  const std::function<absl::Status(absl::string_view)>& sink_;
  DetailMemory details_;
  std::map<uint64_t, std::unique_ptr<KnownPlan>> plans_;
  std::vector<std::unique_ptr<NodeLog>> logs_;
  uint64_t total_ = 0;
  OoniCounts counts_;
};

}  // namespace

absl::StatusOr<OoniCounts> WriteOoniLines(
    StoreReader& store, const OoniOptions& options,
    const std::function<absl::Status(absl::string_view line)>& sink) {
  return OoniExporter(store, options, sink).Run();
}

}  // namespace sightline
