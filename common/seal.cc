#include "common/seal.h"

#include <algorithm>
#include <utility>

#include "common/wire.h"

namespace sightline {

Sealer::Sealer(const SigningKey& key, SealContext context)
    : key_(key), context_(std::move(context)) {
  if (context_.agent_id.empty()) context_.agent_id = key.public_key().Id();
}

v1::Batch Sealer::Begin(const RoundFacts& round) const {
  v1::Batch batch;
  batch.set_agent_id(context_.agent_id);
  batch.set_boot_id(context_.boot_id);
  batch.set_plan_version(round.plan_version);
  batch.set_round_time_ms(absl::ToUnixMillis(round.round_time));
  // A clock that was set back during the round must not make the batch contradict itself.
  batch.set_seal_time_ms(absl::ToUnixMillis(std::max(round.seal_time, round.round_time)));
  *batch.mutable_vantage() = round.vantage;
  batch.mutable_vantage()->set_region(context_.region);
  batch.mutable_vantage()->set_agent_version(context_.agent_version);
  return batch;
}

SealedBatch Sealer::Seal(const ChainPoint& tail, const RoundFacts& round,
                         std::vector<v1::Observation> observations) const {
  SealedBatch sealed;
  sealed.batch = Begin(round);
  sealed.batch.set_batch_seq(tail.seq + 1);
  sealed.batch.set_prev_hash(tail.head);
  for (v1::Observation& observation : observations) {
    *sealed.batch.add_observations() = std::move(observation);
  }
  sealed.signed_batch = SealBatch(sealed.batch, key_);
  return sealed;
}

SealedBatch Sealer::SealTombstone(const LostRange& lost, uint64_t plan_version,
                                  absl::Time now) const {
  SealedBatch sealed;
  sealed.batch = Begin({plan_version, now, now, {}});
  sealed.batch.set_batch_seq(lost.last_seq);
  sealed.batch.set_prev_hash(lost.prev_hash);
  v1::Tombstone& tombstone = *sealed.batch.mutable_tombstone();
  tombstone.set_first_seq(lost.first_seq);
  tombstone.set_last_seq(lost.last_seq);
  tombstone.set_observations_lost(lost.observations);
  tombstone.set_continues_from(lost.continues_from);
  sealed.signed_batch = SealBatch(sealed.batch, key_);
  return sealed;
}

}  // namespace sightline
