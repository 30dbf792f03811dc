#include "agent/probe/judge.h"

#include <algorithm>

#include "agent/probe/failure.h"
#include "agent/probe/redirect.h"

namespace sightline::probe {
namespace {

v1::LayerState StateOfFailure(absl::string_view failure) {
  return IsLocalFailure(failure) ? v1::LAYER_STATE_UNTESTED : v1::LAYER_STATE_BLOCKED;
}

// State of an answer that the service, or somebody in its place, gave.
v1::LayerState StateOfAnswer(const v1::Check& check, const v1::Attempt& attempt, bool as_expected) {
  if (as_expected || LeadsOn(check, attempt)) return v1::LAYER_STATE_OK;
  return ServiceSaysDown(attempt) ? v1::LAYER_STATE_DOWN : v1::LAYER_STATE_BLOCKED;
}

// HTTP exchange or upgrade, and app where it depends on nothing else. False when nothing above can
// be told.
bool JudgeHttp(const v1::Check& check, const v1::Attempt& attempt, v1::LayerVector* layers) {
  const bool websocket = ProtocolHasWebSocket(check.protocol());
  if (websocket ? !attempt.has_websocket() : !attempt.has_http()) return false;
  const std::string& failure = websocket ? attempt.websocket().failure() : attempt.http().failure();
  const bool expected = websocket ? failure.empty() : attempt.http().expected();
  const bool answered = websocket ? attempt.websocket().status() != 0 : failure.empty();
  v1::LayerState state = StateOfAnswer(check, attempt, expected);
  if (!answered) state = StateOfFailure(failure);
  layers->set_http(state);
  if (ProtocolHasTls(check.protocol()) && answered) layers->set_app(state);
  return state == v1::LAYER_STATE_OK;
}

void JudgeAttempt(const v1::Check& check, const v1::Attempt& attempt, v1::LayerVector* layers) {
  const v1::CheckProtocol protocol = check.protocol();
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
  if (ProtocolHasHttp(protocol) && !JudgeHttp(check, attempt, layers)) return;
  if (!ProtocolHasNoise(protocol)) return;
  layers->set_app(v1::LAYER_STATE_UNTESTED);
  if (!attempt.has_noise()) return;
  layers->set_app(attempt.noise().verified() ? v1::LAYER_STATE_OK
                                             : StateOfFailure(attempt.noise().failure()));
}

// Failures within the penalty of an earlier probe say nothing.
void Taint(v1::LayerVector* layers) {
  const auto tainted = [](v1::LayerState state) {
    return state == v1::LAYER_STATE_BLOCKED ? v1::LAYER_STATE_TAINTED : state;
  };
  layers->set_tcp(tainted(layers->tcp()));
  layers->set_tls(tainted(layers->tls()));
  layers->set_http(tainted(layers->http()));
  layers->set_app(tainted(layers->app()));
}

// The judgement of one URL: the first or one that a redirect led to.
Judgement JudgeHop(const v1::Check& check, const v1::Observation& seen) {
  Judgement judgement;
  judgement.layers = UntestedLayers(check.protocol());
  if (!seen.has_dns()) return judgement;
  DnsJudgement dns = JudgeDns(check, seen);
  judgement.layers.set_dns(dns.state);
  const auto attempts = TellingAttempts(seen, dns.state == v1::LAYER_STATE_BLOCKED);
  const v1::Attempt* best = BestAttempt(check, attempts);
  AttemptFailure failure;
  if (best != nullptr) {
    JudgeAttempt(check, *best, &judgement.layers);
    if (best->inside_penalty()) Taint(&judgement.layers);
    failure = FailureOf(check, *best);
    if (LeadsOn(check, *best)) failure = {};
  }
  if (dns.state == v1::LAYER_STATE_BLOCKED) {
    v1::Cause& cause = judgement.causes.emplace_back();
    cause.set_layer(v1::LAYER_DNS);
    cause.set_mechanism(dns.mechanism);
    cause.set_failure(dns.failure.failure);
  }
  if (best != nullptr) {
    for (v1::Cause& cause : FindCauses(check, seen, judgement.layers, *best)) {
      judgement.causes.push_back(std::move(cause));
    }
  }
  if (dns.state != v1::LAYER_STATE_OK) failure = dns.failure;
  judgement.failure = std::move(failure.failure);
  judgement.failed_operation = std::string(failure.operation);
  return judgement;
}

int Badness(v1::LayerState state) {
  switch (state) {
    case v1::LAYER_STATE_BLOCKED:
      return 5;
    case v1::LAYER_STATE_DOWN:
      return 4;
    case v1::LAYER_STATE_TAINTED:
      return 3;
    case v1::LAYER_STATE_UNTESTED:
      return 2;
    case v1::LAYER_STATE_OK:
      return 1;
    default:
      return 0;
  }
}

v1::LayerState Worse(v1::LayerState a, v1::LayerState b) { return Badness(a) < Badness(b) ? b : a; }

// What a hop says besides what the hops before it said.
void Merge(const Judgement& hop, Judgement* whole) {
  v1::LayerVector& layers = whole->layers;
  layers.set_dns(Worse(layers.dns(), hop.layers.dns()));
  layers.set_tcp(Worse(layers.tcp(), hop.layers.tcp()));
  layers.set_tls(Worse(layers.tls(), hop.layers.tls()));
  layers.set_http(Worse(layers.http(), hop.layers.http()));
  layers.set_app(Worse(layers.app(), hop.layers.app()));
  whole->causes.insert(whole->causes.end(), hop.causes.begin(), hop.causes.end());
  if (!whole->failure.empty()) return;
  whole->failure = hop.failure;
  whole->failed_operation = hop.failed_operation;
}

// The chain of redirects did not end as it should: `failure` says how.
void Break(absl::string_view failure, bool proved, Judgement* whole) {
  whole->layers.set_http(v1::LAYER_STATE_BLOCKED);
  if (whole->layers.app() != v1::LAYER_STATE_UNSPECIFIED) {
    whole->layers.set_app(v1::LAYER_STATE_BLOCKED);
  }
  v1::Cause& cause = whole->causes.emplace_back();
  cause.set_layer(v1::LAYER_HTTP);
  cause.set_mechanism(proved ? v1::MECHANISM_UNSPECIFIED : v1::MECHANISM_BLOCK_PAGE);
  cause.set_failure(std::string(failure));
  if (!whole->failure.empty()) return;
  whole->failure = std::string(failure);
  whole->failed_operation = std::string(kHttpRoundTrip);
}

const v1::Attempt* LastBest(const v1::Check& check, const v1::Observation& seen) {
  if (seen.redirects().empty()) return BestAttempt(check, TellingAttempts(seen, true));
  std::vector<const v1::Attempt*> attempts;
  for (const v1::Attempt& attempt : seen.redirects().rbegin()->attempts()) {
    attempts.push_back(&attempt);
  }
  return BestAttempt(check, attempts);
}

}  // namespace

std::vector<const v1::Attempt*> TellingAttempts(const v1::Observation& seen, bool dns_blocked) {
  std::vector<const v1::Attempt*> attempts;
  for (const v1::Attempt& attempt : seen.attempts()) attempts.push_back(&attempt);
  if (!dns_blocked) return attempts;
  for (const v1::ContrastEvidence& contrast : seen.contrasts()) {
    if (contrast.kind() == v1::CONTRAST_KIND_GENUINE_ADDRESS && contrast.has_attempt()) {
      attempts.push_back(&contrast.attempt());
    }
  }
  return attempts;
}

v1::LayerVector UntestedLayers(v1::CheckProtocol protocol) {
  v1::LayerVector layers;
  layers.set_dns(v1::LAYER_STATE_UNTESTED);
  if (protocol != v1::CHECK_PROTOCOL_DNS) layers.set_tcp(v1::LAYER_STATE_UNTESTED);
  if (ProtocolHasTls(protocol)) layers.set_tls(v1::LAYER_STATE_UNTESTED);
  if (ProtocolHasHttp(protocol)) layers.set_http(v1::LAYER_STATE_UNTESTED);
  if (ProtocolProves(protocol)) layers.set_app(v1::LAYER_STATE_UNTESTED);
  return layers;
}

std::optional<v1::Check> CheckOfHop(const v1::Check& check, absl::string_view absolute_url) {
  const std::optional<RedirectTarget> target =
      FollowLocation({true, "unused.invalid", 443, "/"}, absolute_url);
  if (!target.has_value()) return std::nullopt;
  v1::Check hop = check;
  hop.set_protocol(target->tls ? v1::CHECK_PROTOCOL_HTTPS : v1::CHECK_PROTOCOL_HTTP);
  hop.set_host(target->host);
  hop.set_port(target->port);
  hop.set_path(target->path);
  hop.clear_genuine_addresses();
  hop.clear_other_ports();
  return hop;
}

Judgement Judge(const v1::Check& check, const v1::Observation& seen) {
  Judgement whole = JudgeHop(check, seen);
  bool clear = !ProtocolProves(check.protocol());
  for (const v1::Redirect& redirect : seen.redirects()) {
    const std::optional<v1::Check> hop = CheckOfHop(check, redirect.location());
    if (!hop.has_value()) continue;
    v1::Observation part;
    if (redirect.has_dns()) *part.mutable_dns() = redirect.dns();
    *part.mutable_attempts() = redirect.attempts();
    *part.mutable_contrasts() = seen.contrasts();
    Merge(JudgeHop(*hop, part), &whole);
    clear = hop->protocol() == v1::CHECK_PROTOCOL_HTTP;
  }
  const v1::Attempt* last = LastBest(check, seen);
  if (last != nullptr && LeadsOn(check, *last)) {
    const bool too_many = seen.redirects_size() >= static_cast<int>(check.redirects_max());
    Break(too_many ? kHttpUnexpectedRedirect : kHttpInvalidRedirect, ProvedIdentity(*last), &whole);
  } else if (clear && whole.layers.app() == v1::LAYER_STATE_OK) {
    // Whoever answered last could not prove who it is.
    whole.layers.set_app(v1::LAYER_STATE_UNTESTED);
  }
  return whole;
}

}  // namespace sightline::probe
