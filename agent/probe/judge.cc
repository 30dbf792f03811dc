#include "agent/probe/judge.h"

#include <algorithm>
#include <set>

#include "absl/strings/string_view.h"
#include "agent/probe/failure.h"

namespace sightline::probe {
namespace {

bool IsRange(absl::string_view address) { return address.find('/') != absl::string_view::npos; }

v1::LayerState StateOfFailure(absl::string_view failure) {
  return IsLocalFailure(failure) ? v1::LAYER_STATE_UNTESTED : v1::LAYER_STATE_BLOCKED;
}

bool AllReserved(const v1::DnsResponse& response) {
  return response.addresses_size() > 0 &&
         std::all_of(response.addresses().begin(), response.addresses().end(),
                     [](const std::string& address) { return IsRange(address); });
}

bool ProvedIdentity(const v1::Attempt& attempt) {
  return attempt.has_tls() && attempt.tls().verified();
}

bool ServiceSaysDown(const v1::Attempt& attempt) {
  return ProvedIdentity(attempt) && attempt.has_http() && !attempt.http().expected() &&
         attempt.http().failure().empty() && attempt.http().status() >= 500;
}

// How far an attempt got; a server of another name counts for less than silence, because it says
// nothing about the path to the genuine one.
int Reach(v1::CheckProtocol protocol, const v1::Attempt& attempt) {
  if (IsImpersonator(attempt)) return 0;
  if (AttemptSucceeded(protocol, attempt)) return 5;
  if (ServiceSaysDown(attempt)) return 4;
  if (attempt.has_http()) return 3;
  return attempt.connect_failure().empty() ? 2 : 1;
}

const v1::Attempt* AttemptAt(const Attempts& attempts, absl::string_view address) {
  const auto found =
      std::find_if(attempts.begin(), attempts.end(),
                   [&](const v1::Attempt& attempt) { return attempt.address() == address; });
  return found == attempts.end() ? nullptr : &*found;
}

// Whether someone who believes this response alone meets the genuine service.
bool LeadsToProof(const v1::DnsResponse& response, const Attempts& attempts) {
  if (response.addresses_size() == 0) return false;
  const v1::Attempt* first = AttemptAt(attempts, response.addresses(0));
  return first != nullptr && ProvedIdentity(*first);
}

v1::LayerState DnsState(const v1::DnsEvidence& dns, const Attempts& attempts) {
  if (!dns.failure().empty()) return StateOfFailure(dns.failure());
  if (AnswersDisagree(dns)) {
    const bool all_proved =
        std::all_of(dns.responses().begin(), dns.responses().end(),
                    [&](const v1::DnsResponse& r) { return LeadsToProof(r, attempts); });
    return all_proved ? v1::LAYER_STATE_OK : v1::LAYER_STATE_BLOCKED;
  }
  const bool proved = std::any_of(attempts.begin(), attempts.end(), ProvedIdentity);
  const bool contradicted = std::any_of(attempts.begin(), attempts.end(), IsImpersonator);
  return contradicted && !proved ? v1::LAYER_STATE_BLOCKED : v1::LAYER_STATE_OK;
}

// The first failure when the DNS layer is not OK.
AttemptFailure FailureOfDns(const v1::Check& check, const v1::DnsEvidence& dns,
                            const Attempts& attempts) {
  if (!dns.failure().empty()) return {kResolve, dns.failure()};
  for (const v1::DnsResponse& response : dns.responses()) {
    if (response.addresses_size() == 0) {
      return {kResolve, std::string(FailureFromRcode(response.rcode()))};
    }
    if (AllReserved(response)) return {kResolve, std::string(kDnsBogon)};
  }
  // OONI has no word of its own for answers that race each other.
  if (AnswersDisagree(dns)) return {kResolve, std::string(kDnsMisbehaving)};
  // A lone answer is known to be forged by the server that it leads to.
  const auto impersonator = std::find_if(attempts.begin(), attempts.end(), IsImpersonator);
  return impersonator == attempts.end() ? AttemptFailure() : FailureOf(check, *impersonator);
}

void JudgeAttempt(v1::CheckProtocol protocol, const v1::Attempt& attempt, v1::LayerVector* layers) {
  if (!attempt.connect_failure().empty()) {
    layers->set_tcp(StateOfFailure(attempt.connect_failure()));
    return;
  }
  layers->set_tcp(v1::LAYER_STATE_OK);
  if (ProtocolHasTls(protocol)) {
    if (!attempt.has_tls()) return;
    if (!attempt.tls().verified()) {
      layers->set_tls(StateOfFailure(attempt.tls().failure()));
      return;
    }
    layers->set_tls(v1::LAYER_STATE_OK);
    if (protocol == v1::CHECK_PROTOCOL_TLS) layers->set_app(v1::LAYER_STATE_OK);
  }
  if (!ProtocolHasHttp(protocol) || !attempt.has_http()) return;
  v1::LayerState state = v1::LAYER_STATE_BLOCKED;
  if (attempt.http().expected()) state = v1::LAYER_STATE_OK;
  if (ServiceSaysDown(attempt)) state = v1::LAYER_STATE_DOWN;
  layers->set_http(state);
  if (!ProtocolHasTls(protocol)) return;
  // Without a response there was nothing for the service to say.
  layers->set_app(attempt.http().failure().empty() ? state : v1::LAYER_STATE_UNTESTED);
}

}  // namespace

bool ProtocolHasTls(v1::CheckProtocol protocol) {
  return protocol == v1::CHECK_PROTOCOL_TLS || protocol == v1::CHECK_PROTOCOL_HTTPS;
}

bool ProtocolHasHttp(v1::CheckProtocol protocol) {
  return protocol == v1::CHECK_PROTOCOL_HTTP || protocol == v1::CHECK_PROTOCOL_HTTPS;
}

v1::LayerVector UntestedLayers(v1::CheckProtocol protocol) {
  v1::LayerVector layers;
  layers.set_dns(v1::LAYER_STATE_UNTESTED);
  if (protocol != v1::CHECK_PROTOCOL_DNS) layers.set_tcp(v1::LAYER_STATE_UNTESTED);
  if (ProtocolHasTls(protocol)) {
    layers.set_tls(v1::LAYER_STATE_UNTESTED);
    layers.set_app(v1::LAYER_STATE_UNTESTED);
  }
  if (ProtocolHasHttp(protocol)) layers.set_http(v1::LAYER_STATE_UNTESTED);
  return layers;
}

bool AnswersDisagree(const v1::DnsEvidence& dns) {
  std::set<std::set<std::string>> answers;
  for (const v1::DnsResponse& response : dns.responses()) {
    answers.insert({response.addresses().begin(), response.addresses().end()});
  }
  return answers.size() > 1;
}

std::vector<std::string> AddressesToTry(const v1::DnsEvidence& dns) {
  std::vector<std::string> addresses;
  const auto add = [&](const std::string& address) {
    const bool known = std::find(addresses.begin(), addresses.end(), address) != addresses.end();
    if (!known && !IsRange(address) && addresses.size() < kAddressesPerCheckMax) {
      addresses.push_back(address);
    }
  };
  for (const v1::DnsResponse& response : dns.responses()) {
    if (response.addresses_size() > 0) add(response.addresses(0));
  }
  for (const v1::DnsResponse& response : dns.responses()) {
    for (const std::string& address : response.addresses()) add(address);
  }
  return addresses;
}

bool StatusExpected(const v1::Check& check, uint32_t status) {
  return (check.status_min() == 0 || status >= check.status_min()) &&
         (check.status_max() == 0 || status <= check.status_max());
}

bool AttemptSucceeded(v1::CheckProtocol protocol, const v1::Attempt& attempt) {
  if (!attempt.connect_failure().empty()) return false;
  if (ProtocolHasTls(protocol) && !ProvedIdentity(attempt)) return false;
  return !ProtocolHasHttp(protocol) || (attempt.has_http() && attempt.http().expected());
}

bool IsImpersonator(const v1::Attempt& attempt) {
  return attempt.has_tls() && (attempt.tls().failure() == kTlsInvalidHostname ||
                               attempt.tls().failure() == kTlsUnknownAuthority);
}

AttemptFailure FailureOf(const v1::Check& check, const v1::Attempt& attempt) {
  if (!attempt.connect_failure().empty()) return {kConnect, attempt.connect_failure()};
  if (attempt.has_tls() && !attempt.tls().failure().empty()) {
    return {kTlsHandshake, attempt.tls().failure()};
  }
  if (!attempt.has_http() || attempt.http().expected()) return {};
  if (!attempt.http().failure().empty()) return {kHttpRoundTrip, attempt.http().failure()};
  const bool status_expected = StatusExpected(check, attempt.http().status());
  return {kHttpRoundTrip,
          std::string(status_expected ? kHttpRequestFailed : kHttpUnexpectedStatus)};
}

const v1::Attempt* BestAttempt(v1::CheckProtocol protocol, const Attempts& attempts) {
  const auto best = std::max_element(attempts.begin(), attempts.end(),
                                     [&](const v1::Attempt& a, const v1::Attempt& b) {
                                       return Reach(protocol, a) < Reach(protocol, b);
                                     });
  return best == attempts.end() ? nullptr : &*best;
}

Judgement Judge(const v1::Check& check, const v1::DnsEvidence* dns, const Attempts& attempts) {
  Judgement judgement;
  judgement.layers = UntestedLayers(check.protocol());
  if (dns == nullptr) return judgement;
  judgement.layers.set_dns(DnsState(*dns, attempts));
  AttemptFailure failure;
  if (const v1::Attempt* best = BestAttempt(check.protocol(), attempts)) {
    JudgeAttempt(check.protocol(), *best, &judgement.layers);
    failure = FailureOf(check, *best);
  }
  if (judgement.layers.dns() != v1::LAYER_STATE_OK) {
    failure = FailureOfDns(check, *dns, attempts);
  }
  judgement.failure = std::move(failure.failure);
  judgement.failed_operation = std::string(failure.operation);
  return judgement;
}

}  // namespace sightline::probe
