// What one record of the log says, ready to be counted. Intake makes it from the batch that it has
// parsed anyway, the fold from the log: the same function, so the same round.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_ROUND_H_
#define SIGHTLINE_COLLECTOR_VERDICT_ROUND_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/store/store.h"
#include "collector/verdict/window.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// Which of the six numbers of TargetCounts a round adds to.
enum class TargetRuling { kOpen, kBlocked, kDown, kUndecided, kOwnOutage, kNoAnchor };

// What the round says about one target.
struct TargetRound {
  std::string target_id;
  TargetRuling ruling = TargetRuling::kUndecided;
  Cause cause;  // set when the ruling is kBlocked
};

// What a control was told of an app by a country's store. No vote on anything.
struct Sighting {
  std::string country;    // of the store
  std::string target_id;  // whose app it is
  std::string store_id;
  bool listed = false;
};

// Whether a record can be counted at all. When it is received is not looked at here.
enum class RoundKind {
  kCountable,
  kTombstone,    // stands for batches that the agent lost; carries no observation
  kFromFuture,   // its round began later than any clock skew explains
  kUnknownPlan,  // names a plan that the history does not hold
};

struct Round {
  RoundKind kind = RoundKind::kCountable;
  absl::Time round_time;
  absl::Time receive_time;
  std::string agent_id;  // 32 bytes
  v1::AgentRole role = v1::AGENT_ROLE_UNSPECIFIED;
  std::string region;  // as enrolled
  absl::Time enroll_time;
  SeenFrom seen;
  VantageFacts vantage;              // of this one round
  std::vector<TargetRound> targets;  // ordered by target_id; only those that were tested
  std::vector<Sighting> sightings;   // of controls; only by answers that proved themselves
};

// A plan with what MakeRound looks up in it at hand. Immutable, so thread-safe. Holds pointers into
// `plan`, which must outlive it unchanged.
class RoundPlan {
 public:
  static constexpr size_t kNoSlot = static_cast<size_t>(-1);

  struct Entry {
    const v1::Target* target = nullptr;
    size_t first_slot = 0;  // of its first check
  };

  explicit RoundPlan(const v1::Plan& plan);

  // Ordered by target_id.
  absl::Span<const Entry> targets() const { return targets_; }
  // Positions in targets() of the domestic anchors.
  absl::Span<const size_t> anchors() const { return anchors_; }

  // Number of the check in the plan's order, kNoSlot when it has no such check. `guess` is looked
  // at first: whoever asks for one after the other seldom needs more.
  size_t SlotOf(absl::string_view check_id, size_t guess) const;
  size_t slots() const { return check_ids_.size(); }

  // The storefront whose check it is, nullptr when it is none's.
  const v1::Storefront* StorefrontOf(absl::string_view check_id) const;

 private:
  std::vector<Entry> targets_;
  std::vector<size_t> anchors_;
  std::vector<absl::string_view> check_ids_;  // by slot
  absl::flat_hash_map<absl::string_view, size_t> slot_by_id_;
  absl::flat_hash_map<absl::string_view, const v1::Storefront*> storefronts_;  // by check_id
};

// `batch` is `record.batch` parsed; `plan` is the plan that it names, nullptr when there is none;
// `agent` is its entry in the registry. Pure.
Round MakeRound(const LogRecord& record, const v1::Batch& batch, const RoundPlan* plan,
                const AgentRecord& agent);

// The same for a plan that is needed once.
Round MakeRound(const LogRecord& record, const v1::Batch& batch, const v1::Plan* plan,
                const AgentRecord& agent);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_ROUND_H_
