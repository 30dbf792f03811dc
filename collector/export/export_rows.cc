#include "collector/export/export_rows.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "collector/agent_keys.h"
#include "common/crypto.h"
#include "common/plan.h"
#include "common/wire.h"

namespace sightline {
namespace {

constexpr int64_t kDayMs = int64_t{24} * 3600 * 1000;
constexpr int64_t kRetainMaxMs = 366 * kDayMs;
// The end of the year 9999, the last that messages can hold.
constexpr int64_t kTimeEndMs = int64_t{253402300800} * 1000;
// As collectors take them: serve_flags.cc.
constexpr int64_t kWindowMinMs = 1000;
constexpr int64_t kWindowMaxMs = kDayMs;
constexpr size_t kCodeBytesMax = 8;
constexpr size_t kNameBytesMax = 1024;
constexpr size_t kEventBytesMax = size_t{256} * 1024;
// Of a verdict, of cells and of a timeline. Thousands of networks come to some hundred KiB.
constexpr size_t kJudgedBytesMax = size_t{4} * 1024 * 1024;

// Keeps the first thing that is wrong.
class RowRules {
 public:
  void Size(absl::string_view field, absl::string_view value, size_t bytes_max) {
    if (value.size() <= bytes_max || !wrong_.empty()) return;
    wrong_ = absl::StrCat(field, " has ", value.size(), " bytes, at most ", bytes_max);
  }
  // At least `from`, before `end`.
  void Range(absl::string_view field, int64_t value, int64_t from, int64_t end) {
    if ((value >= from && value < end) || !wrong_.empty()) return;
    wrong_ = absl::StrCat(field, " cannot be ", value);
  }
  void Time(absl::string_view field, int64_t ms) { Range(field, ms, 0, kTimeEndMs); }

  const std::string& wrong() const { return wrong_; }

 private:
  std::string wrong_;
};

}  // namespace

std::string WrongHeader(const internal::v1::ExportHeader& header) {
  RowRules rules;
  rules.Time("export_time_ms", header.export_time_ms());
  rules.Size("ruleset_version", header.ruleset_version(), kNameBytesMax);
  rules.Range("retain_ms", header.retain_ms(), 1, kRetainMaxMs + 1);
  rules.Range("first_day", header.first_day(), 0, kTimeEndMs / kDayMs);
  for (const internal::v1::ExportNode& node : header.nodes()) {
    rules.Size("node", node.node(), kNameBytesMax);
  }
  return rules.wrong();
}

std::string WrongPlans(const internal::v1::ExportPlans& plans) {
  RowRules rules;
  for (const v1::SignedPlan& plan : plans.plans()) {
    rules.Size("plan", plan.plan(), kPlanBytesMax);
    rules.Size("signature", plan.signature(), kSignatureBytes);
    rules.Size("key_id", plan.key_id(), kHashBytes);
  }
  return rules.wrong();
}

std::string WrongAgents(const internal::v1::ExportAgents& agents) {
  RowRules rules;
  for (const internal::v1::ExportAgent& agent : agents.agents()) {
    rules.Size("agent_id", agent.agent_id(), kHashBytes);
    // An empty one would come before the first that is asked for.
    rules.Range("length of agent_id", static_cast<int64_t>(agent.agent_id().size()), kHashBytes,
                kHashBytes + 1);
    rules.Size("public_key", agent.public_key(), kPublicKeyBytes);
    rules.Size("region", agent.region(), kCodeBytesMax);
    rules.Time("enroll_time_ms", agent.enroll_time_ms());
    rules.Size("head", agent.head(), kHashBytes);
    rules.Range("end", agent.end(), 0, v1::AgentEnd_ARRAYSIZE);
    rules.Time("end_time_ms", agent.end_time_ms());
    rules.Range("number of key_successions", agent.key_successions_size(), 0,
                kKeyGenerationsMax + 1);
    for (const v1::KeySuccession& each : agent.key_successions()) {
      rules.Size("key_successions.agent_id", each.agent_id(), kHashBytes);
      rules.Size("key_successions.public_key", each.public_key(), kPublicKeyBytes);
      rules.Size("key_successions.signature", each.signature(), kSignatureBytes);
      rules.Size("key_successions.proof", each.proof(), kSignatureBytes);
    }
  }
  return rules.wrong();
}

std::string WrongLog(const internal::v1::ExportLog& log) {
  RowRules rules;
  for (const internal::v1::ExportRecord& record : log.records()) {
    rules.Size("agent_id", record.agent_id(), kHashBytes);
    rules.Size("batch", record.batch(), kBatchBytesMax);
    rules.Size("signature", record.signature(), kSignatureBytes);
    rules.Time("receive_time_ms", record.receive_time_ms());
    rules.Size("country", record.country(), kCodeBytesMax);
    rules.Size("bucket", record.bucket(), kHashBytes);
  }
  return rules.wrong();
}

std::string WrongVerdicts(const internal::v1::ExportVerdicts& verdicts) {
  RowRules rules;
  rules.Size("country", verdicts.country(), kCodeBytesMax);
  for (const internal::v1::ExportVerdict& verdict : verdicts.verdicts()) {
    rules.Size("target_id", verdict.target_id(), kNameBytesMax);
    rules.Time("window_start_ms", verdict.window_start_ms());
    rules.Range("window_length_ms", verdict.window_length_ms(), kWindowMinMs, kWindowMaxMs + 1);
    rules.Size("ruleset_version", verdict.ruleset_version(), kNameBytesMax);
    rules.Size("verdict", verdict.verdict(), kJudgedBytesMax);
    rules.Size("cells", verdict.cells(), kJudgedBytesMax);
  }
  return rules.wrong();
}

std::string WrongEvents(const internal::v1::ExportEvents& events) {
  RowRules rules;
  rules.Size("country", events.country(), kCodeBytesMax);
  for (const internal::v1::ExportEvent& event : events.events()) {
    rules.Size("event_id", event.event_id(), kNameBytesMax);
    rules.Size("target_id", event.target_id(), kNameBytesMax);
    rules.Time("onset_ms", event.onset_ms());
    if (event.has_end_ms()) rules.Time("end_ms", event.end_ms());
    rules.Size("event", event.event(), kEventBytesMax);
  }
  for (const internal::v1::ExportTimeline& timeline : events.timelines()) {
    rules.Size("target_id", timeline.target_id(), kNameBytesMax);
    rules.Time("window_start_ms", timeline.window_start_ms());
    rules.Size("timeline", timeline.timeline(), kJudgedBytesMax);
  }
  return rules.wrong();
}

}  // namespace sightline
