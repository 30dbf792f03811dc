// What anybody may send to the public port before the collector knows who it is, and what an agent
// reads from whoever claims to be the collector.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "collector/verify.h"
#include "common/message.h"
#include "common/wire.h"
#include "sightline/v1/ingest.pb.h"
#include "tests/common/test_plan.h"
#include "tests/fuzz/operator_key.h"

namespace sightline {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

AgentRecord FuzzAgent(const VerifyKey& key) {
  AgentRecord agent;
  agent.agent_id = key.Id();
  agent.public_key = key.raw();
  agent.role = v1::AGENT_ROLE_VOLUNTEER;
  agent.region = "CN-BJ";
  agent.head = GenesisHash();
  return agent;
}

// Everything is refused by name: nobody else has the key.
void TakeRequest(const v1::SubmitRequest& request, const AgentRecord& agent,
                 const AgentKeys& keys) {
  if (request.has_batch()) {
    v1::Batch batch;
    const auto refusal = VerifyBatch(request.batch(), agent, keys, kTestNow, &batch);
    Require(refusal.has_value() && refusal->reason() != v1::REFUSAL_REASON_UNSPECIFIED &&
            !refusal->detail().empty());
  }
}

// Batches that are signed for the fuzzer, so that it gets past the signature.
void TakeSigned(const std::string& bytes, const AgentRecord& agent, const SigningKey& key,
                const AgentKeys& keys) {
  v1::SignedBatch signed_batch;
  signed_batch.set_batch(bytes);
  signed_batch.set_signature(key.Sign(kBatchDomain, bytes));
  v1::Batch batch;
  const auto refusal = VerifyBatch(signed_batch, agent, keys, kTestNow, &batch);
  if (refusal.has_value()) {
    Require(refusal->reason() != v1::REFUSAL_REASON_UNSPECIFIED && !refusal->detail().empty());
    return;
  }
  Require(batch.agent_id() == agent.agent_id && batch.vantage().region() == agent.region);
  const auto place = PlaceInChain(batch, {0, GenesisHash()});
  if (const auto* chain = std::get_if<ChainPlace>(&place)) {
    Require(*chain == ChainPlace::kNext && batch.prev_hash() == GenesisHash());
  }
}

}  // namespace
}  // namespace sightline

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& key = *new sightline::SigningKey(sightline::FuzzOperatorKey());
  static const auto& agent = *new sightline::AgentRecord(sightline::FuzzAgent(key.public_key()));
  static const auto& keys = *new sightline::AgentKeys(
      *sightline::AgentKeys::Follow(agent.agent_id, agent.public_key, {}));
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  sightline::v1::SubmitRequest request;
  if (request.ParseFromString(bytes)) sightline::TakeRequest(request, agent, keys);
  sightline::TakeSigned(bytes, agent, key, keys);
  return 0;
}
