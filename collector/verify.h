// Decides whether a batch may go into the log. Pure.
#ifndef SIGHTLINE_COLLECTOR_VERIFY_H_
#define SIGHTLINE_COLLECTOR_VERIFY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/agent_keys.h"
#include "collector/plan_book.h"
#include "collector/store/store.h"
#include "common/crypto.h"
#include "sightline/v1/ingest.pb.h"
#include "sightline/v1/observation.pb.h"

namespace sightline {

// Builds a refusal.
v1::Refusal MakeRefusal(v1::RefusalReason reason, uint64_t batch_seq, std::string detail);

// The end of an agent's chain.
struct ChainEnd {
  uint64_t seq = 0;
  std::string hash;  // 32 bytes
};

// Whether the hello answers the challenge on a connection that shows a certificate with one of
// `certificate_hashes`.
std::optional<v1::Refusal> VerifyHello(const v1::Hello& hello, const VerifyKey& key,
                                       absl::string_view nonce,
                                       absl::Span<const std::string> certificate_hashes);

// Whether the agent still takes part. `agent` is the registry's record.
std::optional<v1::Refusal> RefuseEnded(const AgentRecord& agent);

// Everything about a batch that does not depend on its place in the chain and on plans: size,
// signature by the key of its number, shape, sender, region as enrolled, clock. Fills `batch`,
// which may have been used before: parsing into one that has the room already costs half.
std::optional<v1::Refusal> VerifyBatch(const v1::SignedBatch& signed_batch,
                                       const AgentRecord& agent, const AgentKeys& keys,
                                       absl::Time now, v1::Batch* batch);

// Whether the batch keeps to the plan that it names: region in the list, checks of the plan, each
// once.
std::optional<v1::Refusal> VerifyAgainstPlan(const v1::Batch& batch, const AgentRecord& agent,
                                             const PlanVersion& plan);

// Where a batch stands relative to the end of the chain.
enum class ChainPlace {
  kNext,    // continues the chain
  kRepeat,  // its batch_seq is not above the end: compare the bytes with what is stored
};
std::variant<ChainPlace, v1::Refusal> PlaceInChain(const v1::Batch& batch, const ChainEnd& end);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERIFY_H_
