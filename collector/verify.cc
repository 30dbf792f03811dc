#include "collector/verify.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/plan.h"
#include "common/regions.h"
#include "common/wire.h"

namespace sightline {
namespace {

// What a batch that nobody vouches for says of its own place; 0 when it says nothing.
uint64_t ClaimedSeq(const v1::SignedBatch& signed_batch) {
  v1::Batch batch;
  return batch.ParseFromString(signed_batch.batch()) ? batch.batch_seq() : 0;
}

}  // namespace

v1::Refusal MakeRefusal(v1::RefusalReason reason, uint64_t batch_seq, std::string detail) {
  v1::Refusal refusal;
  refusal.set_reason(reason);
  refusal.set_batch_seq(batch_seq);
  refusal.set_detail(std::move(detail));
  return refusal;
}

std::optional<v1::Refusal> RefuseEnded(const AgentRecord& agent) {
  switch (agent.end) {
    case v1::AGENT_END_UNSPECIFIED:
      return std::nullopt;
    case v1::AGENT_END_LEFT:
      return MakeRefusal(v1::REFUSAL_REASON_REVOKED_AGENT, 0,
                         "this agent left, as it had asked; enrol again with a new invite");
    default:
      return MakeRefusal(v1::REFUSAL_REASON_REVOKED_AGENT, 0,
                         "this agent was revoked by the operator; enrol again with a new invite");
  }
}

std::optional<v1::Refusal> VerifyHello(const v1::Hello& hello, const VerifyKey& key,
                                       absl::string_view nonce,
                                       absl::Span<const std::string> certificate_hashes) {
  const bool proven = std::any_of(
      certificate_hashes.begin(), certificate_hashes.end(), [&](const std::string& hash) {
        return key.Verify(kHelloDomain,
                          HelloPayload(nonce, hello.agent_id(), hello.plan_version(), hash),
                          hello.signature());
      });
  if (proven) return std::nullopt;
  return MakeRefusal(v1::REFUSAL_REASON_BAD_CHALLENGE, 0,
                     "the hello does not sign this stream's challenge and this collector's "
                     "certificate with the enrolled key; if the key is right, somebody stands "
                     "between agent and collector with another certificate");
}

std::optional<v1::Refusal> VerifyBatch(const v1::SignedBatch& signed_batch,
                                       const AgentRecord& agent, const AgentKeys& keys,
                                       absl::Time now, v1::Batch* parsed) {
  if (signed_batch.batch().size() > kBatchBytesMax) {
    return MakeRefusal(v1::REFUSAL_REASON_TOO_LARGE, ClaimedSeq(signed_batch),
                       absl::StrCat("the batch has ", signed_batch.batch().size(),
                                    " bytes, at most ", kBatchBytesMax, " are taken"));
  }
  v1::Batch& batch = *parsed;
  // Read before anybody vouches for it: its number says which key has to.
  const bool is_batch = batch.ParseFromString(signed_batch.batch());
  const uint64_t seq = is_batch ? batch.batch_seq() : 0;
  const VerifyKey& key = is_batch ? keys.KeyOf(seq) : keys.current();
  if (!key.Verify(kBatchDomain, signed_batch.batch(), signed_batch.signature())) {
    return MakeRefusal(v1::REFUSAL_REASON_BAD_SIGNATURE, seq,
                       "the batch's signature does not fit its bytes and the agent's key");
  }
  if (!is_batch) {
    return MakeRefusal(v1::REFUSAL_REASON_MALFORMED, 0, "the signed bytes are no batch");
  }
  if (const absl::Status status = CheckBatchShape(batch); !status.ok()) {
    return MakeRefusal(v1::REFUSAL_REASON_MALFORMED, seq, std::string(status.message()));
  }
  if (batch.agent_id() != agent.agent_id) {
    return MakeRefusal(v1::REFUSAL_REASON_WRONG_AGENT, seq,
                       "the batch names another agent than the hello of this stream");
  }
  if (batch.vantage().region() != agent.region) {
    return MakeRefusal(
        v1::REFUSAL_REASON_UNKNOWN_REGION, seq,
        absl::StrCat("the batch says region \"", absl::Utf8SafeCEscape(batch.vantage().region()),
                     "\", the agent enrolled for ", agent.region));
  }
  if (batch.round_time_ms() > batch.seal_time_ms()) {
    return MakeRefusal(v1::REFUSAL_REASON_MALFORMED, seq,
                       "round_time_ms: must not be after seal_time_ms");
  }
  const absl::Duration ahead = absl::FromUnixMillis(batch.seal_time_ms()) - now;
  if (ahead > kFutureSkewMax) {
    return MakeRefusal(v1::REFUSAL_REASON_CLOCK_SKEW, seq,
                       absl::StrCat("the agent's clock is ",
                                    absl::FormatDuration(absl::Trunc(ahead, absl::Seconds(1))),
                                    " ahead of the collector's; set the clock"));
  }
  return std::nullopt;
}

std::optional<v1::Refusal> VerifyAgainstPlan(const v1::Batch& batch, const AgentRecord& agent,
                                             const PlanVersion& plan) {
  const uint64_t seq = batch.batch_seq();
  const std::string& region = agent.region;
  const bool listed = agent.role == v1::AGENT_ROLE_CONTROL
                          ? !IsObservedCountry(plan.plan, CountryOf(region))
                          : IsObservedRegion(plan.plan, region);
  if (!listed) {
    return MakeRefusal(v1::REFUSAL_REASON_UNKNOWN_REGION, seq,
                       absl::StrCat("region ", region, " is not in the list of plan version ",
                                    plan.plan.version()));
  }
  const auto malformed = [&](const v1::Observation& observation, absl::string_view before,
                             absl::string_view after) {
    return MakeRefusal(v1::REFUSAL_REASON_MALFORMED, seq,
                       absl::StrCat("check_id: ", before, "\"",
                                    absl::Utf8SafeCEscape(observation.check_id()), "\"", after));
  };
  absl::flat_hash_set<const PlanIndex::Entry*> seen;
  seen.reserve(static_cast<size_t>(batch.observations_size()));
  for (const v1::Observation& observation : batch.observations()) {
    const PlanIndex::Entry* const entry = plan.index.Find(observation.check_id());
    if (entry == nullptr) {
      return malformed(observation,
                       absl::StrCat("plan version ", plan.plan.version(), " has no check "), "");
    }
    if (!seen.insert(entry).second) {
      return malformed(observation, "", " stands twice in one batch");
    }
  }
  return std::nullopt;
}

std::variant<ChainPlace, v1::Refusal> PlaceInChain(const v1::Batch& batch, const ChainEnd& end) {
  const uint64_t seq = batch.batch_seq();
  if (seq <= end.seq) return ChainPlace::kRepeat;
  if (FirstSeq(batch) != end.seq + 1) {
    return MakeRefusal(
        v1::REFUSAL_REASON_SEQUENCE_GAP, seq,
        absl::StrCat("the collector holds batches up to ", end.seq, "; the next must begin with ",
                     end.seq + 1, ", this one with ", FirstSeq(batch)));
  }
  if (batch.prev_hash() != end.hash) {
    return MakeRefusal(
        v1::REFUSAL_REASON_BROKEN_CHAIN, seq,
        absl::StrCat("prev_hash does not name batch ", end.seq, " as the collector holds it"));
  }
  return ChainPlace::kNext;
}

}  // namespace sightline
