// Which keys may sign the next plan: follows plans as they come into force, so that an operator can
// change its key.
#ifndef SIGHTLINE_COMMON_OPERATOR_KEYS_H_
#define SIGHTLINE_COMMON_OPERATOR_KEYS_H_

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "common/crypto.h"
#include "common/plan.h"

namespace sightline {

// Begins with the key that came with the invite, or that the operator pinned. A plan that lists
// keys is followed by one that any of these signs; a plan that lists none, by one of the same
// signer. So a key that a plan no longer lists is out for good. Copyable; not thread-safe.
class OperatorKeys {
 public:
  // `keys` is not empty.
  explicit OperatorKeys(std::vector<VerifyKey> keys) : keys_(std::move(keys)) {}
  explicit OperatorKeys(VerifyKey pinned) : keys_{std::move(pinned)} {}

  // As OpenPlan, with the keys of now.
  std::variant<v1::Plan, v1::PlanRefusal> Open(const v1::SignedPlan& signed_plan,
                                               uint64_t held_version, absl::Time now) const {
    return OpenPlan(signed_plan, keys_, held_version, now);
  }

  // `plan` is what Open() made of `signed_plan`, and is in force from now on.
  void Follow(const v1::SignedPlan& signed_plan, const v1::Plan& plan);

  // Whether one of the keys has that id.
  bool Has(absl::string_view key_id) const { return Find(key_id) != nullptr; }
  // The key with that id, nullptr when there is none. Valid until the next Follow().
  const VerifyKey* Find(absl::string_view key_id) const;

  const std::vector<VerifyKey>& keys() const { return keys_; }

 private:
  std::vector<VerifyKey> keys_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_OPERATOR_KEYS_H_
