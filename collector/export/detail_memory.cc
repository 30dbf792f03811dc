#include "collector/export/detail_memory.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

// What an entry takes beside its two strings, of which the key is there twice.
constexpr size_t kEntryBytes = 160;

void ForgetTimes(v1::DnsEvidence& dns) {
  for (v1::DnsResponse& response : *dns.mutable_responses()) {
    response.clear_delay_us();
    response.clear_ttl_s();
  }
}

void ForgetTimes(v1::Attempt& attempt) {
  attempt.clear_connect_us();
  attempt.clear_bytes_sent();
  attempt.clear_bytes_received();
  if (attempt.has_tls()) attempt.mutable_tls()->clear_handshake_us();
  if (attempt.has_websocket()) attempt.mutable_websocket()->clear_upgrade_us();
  if (attempt.has_noise()) {
    attempt.mutable_noise()->clear_handshake_us();
    attempt.mutable_noise()->clear_first_message_bits_set();
  }
  if (!attempt.has_http()) return;
  v1::HttpEvidence& http = *attempt.mutable_http();
  http.clear_exchange_us();
  http.clear_body_bytes();
  http.clear_body_sha256_prefix();
  http.clear_date_s();
}

// What is detail in it and can be said of another round as well.
v1::Observation DetailOf(const v1::Observation& observation) {
  v1::Observation detail;
  if (observation.has_dns()) *detail.mutable_dns() = observation.dns();
  *detail.mutable_attempts() = observation.attempts();
  *detail.mutable_contrasts() = observation.contrasts();
  *detail.mutable_redirects() = observation.redirects();
  *detail.mutable_other_lookups() = observation.other_lookups();
  if (detail.has_dns()) ForgetTimes(*detail.mutable_dns());
  for (v1::DnsEvidence& dns : *detail.mutable_other_lookups()) ForgetTimes(dns);
  for (v1::Attempt& attempt : *detail.mutable_attempts()) ForgetTimes(attempt);
  for (v1::ContrastEvidence& contrast : *detail.mutable_contrasts()) {
    if (contrast.has_attempt()) ForgetTimes(*contrast.mutable_attempt());
  }
  for (v1::Redirect& redirect : *detail.mutable_redirects()) {
    if (redirect.has_dns()) ForgetTimes(*redirect.mutable_dns());
    for (v1::Attempt& attempt : *redirect.mutable_attempts()) ForgetTimes(attempt);
  }
  return detail;
}

std::string KeyOf(absl::string_view agent_id, uint64_t batch_seq, absl::string_view check_id) {
  return absl::StrCat(agent_id, absl::Hex(batch_seq, absl::kZeroPad16), check_id);
}

}  // namespace

DetailOrigin DetailMemory::Complete(absl::string_view agent_id, uint64_t batch_seq,
                                    v1::Observation& observation) {
  if (observation.detail_unchanged()) {
    const auto kept =
        details_.find(KeyOf(agent_id, observation.detail_batch_seq(), observation.check_id()));
    if (kept == details_.end()) return DetailOrigin::kMissing;
    v1::Observation detail;
    detail.ParseFromString(kept->second);  // serialised in this process
    observation.MergeFrom(detail);
    return DetailOrigin::kRepeated;
  }
  std::string detail = DetailOf(observation).SerializeAsString();
  if (!detail.empty()) {
    Keep(KeyOf(agent_id, batch_seq, observation.check_id()), std::move(detail));
  }
  return DetailOrigin::kOwn;
}

void DetailMemory::Keep(std::string key, std::string detail) {
  const auto size_of = [](const std::string& one, const std::string& other) {
    return 2 * one.size() + other.size() + kEntryBytes;
  };
  const size_t size = size_of(key, detail);
  // One check observed twice in a round: the first one counts, as it does for the verdict.
  if (size > bytes_max_ || details_.contains(key)) return;
  while (bytes_ + size > bytes_max_) {
    const auto oldest = details_.find(oldest_first_.front());
    bytes_ -= size_of(oldest->first, oldest->second);
    details_.erase(oldest);
    oldest_first_.pop_front();
  }
  bytes_ += size;
  oldest_first_.push_back(key);
  details_.emplace(std::move(key), std::move(detail));
}

}  // namespace sightline
