// Batches as they come from agents: what a collector parses, checks and counts.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "common/outcome.h"
#include "common/wire.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckAccepted(const v1::SignedBatch& signed_batch, const v1::Batch& batch,
                   const v1::Plan& plan) {
  Require(FirstSeq(batch) >= 1 && FirstSeq(batch) <= batch.batch_seq());
  Require(ChainHash(signed_batch, batch).size() == kHashBytes);
  absl::flat_hash_map<absl::string_view, const v1::Observation*> by_check;
  for (const v1::Observation& observation : batch.observations()) {
    by_check.emplace(observation.check_id(), &observation);
  }
  const auto lookup = [&](absl::string_view check_id) -> const v1::Observation* {
    const auto found = by_check.find(check_id);
    return found == by_check.end() ? nullptr : found->second;
  };
  for (const v1::Target& target : plan.targets()) {
    const CheckOutcome outcome = OutcomeOfTarget(target, lookup);
    Require(!OutcomeName(outcome.outcome).empty());
    const bool has_cause =
        outcome.outcome == Outcome::kBlocked || outcome.outcome == Outcome::kDown;
    Require(has_cause == !outcome.layer.empty());
  }
}

void Take(const v1::SignedBatch& signed_batch, const v1::Plan& plan) {
  v1::Batch batch;
  if (!batch.ParseFromString(signed_batch.batch())) return;
  const absl::Status status = CheckBatchShape(batch);
  if (status.ok()) {
    CheckAccepted(signed_batch, batch, plan);
  } else {
    Require(!status.message().empty());
  }
}

}  // namespace
}  // namespace sightline

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& plan = *new sightline::v1::Plan(sightline::TestPlan());
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  sightline::v1::SignedBatch signed_batch;
  if (signed_batch.ParseFromString(bytes)) sightline::Take(signed_batch, plan);
  signed_batch.Clear();
  signed_batch.set_batch(bytes);
  sightline::Take(signed_batch, plan);
  return 0;
}
