// From what a round saw to signed, chained batches: for agents, and for histories that are made up.
#ifndef SIGHTLINE_COMMON_SEAL_H_
#define SIGHTLINE_COMMON_SEAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/crypto.h"
#include "sightline/v1/observation.pb.h"

namespace sightline {

// A place in an agent's chain: the last batch_seq in use, and what the next prev_hash must hold.
struct ChainPoint {
  uint64_t seq = 0;
  std::string head;
};

// A batch with its parsed form.
struct SealedBatch {
  v1::SignedBatch signed_batch;
  v1::Batch batch;
};

// What is the same for every batch of one run of the agent.
struct SealContext {
  std::string region;
  std::string agent_version;
  std::string boot_id;  // 16 random bytes, new for every start.
  // 32 bytes; empty: that of the key, which is so until the key is changed for the first time.
  std::string agent_id = {};
};

// Batches that a tombstone stands for.
struct LostRange {
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  uint64_t observations = 0;
  std::string prev_hash;       // Chain hash before first_seq.
  std::string continues_from;  // Chain hash of last_seq.
};

// What all batches of one round say.
struct RoundFacts {
  uint64_t plan_version = 0;
  absl::Time round_time;
  absl::Time seal_time;
  // As the prober saw it; region and agent_version are the sealer's.
  v1::Vantage vantage;
};

// Immutable; thread-safe. `key` must outlive it.
class Sealer {
 public:
  Sealer(const SigningKey& key, SealContext context);

  // The batch after `tail`. `observations` fit in one batch (wire.h); agents split rounds that do
  // not.
  SealedBatch Seal(const ChainPoint& tail, const RoundFacts& round,
                   std::vector<v1::Observation> observations) const;

  // The batch that takes the place of `lost`.
  SealedBatch SealTombstone(const LostRange& lost, uint64_t plan_version, absl::Time now) const;

 private:
  v1::Batch Begin(const RoundFacts& round) const;

  const SigningKey& key_;
  SealContext context_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_SEAL_H_
