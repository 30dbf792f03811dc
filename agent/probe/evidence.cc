#include "agent/probe/evidence.h"

#include <algorithm>
#include <set>

#include "agent/probe/failure.h"
#include "agent/probe/redirect.h"
#include "common/layers.h"

namespace sightline::probe {
namespace {

// An exchange takes about this many round trips, whatever the throughput: handshake, request, and
// the first steps of TCP's slow start.
constexpr double kRoundTrips = 4;
constexpr uint32_t kBytesToTell = 1000;
constexpr double kSlowBps = 64'000;
constexpr uint32_t kSwitchingProtocols = 101;

// How far an attempt got; a server of another name counts for less than silence, because it says
// nothing about the path to the genuine one.
int Reach(const v1::Check& check, const v1::Attempt& attempt) {
  if (IsImpersonator(attempt)) return 0;
  if (AttemptSucceeded(check, attempt) || LeadsOn(check, attempt)) return 6;
  if (ServiceSaysDown(attempt)) return 5;
  if (attempt.has_noise()) return 4;
  if (attempt.has_http() || attempt.has_websocket()) return 3;
  return attempt.connect_failure().empty() ? 2 : 1;
}

// Whether the HTTP part is what the check's protocol asks for.
bool HttpSucceeded(v1::CheckProtocol protocol, const v1::Attempt& attempt) {
  if (ProtocolHasWebSocket(protocol)) {
    return attempt.has_websocket() && attempt.websocket().failure().empty() &&
           attempt.websocket().status() == kSwitchingProtocols;
  }
  return attempt.has_http() && attempt.http().expected();
}

// Whether the attempt was made as the filter says; what is not known does not exclude it.
bool Concerns(const v1::Attempt& attempt, const ContrastFilter& filter) {
  if (filter.port != 0 && attempt.port() != filter.port) return false;
  const auto differ = [](absl::string_view wanted, absl::string_view met) {
    return !wanted.empty() && !met.empty() && wanted != met;
  };
  return !differ(filter.address, attempt.address()) &&
         !differ(filter.server_name, attempt.tls().server_name());
}

}  // namespace

bool ProtocolHasTls(v1::CheckProtocol protocol) { return ProtocolHas(protocol, v1::LAYER_TLS); }

bool ProtocolHasHttp(v1::CheckProtocol protocol) { return ProtocolHas(protocol, v1::LAYER_HTTP); }

bool ProtocolHasWebSocket(v1::CheckProtocol protocol) {
  return protocol == v1::CHECK_PROTOCOL_WEBSOCKET || protocol == v1::CHECK_PROTOCOL_NOISE_WEBSOCKET;
}

bool ProtocolHasNoise(v1::CheckProtocol protocol) {
  return protocol == v1::CHECK_PROTOCOL_NOISE || protocol == v1::CHECK_PROTOCOL_NOISE_WEBSOCKET;
}

bool ProtocolProves(v1::CheckProtocol protocol) { return ProtocolHas(protocol, v1::LAYER_APP); }

bool IsAnchor(const v1::Target& target) {
  return target.kind() == v1::TARGET_KIND_DOMESTIC_ANCHOR ||
         target.kind() == v1::TARGET_KIND_FOREIGN_ANCHOR;
}

bool IsRange(absl::string_view address) { return address.find('/') != absl::string_view::npos; }

bool AnswersDisagree(const v1::DnsEvidence& dns) {
  std::set<std::set<std::string>> answers;
  for (const v1::DnsResponse& response : dns.responses()) {
    answers.insert({response.addresses().begin(), response.addresses().end()});
  }
  return answers.size() > 1;
}

bool IsDenial(absl::string_view failure) {
  return failure == FailureFromRcode(0) || failure == FailureFromRcode(3);
}

std::vector<std::string> AddressesToTry(const v1::DnsEvidence& first, const Lookups& others) {
  std::vector<const v1::DnsResponse*> responses;
  const auto take = [&](const v1::DnsEvidence& lookup) {
    for (const v1::DnsResponse& response : lookup.responses()) {
      if (response.addresses_size() > 0 && response.forged_range().empty()) {
        responses.push_back(&response);
      }
    }
  };
  take(first);
  for (const v1::DnsEvidence& lookup : others) {
    const bool usable = lookup.source() != v1::DNS_SOURCE_INJECTION_CONTROL &&
                        lookup.question() != v1::DNS_QUESTION_AAAA;
    if (usable) take(lookup);
  }
  std::vector<std::string> addresses;
  const auto add = [&](const std::string& address) {
    const bool known = std::find(addresses.begin(), addresses.end(), address) != addresses.end();
    const bool v4 = !IsRange(address) && address.find(':') == std::string::npos;
    if (!known && v4 && addresses.size() < kAddressesPerCheckMax) {
      addresses.push_back(address);
    }
  };
  for (const v1::DnsResponse* response : responses) add(response->addresses(0));
  for (const v1::DnsResponse* response : responses) {
    for (const std::string& address : response->addresses()) add(address);
  }
  return addresses;
}

bool StatusExpected(const v1::Check& check, uint32_t status) {
  return (check.status_min() == 0 || status >= check.status_min()) &&
         (check.status_max() == 0 || status <= check.status_max());
}

bool ProvedIdentity(const v1::Attempt& attempt) {
  return (attempt.has_tls() && attempt.tls().verified()) ||
         (attempt.has_noise() && attempt.noise().verified());
}

bool AttemptSucceeded(const v1::Check& check, const v1::Attempt& attempt) {
  const v1::CheckProtocol protocol = check.protocol();
  if (!attempt.connect_failure().empty()) return false;
  if (ProtocolHasTls(protocol) && !(attempt.has_tls() && attempt.tls().verified())) return false;
  if (ProtocolHasHttp(protocol) && !HttpSucceeded(protocol, attempt)) return false;
  // Expectations hold for the last response.
  if (LeadsOn(check, attempt)) return false;
  return !ProtocolHasNoise(protocol) || (attempt.has_noise() && attempt.noise().verified());
}

bool LeadsOn(const v1::Check& check, const v1::Attempt& attempt) {
  if (check.redirects_max() == 0 || !attempt.has_http()) return false;
  return IsRedirect(attempt.http().status()) && attempt.http().failure().empty();
}

bool ServiceSaysDown(const v1::Attempt& attempt) {
  if (!attempt.has_tls() || !attempt.tls().verified()) return false;
  if (attempt.has_websocket()) return attempt.websocket().status() >= 500;
  return attempt.has_http() && !attempt.http().expected() && attempt.http().failure().empty() &&
         attempt.http().status() >= 500;
}

bool IsImpersonator(const v1::Attempt& attempt) {
  if (attempt.has_tls() && (attempt.tls().failure() == kTlsInvalidHostname ||
                            attempt.tls().failure() == kTlsUnknownAuthority)) {
    return true;
  }
  return !ProvedIdentity(attempt) && IsNoiseFailure(attempt.noise().failure());
}

bool IsCut(absl::string_view failure) {
  return failure == kTimeout || failure == kConnectionReset || failure == kEof ||
         failure == "timed_out" || failure == "connection_aborted" || failure == "network_reset";
}

const v1::Attempt* BestAttempt(const v1::Check& check,
                               const std::vector<const v1::Attempt*>& attempts) {
  const auto best = std::max_element(attempts.begin(), attempts.end(),
                                     [&](const v1::Attempt* a, const v1::Attempt* b) {
                                       return Reach(check, *a) < Reach(check, *b);
                                     });
  return best == attempts.end() ? nullptr : *best;
}

AttemptFailure FailureOf(const v1::Check& check, const v1::Attempt& attempt) {
  if (!attempt.connect_failure().empty()) return {kConnect, attempt.connect_failure()};
  if (attempt.has_tls() && !attempt.tls().failure().empty()) {
    return {kTlsHandshake, attempt.tls().failure()};
  }
  if (attempt.has_websocket() && !attempt.websocket().failure().empty()) {
    return {kHttpRoundTrip, attempt.websocket().failure()};
  }
  if (attempt.has_noise() && !attempt.noise().failure().empty()) {
    return {kNoiseHandshake, attempt.noise().failure()};
  }
  if (!attempt.has_http() || attempt.http().expected()) return {};
  if (!attempt.http().failure().empty()) return {kHttpRoundTrip, attempt.http().failure()};
  const bool status_expected = StatusExpected(check, attempt.http().status());
  return {kHttpRoundTrip,
          std::string(status_expected ? kHttpRequestFailed : kHttpUnexpectedStatus)};
}

double ThroughputBps(const v1::Attempt& attempt) {
  if (attempt.bytes_received() < kBytesToTell) return 0;
  const double spent_us = static_cast<double>(attempt.tls().handshake_us()) +
                          attempt.http().exchange_us() + attempt.websocket().upgrade_us() +
                          attempt.noise().handshake_us();
  const double beyond_us = std::max(1000.0, spent_us - kRoundTrips * attempt.connect_us());
  return attempt.bytes_received() * 8e6 / beyond_us;
}

bool IsSlow(const v1::Attempt& attempt) {
  const double bps = ThroughputBps(attempt);
  return bps > 0 && bps < kSlowBps;
}

v1::LayerState ContrastState(const v1::Observation& seen, v1::ContrastKind kind,
                             const ContrastFilter& filter) {
  v1::LayerState state = v1::LAYER_STATE_UNTESTED;
  const auto rank = [](v1::LayerState s) {
    return s == v1::LAYER_STATE_OK        ? 3
           : s == v1::LAYER_STATE_BLOCKED ? 2
           : s == v1::LAYER_STATE_TAINTED ? 1
                                          : 0;
  };
  for (const v1::ContrastEvidence& contrast : seen.contrasts()) {
    if (contrast.kind() != kind) continue;
    if (!Concerns(contrast.attempt(), filter)) continue;
    if (rank(contrast.state()) > rank(state)) state = contrast.state();
  }
  return state;
}

}  // namespace sightline::probe
