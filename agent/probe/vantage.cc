#include "agent/probe/vantage.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>

#include "agent/probe/judge.h"
#include "common/plan.h"
#include "common/wire.h"

namespace sightline::probe {
namespace {

constexpr absl::string_view kFakeIpRange = "198.18.0.0/15";
// Ends with the year 9999; a Date beyond it is nonsense.
constexpr int64_t kDateMaxS = 253'402'300'799;
// A server tells whole seconds.
constexpr int64_t kDateHalfMs = 500;

// Lower is more telling.
int Rank(v1::Egress egress) {
  switch (egress) {
    case v1::EGRESS_UNSPECIFIED:
      return 3;
    case v1::EGRESS_NONE:
      return 2;
    case v1::EGRESS_DIRECT:
      return 1;
    default:
      return 0;
  }
}

void DescribeRoute(const std::vector<Glimpse>& glimpses, v1::Vantage& vantage) {
  const Glimpse* first = nullptr;
  for (const Glimpse& glimpse : glimpses) {
    if (glimpse.egress == v1::EGRESS_UNSPECIFIED) continue;
    if (Rank(glimpse.egress) < Rank(vantage.egress())) vantage.set_egress(glimpse.egress);
    if (first == nullptr) first = &glimpse;
    if (glimpse.egress != first->egress || glimpse.interface != first->interface) {
      vantage.set_route_changed(true);
    }
  }
}

// Adds one comparison to those made before. Addresses of different families do not compare.
void Compare(const std::optional<IpAddress>& a, const std::optional<IpAddress>& b,
             v1::Agreement& so_far) {
  if (!a.has_value() || !b.has_value() || a->v6 != b->v6) return;
  if (a->bytes != b->bytes) {
    so_far = v1::AGREEMENT_DIFFERENT;
  } else if (so_far == v1::AGREEMENT_UNSPECIFIED) {
    so_far = v1::AGREEMENT_SAME;
  }
}

// Whether the agent's address, as one side sees it, stays the same from look to look.
void CompareOverTime(const std::vector<Glimpse>& glimpses, std::optional<IpAddress> Glimpse::*side,
                     v1::Agreement& so_far) {
  for (size_t i = 0; i < glimpses.size(); ++i) {
    for (size_t j = 0; j < i; ++j) Compare(glimpses[i].*side, glimpses[j].*side, so_far);
  }
}

void DescribeEchoes(const std::vector<Glimpse>& glimpses, v1::Vantage& vantage) {
  v1::Agreement stable = v1::AGREEMENT_UNSPECIFIED;
  CompareOverTime(glimpses, &Glimpse::domestic_echo, stable);
  CompareOverTime(glimpses, &Glimpse::foreign_echo, stable);
  v1::Agreement agree = v1::AGREEMENT_UNSPECIFIED;
  for (const Glimpse& glimpse : glimpses) {
    Compare(glimpse.domestic_echo, glimpse.foreign_echo, agree);
  }
  vantage.set_address_stable(stable);
  vantage.set_echoes_agree(agree);
}

bool HasFakeIp(const v1::Observation& observation) {
  for (const v1::DnsEvidence& lookup : observation.other_lookups()) {
    if (lookup.source() != v1::DNS_SOURCE_SYSTEM) continue;
    for (const v1::DnsResponse& response : lookup.responses()) {
      for (const std::string& address : response.addresses()) {
        if (address == kFakeIpRange) return true;
      }
    }
  }
  return false;
}

struct ClockSample {
  int64_t offset_ms = 0;
  int64_t error_ms = 0;
};

// The exchange that ended the observation; nullptr when something else did, for then nothing tells
// when it took place.
const v1::Attempt* LastExchange(const v1::Observation& observation) {
  if (!observation.contrasts().empty()) return nullptr;
  const auto& attempts = observation.redirects().empty()
                             ? observation.attempts()
                             : observation.redirects().rbegin()->attempts();
  return attempts.empty() ? nullptr : &*attempts.rbegin();
}

std::optional<ClockSample> SampleClock(const v1::Observation& observation, int64_t round_time_ms) {
  const v1::Attempt* attempt = LastExchange(observation);
  if (attempt == nullptr || !attempt->tls().verified()) return std::nullopt;
  const v1::HttpEvidence& http = attempt->http();
  if (!http.failure().empty() || http.date_s() <= 0 || http.date_s() > kDateMaxS) {
    return std::nullopt;
  }
  const int64_t half_exchange_ms = http.exchange_us() / 2000;
  const int64_t agent_ms =
      round_time_ms + observation.start_offset_ms() + observation.duration_ms() - half_exchange_ms;
  return ClockSample{agent_ms - (http.date_s() * 1000 + kDateHalfMs),
                     kDateHalfMs + half_exchange_ms};
}

void DescribeClock(const std::vector<v1::Observation>& observations, int64_t round_time_ms,
                   v1::Vantage& vantage) {
  std::vector<ClockSample> samples;
  for (const v1::Observation& observation : observations) {
    const std::optional<ClockSample> sample = SampleClock(observation, round_time_ms);
    if (sample.has_value()) samples.push_back(*sample);
  }
  if (samples.empty()) return;
  std::sort(samples.begin(), samples.end(),
            [](const ClockSample& a, const ClockSample& b) { return a.offset_ms < b.offset_ms; });
  const ClockSample median = samples[samples.size() / 2];
  std::vector<int64_t> distances;
  for (const ClockSample& sample : samples) {
    distances.push_back(std::abs(sample.offset_ms - median.offset_ms));
  }
  std::sort(distances.begin(), distances.end());
  if (std::abs(median.offset_ms) > kClockOffsetMaxMs) return;
  const int64_t error_ms = median.error_ms + distances[distances.size() / 2];
  vantage.set_clock_offset_ms(median.offset_ms);
  vantage.set_clock_offset_error_ms(
      static_cast<uint32_t>(std::min<int64_t>(error_ms, std::numeric_limits<uint32_t>::max())));
}

// Whether the attempt shows a round trip to the anchor: over TLS only to a proven one, for a proxy
// on the path may accept any connection.
bool Reached(v1::CheckProtocol protocol, const v1::Attempt& attempt) {
  return attempt.connect_us() > 0 && attempt.connect_failure().empty() &&
         (!ProtocolHasTls(protocol) || attempt.tls().verified());
}

void DescribeDistance(const v1::Plan& plan, const std::vector<v1::Observation>& observations,
                      v1::Vantage& vantage) {
  const auto shorter = [](uint32_t so_far, uint32_t next) {
    return so_far == 0 ? next : std::min(so_far, next);
  };
  const PlanIndex index(plan);
  for (const v1::Observation& observation : observations) {
    const PlanIndex::Entry* entry = index.Find(observation.check_id());
    if (entry == nullptr) continue;
    const v1::TargetKind kind = entry->target->kind();
    for (const v1::Attempt& attempt : observation.attempts()) {
      if (!Reached(entry->check->protocol(), attempt)) continue;
      const uint32_t us = attempt.connect_us();
      if (kind == v1::TARGET_KIND_DOMESTIC_ANCHOR) {
        vantage.set_domestic_connect_us(shorter(vantage.domestic_connect_us(), us));
      } else if (kind == v1::TARGET_KIND_FOREIGN_ANCHOR) {
        vantage.set_foreign_connect_us(shorter(vantage.foreign_connect_us(), us));
      }
    }
  }
}

v1::Presence CaptivePortal(const v1::Observation& observation) {
  v1::Presence presence = v1::PRESENCE_UNSPECIFIED;
  const auto look = [&](const google::protobuf::RepeatedPtrField<v1::Attempt>& attempts) {
    for (const v1::Attempt& attempt : attempts) {
      if (attempt.http().status() == 0 || !attempt.http().failure().empty()) continue;
      if (attempt.http().expected()) {
        presence = v1::PRESENCE_ABSENT;
      } else if (presence == v1::PRESENCE_UNSPECIFIED) {
        presence = v1::PRESENCE_PRESENT;
      }
    }
  };
  look(observation.attempts());
  for (const v1::Redirect& redirect : observation.redirects()) look(redirect.attempts());
  return presence;
}

}  // namespace

v1::Vantage DescribeVantage(const v1::Plan& plan, const std::vector<Glimpse>& glimpses,
                            const std::vector<v1::Observation>& observations,
                            const v1::Observation* captive_portal, int64_t round_time_ms,
                            const MachineFacts& facts) {
  v1::Vantage vantage;
  vantage.set_proxy_configured(facts.proxy_configured);
  vantage.set_tcp_timestamps(facts.tcp_timestamps);
  DescribeRoute(glimpses, vantage);
  DescribeEchoes(glimpses, vantage);
  vantage.set_fake_ip_dns(std::any_of(observations.begin(), observations.end(), HasFakeIp));
  DescribeClock(observations, round_time_ms, vantage);
  DescribeDistance(plan, observations, vantage);
  if (captive_portal != nullptr) vantage.set_captive_portal(CaptivePortal(*captive_portal));
  return vantage;
}

v1::Presence TcpTimestamps(absl::string_view text) {
  if (text.empty()) return v1::PRESENCE_UNSPECIFIED;
  // 2 is 1 without a random offset for each connection (ip-sysctl).
  if (text[0] == '1' || text[0] == '2') return v1::PRESENCE_PRESENT;
  return text[0] == '0' ? v1::PRESENCE_ABSENT : v1::PRESENCE_UNSPECIFIED;
}

bool ProxyConfigured() {
  for (const char* name :
       {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return true;
  }
  return false;
}

MachineFacts ReadMachineFacts() {
  std::ifstream file("/proc/sys/net/ipv4/tcp_timestamps");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return {ProxyConfigured(), TcpTimestamps(text)};
}

}  // namespace sightline::probe
