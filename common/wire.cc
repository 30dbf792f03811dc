#include "common/wire.h"

#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

absl::Status CheckSize(absl::string_view field, absl::string_view value, size_t want) {
  if (value.size() == want) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": must have ", want, " bytes, has ", value.size()));
}

absl::Status CheckText(absl::string_view field, absl::string_view value, size_t size_max) {
  if (value.size() > size_max) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": must have at most ", size_max, " bytes, has ", value.size()));
  }
  if (value.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": must not hold a NUL byte"));
  }
  return absl::OkStatus();
}

absl::Status CheckTombstone(const v1::Batch& batch) {
  const v1::Tombstone& tombstone = batch.tombstone();
  if (batch.observations_size() != 0) {
    return absl::InvalidArgumentError("tombstone: the batch must hold no observations beside it");
  }
  if (tombstone.first_seq() == 0 || tombstone.first_seq() > tombstone.last_seq() ||
      tombstone.last_seq() != batch.batch_seq()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tombstone: first_seq ", tombstone.first_seq(), " and last_seq ", tombstone.last_seq(),
        " must be a range that ends at batch_seq ", batch.batch_seq()));
  }
  return CheckSize("tombstone.continues_from", tombstone.continues_from(), kHashBytes);
}

absl::Status CheckDetail(const v1::Observation& observation, uint64_t batch_seq) {
  const uint64_t at = observation.detail_batch_seq();
  if (!observation.detail_unchanged()) {
    if (at == 0) return absl::OkStatus();
    return absl::InvalidArgumentError("observations.detail_batch_seq: only for unchanged detail");
  }
  if (at == 0 || at >= batch_seq) {
    return absl::InvalidArgumentError(
        absl::StrCat("observations.detail_batch_seq: must be 1 to ", batch_seq - 1, ", is ", at));
  }
  if (observation.has_dns() || !observation.attempts().empty() ||
      !observation.contrasts().empty() || !observation.redirects().empty() ||
      !observation.other_lookups().empty()) {
    return absl::InvalidArgumentError(
        "observations.detail_unchanged: must not be set where the detail is there");
  }
  return absl::OkStatus();
}

absl::Status CheckObservation(const v1::Observation& observation, uint64_t batch_seq) {
  absl::Status status = CheckText("observations.check_id", observation.check_id(), 64);
  if (status.ok()) status = CheckText("observations.failure", observation.failure(), 256);
  if (status.ok()) {
    status = CheckText("observations.failed_operation", observation.failed_operation(), 64);
  }
  if (observation.causes_size() > kCausesPerObservationMax) {
    return absl::InvalidArgumentError(absl::StrCat("observations.causes: at most ",
                                                   kCausesPerObservationMax, ", has ",
                                                   observation.causes_size()));
  }
  for (const v1::Cause& cause : observation.causes()) {
    if (status.ok()) status = CheckText("observations.causes.failure", cause.failure(), 256);
  }
  return status.ok() ? CheckDetail(observation, batch_seq) : status;
}

absl::Status CheckVantage(const v1::Vantage& vantage) {
  absl::Status status = CheckText("vantage.region", vantage.region(), 6);
  if (status.ok()) status = CheckText("vantage.agent_version", vantage.agent_version(), 64);
  if (vantage.clock_offset_ms() > kClockOffsetMaxMs ||
      vantage.clock_offset_ms() < -kClockOffsetMaxMs) {
    return absl::InvalidArgumentError("vantage.clock_offset_ms: must be within a century");
  }
  return status;
}

// 8 bytes, the highest first.
std::string BigEndian(uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>((number >> shift) & 0xff));
  }
  return bytes;
}

}  // namespace

std::string GenesisHash() { return std::string(kHashBytes, '\0'); }

v1::SignedBatch SealBatch(const v1::Batch& batch, const SigningKey& key) {
  v1::SignedBatch sealed;
  sealed.set_batch(batch.SerializeAsString());
  sealed.set_signature(key.Sign(kBatchDomain, sealed.batch()));
  return sealed;
}

std::string ChainHash(const v1::SignedBatch& signed_batch, const v1::Batch& batch) {
  if (batch.has_tombstone()) return batch.tombstone().continues_from();
  return Sha256(signed_batch.batch());
}

uint64_t FirstSeq(const v1::Batch& batch) {
  return batch.has_tombstone() ? batch.tombstone().first_seq() : batch.batch_seq();
}

std::string HelloPayload(absl::string_view nonce, absl::string_view agent_id, uint64_t plan_version,
                         absl::string_view certificate_hash) {
  return absl::StrCat(nonce, agent_id, BigEndian(plan_version), certificate_hash);
}

std::string RotatePayload(absl::string_view agent_id, uint64_t generation, uint64_t from_seq,
                          absl::string_view public_key) {
  return absl::StrCat(agent_id, BigEndian(generation), BigEndian(from_seq), public_key);
}

std::string EnrollPayload(absl::string_view token, absl::string_view public_key,
                          absl::string_view region) {
  return absl::StrCat(token, public_key, region);
}

absl::Status CheckBatchShape(const v1::Batch& batch) {
  absl::Status status = CheckSize("agent_id", batch.agent_id(), kHashBytes);
  if (status.ok()) status = CheckSize("prev_hash", batch.prev_hash(), kHashBytes);
  if (status.ok()) status = CheckSize("boot_id", batch.boot_id(), 16);
  if (status.ok()) status = CheckVantage(batch.vantage());
  if (!status.ok()) return status;
  if (batch.batch_seq() == 0) return absl::InvalidArgumentError("batch_seq: the first batch is 1");
  if (batch.batch_seq() > (uint64_t{1} << 62)) {
    return absl::InvalidArgumentError("batch_seq: must be at most 2^62");
  }
  if (batch.round_time_ms() <= 0 || batch.seal_time_ms() <= 0) {
    return absl::InvalidArgumentError("round_time_ms and seal_time_ms: must be set");
  }
  if (static_cast<size_t>(batch.observations_size()) > kObservationsPerBatchMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "observations: at most ", kObservationsPerBatchMax, ", has ", batch.observations_size()));
  }
  for (const v1::Observation& observation : batch.observations()) {
    status = CheckObservation(observation, batch.batch_seq());
    if (!status.ok()) return status;
  }
  return batch.has_tombstone() ? CheckTombstone(batch) : absl::OkStatus();
}

}  // namespace sightline
