// Plans as they come from a collector and from files: signed, plain and text.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

#include "common/crypto.h"
#include "common/plan.h"
#include "common/plan_file.h"
#include "common/wire.h"
#include "tests/common/test_plan.h"
#include "tests/fuzz/operator_key.h"

namespace sightline {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// What every user of an accepted plan relies on.
void CheckAccepted(const v1::Plan& plan) {
  Require(ValidatePlan(plan).ok());
  const PlanIndex index(plan);
  for (const v1::Target& target : plan.targets()) {
    for (const v1::Feature& feature : target.features()) {
      for (const v1::Check& check : feature.checks()) {
        const PlanIndex::Entry* entry = index.Find(check.check_id());
        Require(entry != nullptr && entry->check == &check && entry->target == &target);
      }
    }
  }
  for (const v1::CountryRegions& country : plan.countries()) {
    Require(IsObservedCountry(plan, country.country()));
  }
}

void Open(const v1::SignedPlan& signed_plan, const VerifyKey& key) {
  const auto opened = OpenPlan(signed_plan, {key}, 0, kTestNow);
  if (const auto* plan = std::get_if<v1::Plan>(&opened)) {
    Require(key.Verify(sightline::kPlanDomain, signed_plan.plan(), signed_plan.signature()));
    CheckAccepted(*plan);
  } else {
    Require(!ToText(std::get<v1::PlanRefusal>(opened)).empty());
  }
}

}  // namespace
}  // namespace sightline

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& key = *new sightline::SigningKey(sightline::FuzzOperatorKey());
  const std::string bytes(reinterpret_cast<const char*>(data), size);

  sightline::v1::SignedPlan signed_plan;
  if (signed_plan.ParseFromString(bytes)) sightline::Open(signed_plan, key.public_key());

  // The fuzzer cannot sign: signed for it, its bytes get past the signature.
  sightline::v1::SignedPlan genuine;
  genuine.set_plan(bytes);
  genuine.set_signature(key.Sign(sightline::kPlanDomain, bytes));
  genuine.set_key_id(key.public_key().Id());
  sightline::Open(genuine, key.public_key());

  const auto file = sightline::ParsePlanFile(bytes);
  if (file.ok()) sightline::CheckAccepted(file->plan);
  return 0;
}
