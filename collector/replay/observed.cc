#include "collector/replay/observed.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

struct Failure {
  v1::Layer layer;
  v1::Mechanism mechanism;
  std::string failure;
};

v1::Mechanism MechanismOf(v1::Layer layer) {
  switch (layer) {
    case v1::LAYER_DNS:
      return v1::MECHANISM_DNS_FORGED;
    case v1::LAYER_TCP:
      return v1::MECHANISM_ADDRESS_BLOCKED;
    case v1::LAYER_HTTP:
      return v1::MECHANISM_HTTP_FILTERED;
    default:
      return v1::MECHANISM_SERVER_NAME_FILTERED;
  }
}

const char* OperationOf(v1::Layer layer) {
  switch (layer) {
    case v1::LAYER_DNS:
      return "resolve";
    case v1::LAYER_TCP:
      return "connect";
    case v1::LAYER_TLS:
      return "tls_handshake";
    default:
      return "http_round_trip";
  }
}

Failure FailureOf(const ScenarioTarget& target, Course course) {
  switch (course) {
    case Course::kBlocked:
      return {target.layer, MechanismOf(target.layer), target.failure};
    case Course::kBroken:
      return {v1::LAYER_HTTP, v1::MECHANISM_UNSPECIFIED, "unknown_failure"};
    default:
      return {v1::LAYER_TCP, v1::MECHANISM_UNSPECIFIED, "generic_timeout_error"};
  }
}

}  // namespace

std::string CheckIdOf(const ScenarioTarget& target) {
  return absl::StrCat(target.target_id, "-web");
}

v1::Observation Observe(const ScenarioTarget& target, Course course) {
  v1::Observation observation;
  observation.set_check_id(CheckIdOf(target));
  // All layers work up to the one that fails, and those above it are not tried.
  std::array<v1::LayerState, 5> states;
  states.fill(v1::LAYER_STATE_OK);
  if (course != Course::kOpen) {
    const Failure failure = FailureOf(target, course);
    const auto failed = states.begin() + (failure.layer - v1::LAYER_DNS);
    *failed = v1::LAYER_STATE_BLOCKED;
    std::fill(failed + 1, states.end(), v1::LAYER_STATE_UNTESTED);
    observation.set_failure(failure.failure);
    observation.set_failed_operation(OperationOf(failure.layer));
    v1::Cause& cause = *observation.add_causes();
    cause.set_layer(failure.layer);
    cause.set_mechanism(failure.mechanism);
    cause.set_failure(failure.failure);
  }
  v1::LayerVector& layers = *observation.mutable_layers();
  layers.set_dns(states[0]);
  layers.set_tcp(states[1]);
  layers.set_tls(states[2]);
  layers.set_http(states[3]);
  layers.set_app(states[4]);
  return observation;
}

v1::Target PlanTarget(const ScenarioTarget& target) {
  v1::Target entry;
  entry.set_target_id(target.target_id);
  entry.set_display_name(target.display_name);
  entry.set_kind(target.kind);
  v1::Feature& feature = *entry.add_features();
  feature.set_feature_id("web");
  feature.set_essential(true);
  feature.set_rule(v1::FEATURE_RULE_ALL_OF);
  v1::Check& check = *feature.add_checks();
  check.set_check_id(CheckIdOf(target));
  check.set_protocol(v1::CHECK_PROTOCOL_HTTPS);
  check.set_host(absl::StrCat(target.target_id, ".example"));
  check.set_port(443);
  check.set_path("/");
  return entry;
}

}  // namespace sightline
