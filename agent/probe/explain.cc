#include "agent/probe/explain.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/probe/evidence.h"
#include "agent/probe/failure.h"
#include "agent/probe/judge.h"
#include "common/layers.h"

namespace sightline::probe {
namespace {

// OONI's word, in a person's words first where they differ.
std::string Say(absl::string_view failure) {
  struct Phrase {
    absl::string_view failure, words;
  };
  static constexpr Phrase kPhrases[] = {
      {kTimeout, "no answer in time"},
      {"timed_out", "no answer in time"},
      {kConnectionReset, "connection reset"},
      {kEof, "connection closed early"},
      {"connection_refused", "connection refused"},
      {"network_unreachable", "no route to the network"},
      {"host_unreachable", "no route to the host"},
      {"dns_nxdomain_error", "the name is said not to exist"},
      {"dns_no_answer", "an answer without addresses"},
      {"dns_refused_error", "the resolver refused the question"},
      {"dns_servfail_error", "the resolver failed"},
      {kDnsWrongId, "only replies with a wrong query id"},
      {kTlsInvalidHostname, "the server proves another name"},
      {kTlsUnknownAuthority, "the certificate leads to an unexpected authority"},
      {kTlsInvalidCertificate, "the certificate is not valid"},
      {kTlsFailedHandshake, "the handshake failed"},
      {kHttpRequestFailed, "not the expected content"},
      {kHttpInvalidRedirect, "a redirect to nowhere"},
      {kHttpUnexpectedRedirect, "too many redirects"},
      {"noise_wrong_root", "the Noise certificate leads to an unexpected root"},
      {"noise_wrong_leaf_key", "the Noise certificate is for another key"},
      {"noise_decryption_failed", "the Noise reply does not fit the question"},
  };
  for (const Phrase& phrase : kPhrases) {
    if (phrase.failure == failure) return absl::StrCat(phrase.words, " (", failure, ")");
  }
  return std::string(failure);
}

// What gives a forged answer away; without any, the answer that somebody in a hurry would believe.
std::string ClueToForgery(const v1::Observation& observation) {
  for (const v1::Attempt& attempt : observation.attempts()) {
    if (!IsImpersonator(attempt)) continue;
    return absl::StrCat("at ", attempt.address(), " ", Say(attempt.tls().failure()));
  }
  for (const v1::DnsResponse& response : observation.dns().responses()) {
    if (response.addresses_size() == 0) {
      return absl::StrCat("one of them: ", Say(FailureFromRcode(response.rcode())));
    }
    if (absl::StrContains(response.addresses(0), '/')) {
      return absl::StrCat("one of them in the reserved range ", response.addresses(0));
    }
  }
  return absl::StrCat("the first is ", observation.dns().responses(0).addresses(0));
}

std::string ExplainDns(const v1::Observation& observation) {
  const v1::DnsEvidence& dns = observation.dns();
  if (dns.failure() == kDnsBogon) {
    for (const v1::DnsResponse& response : dns.responses()) {
      if (response.addresses_size() == 0) continue;
      return absl::StrCat("forged answer: an address in the reserved range ",
                          response.addresses(0));
    }
  }
  if (!dns.failure().empty()) return Say(dns.failure());
  if (dns.responses_size() == 0) return Say(observation.failure());
  const std::string clue = ClueToForgery(observation);
  if (!AnswersDisagree(dns)) return absl::StrCat("forged answer: ", clue);
  return absl::StrCat("forged answer: ", dns.responses_size(), " answers that disagree came, ",
                      clue);
}

struct LayerWords {
  v1::Layer layer;
  absl::string_view words;
};
constexpr LayerWords kLayersAboveDns[] = {{v1::LAYER_TCP, "TCP"},
                                          {v1::LAYER_TLS, "TLS"},
                                          {v1::LAYER_HTTP, "HTTP"},
                                          {v1::LAYER_APP, "application"}};

uint32_t StatusOf(const v1::Attempt& attempt) {
  return attempt.has_websocket() ? attempt.websocket().status() : attempt.http().status();
}

const v1::Cause* CauseOf(const v1::Observation& observation, v1::Layer layer) {
  for (const v1::Cause& cause : observation.causes()) {
    if (cause.layer() == layer) return &cause;
  }
  return nullptr;
}

v1::Mechanism MechanismOf(const v1::Observation& observation, v1::Layer layer) {
  const v1::Cause* cause = CauseOf(observation, layer);
  return cause == nullptr ? v1::MECHANISM_UNSPECIFIED : cause->mechanism();
}

// What the contrasts of the round add.
absl::string_view WordsOf(v1::Mechanism mechanism) {
  switch (mechanism) {
    case v1::MECHANISM_ADDRESS_BLOCKED:
      return ", while neutral servers answer";
    case v1::MECHANISM_PORT_BLOCKED:
      return ", while another port of the same server answers";
    case v1::MECHANISM_PORT_BLOCKED_EVERYWHERE:
      return ", as at neutral servers, whose other ports answer: the whole port is cut";
    case v1::MECHANISM_SERVER_NAME_FILTERED:
      return ", while another name passes";
    case v1::MECHANISM_TLS_FILTERED:
      return ", whatever name is sent, while neutral servers answer";
    case v1::MECHANISM_THROTTLED:
      return ", while bytes came far slower than from neutral servers";
    case v1::MECHANISM_PATH_DOWN:
      return "; neutral servers do not answer either";
    case v1::MECHANISM_BLOCK_PAGE:
      return ", from somebody who did not prove to be the service";
    default:
      return "";
  }
}

// A blocked layer above dns. The evidence may be left out, but the cause never is.
std::string ExplainLayer(const v1::Check& check, const v1::Observation& observation,
                         const LayerWords& layer, const v1::Attempt* best) {
  const v1::Cause* cause = CauseOf(observation, layer.layer);
  std::string failure = best == nullptr ? "" : FailureOf(check, *best).failure;
  if (failure.empty()) failure = cause == nullptr ? observation.failure() : cause->failure();
  std::string words = Say(failure);
  if (layer.layer == v1::LAYER_HTTP && failure == kHttpUnexpectedStatus && best != nullptr) {
    words = absl::StrCat("unexpected status ", StatusOf(*best), " (", failure, ")");
  }
  if (layer.layer == v1::LAYER_TLS && IsCut(failure)) words += " after the server name was sent";
  return absl::StrCat(words,
                      WordsOf(cause == nullptr ? v1::MECHANISM_UNSPECIFIED : cause->mechanism()));
}

}  // namespace

std::string Explain(const v1::Check& check, const v1::Observation& observation) {
  std::vector<std::string> causes;
  const v1::LayerVector& layers = observation.layers();
  const bool dns_blocked = layers.dns() == v1::LAYER_STATE_BLOCKED;
  if (dns_blocked) {
    causes.push_back(
        absl::StrCat("DNS: ",
                     MechanismOf(observation, v1::LAYER_DNS) == v1::MECHANISM_DNS_SYSTEM_RESOLVER
                         ? "only this machine's own resolver: "
                         : "",
                     ExplainDns(observation)));
  }
  const v1::Attempt* best = BestAttempt(check, TellingAttempts(observation, dns_blocked));
  const bool told = dns_blocked && best != nullptr && IsImpersonator(*best);
  for (const LayerWords& layer : kLayersAboveDns) {
    const v1::LayerState state = StateOf(layers, layer.layer);
    if (state == v1::LAYER_STATE_TAINTED) {
      causes.push_back(absl::StrCat(layer.words,
                                    ": cut shortly after an earlier probe was, so it "
                                    "says nothing"));
      break;
    }
    if (state == v1::LAYER_STATE_DOWN) {
      causes.push_back(absl::StrCat(layer.words, ": the genuine service answers with status ",
                                    best == nullptr ? 0 : StatusOf(*best),
                                    ", it is out of order itself"));
      break;
    }
    if (state != v1::LAYER_STATE_BLOCKED) continue;
    // A forger's server was named with the answer that leads to it.
    if (told) break;
    causes.push_back(
        absl::StrCat(layer.words, ": ", ExplainLayer(check, observation, layer, best)));
    // The application layer repeats what the layer below said.
    if (layer.layer == v1::LAYER_HTTP) break;
  }
  return absl::StrJoin(causes, "; ");
}

}  // namespace sightline::probe
