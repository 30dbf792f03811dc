#include "common/operator_keys.h"

#include <algorithm>

namespace sightline {

const VerifyKey* OperatorKeys::Find(absl::string_view key_id) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [&](const VerifyKey& key) { return key.Id() == key_id; });
  return found == keys_.end() ? nullptr : &*found;
}

void OperatorKeys::Follow(const v1::SignedPlan& signed_plan, const v1::Plan& plan) {
  const VerifyKey* const signer = Find(signed_plan.key_id());
  if (signer != nullptr) keys_ = KeysAfter(plan, *signer);
}

}  // namespace sightline
