#include "agent/detail.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <utility>

#include "common/crypto.h"

namespace sightline::agent {
namespace {

using google::protobuf::RepeatedPtrField;

constexpr size_t kFingerprintBytes = 16;

// The same bytes for equal messages within one process, which is all that a fingerprint needs.
std::string Serialize(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream out(&bytes);
  google::protobuf::io::CodedOutputStream coded(&out);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

// The order says nothing: whose datagram was faster, which address came first.
template <typename Message>
void Sort(RepeatedPtrField<Message>* messages) {
  std::vector<std::pair<std::string, Message>> sorted;
  for (Message& message : *messages) sorted.emplace_back(Serialize(message), std::move(message));
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  messages->Clear();
  for (auto& [bytes, message] : sorted) *messages->Add() = std::move(message);
}

// URLs of redirects may hold a fresh token in the query.
void DropQuery(std::string* url) { url->resize(std::min(url->size(), url->find('?'))); }

// Bits needed to write the number: sizes that differ by less than a factor of two often are one.
uint32_t SizeClass(uint32_t bytes) {
  uint32_t bits = 0;
  for (; bytes > 0; bytes >>= 1) ++bits;
  return bits;
}

void Reduce(v1::DnsEvidence& dns) {
  for (v1::DnsResponse& response : *dns.mutable_responses()) {
    response.clear_delay_us();
    response.clear_ttl_s();
    std::sort(response.mutable_addresses()->begin(), response.mutable_addresses()->end());
  }
  Sort(dns.mutable_responses());
}

void Reduce(v1::Attempt& attempt) {
  attempt.clear_connect_us();
  attempt.clear_bytes_sent();
  attempt.clear_bytes_received();
  if (attempt.has_tls()) attempt.mutable_tls()->clear_handshake_us();
  if (attempt.has_http()) {
    v1::HttpEvidence& http = *attempt.mutable_http();
    http.clear_exchange_us();
    http.clear_body_sha256_prefix();
    http.clear_date_s();
    http.set_body_bytes(SizeClass(http.body_bytes()));
    DropQuery(http.mutable_location());
  }
  if (attempt.has_websocket()) attempt.mutable_websocket()->clear_upgrade_us();
  if (attempt.has_noise()) {
    attempt.mutable_noise()->clear_handshake_us();
    // The ephemeral key is random.
    attempt.mutable_noise()->clear_first_message_bits_set();
  }
}

void Reduce(RepeatedPtrField<v1::Attempt>* attempts) {
  for (v1::Attempt& attempt : *attempts) Reduce(attempt);
  Sort(attempts);
}

// What an observation says besides when, how fast and how much.
void Reduce(v1::Observation& observation) {
  observation.clear_start_offset_ms();
  observation.clear_duration_ms();
  observation.clear_detail_unchanged();
  observation.clear_detail_batch_seq();
  if (observation.has_dns()) Reduce(*observation.mutable_dns());
  for (v1::DnsEvidence& dns : *observation.mutable_other_lookups()) Reduce(dns);
  Sort(observation.mutable_other_lookups());
  Reduce(observation.mutable_attempts());
  for (v1::ContrastEvidence& contrast : *observation.mutable_contrasts()) {
    if (contrast.has_attempt()) Reduce(*contrast.mutable_attempt());
  }
  Sort(observation.mutable_contrasts());
  for (v1::Redirect& redirect : *observation.mutable_redirects()) {
    DropQuery(redirect.mutable_location());
    if (redirect.has_dns()) Reduce(*redirect.mutable_dns());
    Reduce(redirect.mutable_attempts());
  }
}

// Layers, failure and causes: what verdicts are made of.
std::string StateOf(v1::Observation observation) {
  DropDetail(observation);
  return DetailFingerprint(observation);
}

int64_t DetailBytes(const v1::Observation& observation) {
  v1::Observation bare = observation;
  DropDetail(bare);
  return static_cast<int64_t>(observation.ByteSizeLong() - bare.ByteSizeLong());
}

}  // namespace

bool HasDetail(const v1::Observation& observation) {
  return observation.has_dns() || !observation.attempts().empty() ||
         !observation.contrasts().empty() || !observation.redirects().empty() ||
         !observation.other_lookups().empty();
}

void DropDetail(v1::Observation& observation) {
  observation.clear_dns();
  observation.clear_attempts();
  observation.clear_contrasts();
  observation.clear_redirects();
  observation.clear_other_lookups();
}

std::string DetailFingerprint(const v1::Observation& observation) {
  v1::Observation reduced = observation;
  Reduce(reduced);
  return Sha256(Serialize(reduced)).substr(0, kFingerprintBytes);
}

void DetailFilter::Thin(absl::Time round_time, std::vector<v1::Observation>& observations) {
  Expire(round_time);
  Earn(round_time);
  for (v1::Observation& observation : observations) {
    if (!HasDetail(observation)) continue;
    const Variant* said = Find(observation.check_id(), DetailFingerprint(observation));
    if (said != nullptr) {
      DropDetail(observation);
      observation.set_detail_unchanged(true);
      observation.set_detail_batch_seq(said->batch_seq);
      continue;
    }
    const int64_t bytes = DetailBytes(observation);
    const int64_t debt_bytes_max = IsNews(observation) ? kDetailBytesDebtMax : 0;
    if (bytes > allowance_bytes_ + debt_bytes_max) {
      DropDetail(observation);
      continue;
    }
    allowance_bytes_ -= bytes;
  }
}

void DetailFilter::Remember(uint64_t batch_seq, absl::Time round_time,
                            const RepeatedPtrField<v1::Observation>& observations) {
  for (const v1::Observation& observation : observations) {
    Past& past = pasts_[observation.check_id()];
    past.state = StateOf(observation);
    if (!HasDetail(observation)) continue;
    if (past.variants.size() == kDetailVariantsMax) past.variants.erase(past.variants.begin());
    past.variants.push_back({DetailFingerprint(observation), batch_seq, round_time});
  }
}

void DetailFilter::Reset() { pasts_.clear(); }

void DetailFilter::Expire(absl::Time now) {
  // A clock that was set back makes what was kept look as if it came from the future.
  const auto expired = [&](const Variant& variant) {
    return variant.round_time > now || now - variant.round_time >= kDetailRefresh;
  };
  for (auto& [check_id, past] : pasts_) {
    past.variants.erase(std::remove_if(past.variants.begin(), past.variants.end(), expired),
                        past.variants.end());
  }
  // Checks that no plan has any more end here too.
  absl::erase_if(pasts_, [](const auto& entry) { return entry.second.variants.empty(); });
}

void DetailFilter::Earn(absl::Time now) {
  if (now > earned_until_ && earned_until_ != absl::InfinitePast()) {
    const absl::Duration since = std::min(now - earned_until_, kDetailRefresh);
    allowance_bytes_ += absl::ToInt64Seconds(since) * kDetailBytesPerHour / 3600;
    allowance_bytes_ = std::min(allowance_bytes_, kDetailBytesSavedMax);
  }
  earned_until_ = now;
}

const DetailFilter::Variant* DetailFilter::Find(absl::string_view check_id,
                                                absl::string_view fingerprint) const {
  const auto past = pasts_.find(check_id);
  if (past == pasts_.end()) return nullptr;
  const auto& variants = past->second.variants;
  const auto found = std::find_if(variants.begin(), variants.end(), [&](const Variant& variant) {
    return variant.fingerprint == fingerprint;
  });
  return found == variants.end() ? nullptr : &*found;
}

bool DetailFilter::IsNews(const v1::Observation& observation) const {
  const auto past = pasts_.find(observation.check_id());
  return past == pasts_.end() || past->second.state != StateOf(observation);
}

}  // namespace sightline::agent
