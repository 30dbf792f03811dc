// Signed plans: making, opening and looking things up in them.
#ifndef SIGHTLINE_COMMON_PLAN_H_
#define SIGHTLINE_COMMON_PLAN_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/crypto.h"
#include "sightline/v1/ingest.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

inline constexpr int kTargetsMax = 64;
inline constexpr size_t kChecksMax = 256;
inline constexpr int kOperatorKeysMax = 4;
inline constexpr size_t kPlanBytesMax = size_t{512} * 1024;
// How long a plan holds when its operator gave it no end.
inline constexpr absl::Duration kPlanLifetime = absl::Hours(30 * 24);

// Rules that every plan keeps: versions, times, intervals, unique names, names that exist, sizes,
// and addresses that agents would refuse (destination.h). INVALID_ARGUMENT names the field and what
// it must be. A plan that names one refused address is refused as a whole.
absl::Status ValidatePlan(const v1::Plan& plan);

// For a plan that is about to be signed: issued `now` when it has no issue_time, and ending
// kPlanLifetime after that when it has no expire_time.
void SetMissingTimes(v1::Plan& plan, absl::Time now);

v1::SignedPlan SignPlan(const v1::Plan& plan, const SigningKey& operator_key);

// Keys that may sign the plan after `plan`: those that it lists (Plan.operator_keys), or `pinned`
// when it lists none. `plan` keeps the rules.
std::vector<VerifyKey> KeysAfter(const v1::Plan& plan, const VerifyKey& pinned);

// Parses a signed plan and checks that one of `operator_keys` signed it, its rules, expiry and that
// its version is above `held_version` (0 when none is held). Returns the plan, or why not.
std::variant<v1::Plan, v1::PlanRefusal> OpenPlan(const v1::SignedPlan& signed_plan,
                                                 absl::Span<const VerifyKey> operator_keys,
                                                 uint64_t held_version, absl::Time now);

// "NOT_NEWER: the plan has version 3, and version 3 is held".
std::string ToText(const v1::PlanRefusal& refusal);

// Whether `region` is in the plan's list of an observed country.
bool IsObservedRegion(const v1::Plan& plan, absl::string_view region);
// Whether `country` is one of the plan's observed countries.
bool IsObservedCountry(const v1::Plan& plan, absl::string_view country);

// Finds a check by its id. Holds pointers into `plan`, which must outlive it unchanged.
class PlanIndex {
 public:
  struct Entry {
    const v1::Target* target = nullptr;
    const v1::Feature* feature = nullptr;
    const v1::Check* check = nullptr;
  };

  explicit PlanIndex(const v1::Plan& plan);
  // nullptr when the plan has no such check.
  const Entry* Find(absl::string_view check_id) const;

 private:
  absl::flat_hash_map<absl::string_view, Entry> entries_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_PLAN_H_
