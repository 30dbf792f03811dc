// Signatures, hashes and limits of the wire: both ends must agree on every byte here.
#ifndef SIGHTLINE_COMMON_WIRE_H_
#define SIGHTLINE_COMMON_WIRE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/crypto.h"
#include "sightline/v1/observation.pb.h"

namespace sightline {

// Domain-separation prefixes. The final NUL is part of each, so none is a prefix of another.
inline constexpr absl::string_view kPlanDomain("sightline-plan-v1\0", 18);
inline constexpr absl::string_view kBatchDomain("sightline-batch-v1\0", 19);
inline constexpr absl::string_view kHelloDomain("sightline-hello-v2\0", 19);
inline constexpr absl::string_view kEnrollDomain("sightline-enroll-v1\0", 20);
inline constexpr absl::string_view kRotateDomain("sightline-rotate-v1\0", 20);
inline constexpr absl::string_view kLeaveDomain("sightline-leave-v1\0", 19);

// Limits of what a collector takes in.
inline constexpr size_t kBatchBytesMax = size_t{256} * 1024;
inline constexpr size_t kObservationsPerBatchMax = 512;
// A batch sealed further than this in the collector's future is refused.
inline constexpr absl::Duration kFutureSkewMax = absl::Minutes(10);
// Late batches are taken for this long after their round.
inline constexpr absl::Duration kLateMax = absl::Hours(72);
inline constexpr int kCausesPerObservationMax = 16;
// A century, so that whoever adds or negates an offset cannot overflow: milliseconds.
inline constexpr int64_t kClockOffsetMaxMs = int64_t{100} * 366 * 24 * 3600 * 1000;

// What prev_hash holds before the first batch.
std::string GenesisHash();

// Serialises and signs. The caller filled every field of `batch`.
v1::SignedBatch SealBatch(const v1::Batch& batch, const SigningKey& key);

// What the prev_hash of the batch after this one must hold. `batch` is the parsed `signed_batch`.
std::string ChainHash(const v1::SignedBatch& signed_batch, const v1::Batch& batch);

// First batch_seq that the batch stands for: its own, or the first one of its tombstone.
uint64_t FirstSeq(const v1::Batch& batch);

// Bytes that Hello.signature signs, after kHelloDomain. `certificate_hash` is the SHA-256 of the
// DER form of the certificate that the collector showed on the connection (RFC 5929,
// tls-server-end-point).
std::string HelloPayload(absl::string_view nonce, absl::string_view agent_id, uint64_t plan_version,
                         absl::string_view certificate_hash);

// Bytes that EnrollRequest.proof signs, after kEnrollDomain.
std::string EnrollPayload(absl::string_view token, absl::string_view public_key,
                          absl::string_view region);

// Bytes that KeySuccession.signature and .proof sign, after kRotateDomain.
std::string RotatePayload(absl::string_view agent_id, uint64_t generation, uint64_t from_seq,
                          absl::string_view public_key);

// Rules that a batch must keep on its own, whoever sent it: field sizes, sequence numbers, counts,
// a well-formed tombstone, detail that is there or refers to an earlier batch, no NUL in text that
// is shown. Evidence that only exports carry is bounded by kBatchBytesMax. INVALID_ARGUMENT names
// the field.
absl::Status CheckBatchShape(const v1::Batch& batch);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_WIRE_H_
