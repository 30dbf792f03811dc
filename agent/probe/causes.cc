#include <algorithm>

#include "agent/probe/failure.h"
#include "agent/probe/judge.h"

namespace sightline::probe {
namespace {

// A path this many times as fast as the service's own is evidence of throttling.
constexpr double kThrottledRatio = 4;

// What the contrasts say of neutral servers.
struct Neutral {
  v1::LayerState same_port = v1::LAYER_STATE_UNTESTED;
  v1::LayerState other_port = v1::LAYER_STATE_UNTESTED;
  double bps = 0;
};

Neutral NeutralServers(const v1::Observation& seen, uint32_t port) {
  Neutral neutral;
  neutral.same_port = ContrastState(seen, v1::CONTRAST_KIND_NEUTRAL_SERVER, {port, {}, {}});
  neutral.other_port = ContrastState(seen, v1::CONTRAST_KIND_NEUTRAL_OTHER_PORT);
  for (const v1::ContrastEvidence& contrast : seen.contrasts()) {
    if (contrast.kind() != v1::CONTRAST_KIND_NEUTRAL_SERVER) continue;
    neutral.bps = std::max(neutral.bps, ThroughputBps(contrast.attempt()));
  }
  return neutral;
}

// Whether the neutral servers' own fate explains the failure already.
v1::Mechanism OfThePath(const Neutral& neutral) {
  if (neutral.same_port != v1::LAYER_STATE_BLOCKED) return v1::MECHANISM_UNSPECIFIED;
  if (neutral.other_port == v1::LAYER_STATE_OK) return v1::MECHANISM_PORT_BLOCKED_EVERYWHERE;
  if (neutral.other_port == v1::LAYER_STATE_BLOCKED) return v1::MECHANISM_PATH_DOWN;
  return v1::MECHANISM_UNSPECIFIED;
}

v1::Mechanism OfTcp(const v1::Observation& seen, const v1::Attempt& attempt,
                    const Neutral& neutral) {
  const v1::Mechanism path = OfThePath(neutral);
  if (path != v1::MECHANISM_UNSPECIFIED) return path;
  if (ContrastState(seen, v1::CONTRAST_KIND_OTHER_PORT, {0, attempt.address(), {}}) ==
      v1::LAYER_STATE_OK) {
    return v1::MECHANISM_PORT_BLOCKED;
  }
  const bool path_works =
      neutral.same_port == v1::LAYER_STATE_OK ||
      ContrastState(seen, v1::CONTRAST_KIND_NEUTRAL_SERVER) == v1::LAYER_STATE_OK;
  return path_works ? v1::MECHANISM_ADDRESS_BLOCKED : v1::MECHANISM_UNSPECIFIED;
}

// A transfer that ended at the deadline although bytes came, and faster elsewhere.
bool Throttled(const v1::Attempt& attempt, const Neutral& neutral) {
  return IsSlow(attempt) && neutral.bps > kThrottledRatio * ThroughputBps(attempt);
}

v1::Mechanism OfTls(const v1::Observation& seen, const v1::Attempt& attempt,
                    const Neutral& neutral) {
  const std::string& failure = attempt.tls().failure();
  if (IsImpersonator(attempt)) return v1::MECHANISM_IMPERSONATED;
  if (!IsCut(failure) && attempt.tls().alert() == 0) return v1::MECHANISM_UNSPECIFIED;
  if (failure == kTimeout && Throttled(attempt, neutral)) return v1::MECHANISM_THROTTLED;
  const v1::Mechanism path = OfThePath(neutral);
  if (path != v1::MECHANISM_UNSPECIFIED) return path;
  const v1::LayerState other_name =
      ContrastState(seen, v1::CONTRAST_KIND_NEUTRAL_NAME, {attempt.port(), attempt.address(), {}});
  const v1::LayerState elsewhere =
      ContrastState(seen, v1::CONTRAST_KIND_NEUTRAL_ADDRESS, {0, {}, attempt.tls().server_name()});
  if (other_name == v1::LAYER_STATE_OK) return v1::MECHANISM_SERVER_NAME_FILTERED;
  const bool neutral_works =
      ContrastState(seen, v1::CONTRAST_KIND_NEUTRAL_SERVER) == v1::LAYER_STATE_OK;
  if (elsewhere == v1::LAYER_STATE_BLOCKED && neutral_works) {
    return v1::MECHANISM_SERVER_NAME_FILTERED;
  }
  if (other_name == v1::LAYER_STATE_BLOCKED && neutral_works) return v1::MECHANISM_TLS_FILTERED;
  return v1::MECHANISM_UNSPECIFIED;
}

v1::Mechanism OfHttp(const v1::Attempt& attempt, absl::string_view failure,
                     const Neutral& neutral) {
  if (failure == kTimeout && Throttled(attempt, neutral)) return v1::MECHANISM_THROTTLED;
  if (IsCut(failure)) return v1::MECHANISM_HTTP_FILTERED;
  // A service that proved itself and answers otherwise than expected is nobody else.
  return ProvedIdentity(attempt) ? v1::MECHANISM_UNSPECIFIED : v1::MECHANISM_BLOCK_PAGE;
}

v1::Cause MakeCause(v1::Layer layer, v1::Mechanism mechanism, std::string failure) {
  v1::Cause cause;
  cause.set_layer(layer);
  cause.set_mechanism(mechanism);
  cause.set_failure(std::move(failure));
  return cause;
}

}  // namespace

std::vector<v1::Cause> FindCauses(const v1::Check& check, const v1::Observation& seen,
                                  const v1::LayerVector& layers, const v1::Attempt& best) {
  std::vector<v1::Cause> causes;
  const std::string failure = FailureOf(check, best).failure;
  const Neutral neutral = NeutralServers(seen, best.port());
  constexpr v1::LayerState kBlocked = v1::LAYER_STATE_BLOCKED;
  if (layers.tcp() == kBlocked) {
    causes.push_back(MakeCause(v1::LAYER_TCP, OfTcp(seen, best, neutral), failure));
  }
  if (layers.tls() == kBlocked) {
    causes.push_back(MakeCause(v1::LAYER_TLS, OfTls(seen, best, neutral), failure));
  }
  if (layers.http() == kBlocked) {
    causes.push_back(MakeCause(v1::LAYER_HTTP, OfHttp(best, failure, neutral), failure));
  } else if (layers.app() == kBlocked) {
    causes.push_back(MakeCause(v1::LAYER_APP, v1::MECHANISM_APP_FILTERED, failure));
  }
  if (AttemptSucceeded(check, best) && Throttled(best, neutral)) {
    causes.push_back(MakeCause(v1::LAYER_HTTP, v1::MECHANISM_THROTTLED, ""));
  }
  return causes;
}

}  // namespace sightline::probe
