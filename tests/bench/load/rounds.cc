#include "tests/bench/load/rounds.h"

#include <algorithm>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/detail.h"

namespace sightline::load {
namespace {

constexpr int kRoundsPerHour = 6;
// Regions where a service of Fate::kOpenInSomeRegions is open: the first ones of the list.
constexpr int kOpenRegions = 4;
// One open check in this many fails by chance.
constexpr uint32_t kChanceFailureEvery = 100;
// Detail of an open check is told again every 6 hours (agent/detail.h).
constexpr uint64_t kDetailEvery = 36;

using Random = std::minstd_rand;

uint32_t Between(Random& random, uint32_t low, uint32_t high) {
  return low + static_cast<uint32_t>(random()) % (high - low + 1);
}

void SetLayers(v1::Observation& observation, v1::LayerState dns, v1::LayerState tcp,
               v1::LayerState tls, v1::LayerState above) {
  v1::LayerVector& layers = *observation.mutable_layers();
  layers.set_dns(dns);
  layers.set_tcp(tcp);
  layers.set_tls(tls);
  layers.set_http(above);
  layers.set_app(above);
}

std::string ForgedAddress(Random& random) {
  return absl::StrCat(Between(random, 11, 220), ".", Between(random, 0, 255), ".",
                      Between(random, 0, 255), ".", Between(random, 1, 254));
}

void AddLookup(v1::DnsEvidence& lookup, v1::DnsSource source, Random& random) {
  lookup.set_resolver(source == v1::DNS_SOURCE_SYSTEM ? "system" : "114.114.114.114:53");
  lookup.set_source(source);
  lookup.set_transport(v1::DNS_TRANSPORT_UDP);
  lookup.set_question(v1::DNS_QUESTION_A);
  for (int i = 0; i < 3; ++i) {
    v1::DnsResponse& response = *lookup.add_responses();
    response.set_delay_us(Between(random, 5'000, 60'000));
    response.set_ttl_s(Between(random, 1, 600));
    response.add_addresses(ForgedAddress(random));
  }
}

void AddForgedDetail(v1::Observation& observation, Random& random) {
  AddLookup(*observation.mutable_dns(), v1::DNS_SOURCE_PLAN, random);
  for (const v1::DnsSource source : {v1::DNS_SOURCE_SYSTEM, v1::DNS_SOURCE_INJECTION_CONTROL}) {
    AddLookup(*observation.add_other_lookups(), source, random);
  }
  v1::Attempt& attempt = *observation.add_attempts();
  attempt.set_address(ForgedAddress(random));
  attempt.set_port(443);
  attempt.set_connect_failure("generic_timeout_error");
}

void AddCause(v1::Observation& observation, v1::Layer layer, v1::Mechanism mechanism,
              const char* failure) {
  v1::Cause& cause = *observation.add_causes();
  cause.set_layer(layer);
  cause.set_mechanism(mechanism);
  cause.set_failure(failure);
}

// By the server's name, in one of three ways that follow from the check.
void SetBlocked(v1::Observation& observation, int check, Random& random) {
  observation.set_duration_ms(Between(random, 2'000, 12'000));
  switch (check % 3) {
    case 0:
      SetLayers(observation, v1::LAYER_STATE_BLOCKED, v1::LAYER_STATE_OK, v1::LAYER_STATE_BLOCKED,
                v1::LAYER_STATE_UNTESTED);
      observation.set_failure("dns_server_misbehaving");
      observation.set_failed_operation("resolve");
      AddCause(observation, v1::LAYER_DNS, v1::MECHANISM_DNS_FORGED, "dns_server_misbehaving");
      AddCause(observation, v1::LAYER_TLS, v1::MECHANISM_SERVER_NAME_FILTERED, "connection_reset");
      return;
    case 1:
      SetLayers(observation, v1::LAYER_STATE_OK, v1::LAYER_STATE_OK, v1::LAYER_STATE_BLOCKED,
                v1::LAYER_STATE_UNTESTED);
      observation.set_failure("connection_reset");
      observation.set_failed_operation("tls_handshake");
      AddCause(observation, v1::LAYER_TLS, v1::MECHANISM_SERVER_NAME_FILTERED, "connection_reset");
      return;
    default:
      SetLayers(observation, v1::LAYER_STATE_OK, v1::LAYER_STATE_BLOCKED, v1::LAYER_STATE_UNTESTED,
                v1::LAYER_STATE_UNTESTED);
      observation.set_failure("generic_timeout_error");
      observation.set_failed_operation("connect");
      AddCause(observation, v1::LAYER_TCP, v1::MECHANISM_ADDRESS_BLOCKED, "generic_timeout_error");
      return;
  }
}

void SetChanceFailure(v1::Observation& observation, Random& random) {
  observation.set_duration_ms(Between(random, 9'000, 10'000));
  SetLayers(observation, v1::LAYER_STATE_OK, v1::LAYER_STATE_OK, v1::LAYER_STATE_BLOCKED,
            v1::LAYER_STATE_UNTESTED);
  observation.set_failure("generic_timeout_error");
  observation.set_failed_operation("tls_handshake");
  AddCause(observation, v1::LAYER_TLS, v1::MECHANISM_UNSPECIFIED, "generic_timeout_error");
}

void SetOpen(v1::Observation& observation, uint64_t batch_seq, Random& random) {
  observation.set_duration_ms(Between(random, 300, 2'500));
  SetLayers(observation, v1::LAYER_STATE_OK, v1::LAYER_STATE_OK, v1::LAYER_STATE_OK,
            v1::LAYER_STATE_OK);
  if (batch_seq < 2) return;
  observation.set_detail_unchanged(true);
  observation.set_detail_batch_seq((batch_seq - 2) / kDetailEvery * kDetailEvery + 1);
}

bool IsBlocked(const Place& place, int target) {
  if (place.control) return false;
  const Fate fate = FateOf(target);
  return fate == Fate::kBlocked ||
         (fate == Fate::kOpenInSomeRegions && place.region_number >= kOpenRegions);
}

}  // namespace

void FillRound(const v1::Plan& plan, const Place& place, uint64_t seed, v1::Batch& batch) {
  Random random(static_cast<Random::result_type>(seed * 0x9E3779B97F4A7C15u >> 33));
  // In the long run a round has its share of the allowance, whatever the number of checks.
  int64_t detail_bytes = agent::kDetailBytesPerHour / kRoundsPerHour;
  batch.clear_observations();
  int check_number = 0;
  for (int target = 0; target < plan.targets_size(); ++target) {
    const bool blocked = IsBlocked(place, target);
    for (const v1::Feature& feature : plan.targets(target).features()) {
      for (const v1::Check& check : feature.checks()) {
        v1::Observation& observation = *batch.add_observations();
        observation.set_check_id(check.check_id());
        observation.set_start_offset_ms(Between(random, 0, 40'000));
        if (blocked) {
          SetBlocked(observation, check_number, random);
          // Forged answers differ every time; a reset and a timeout look as they did.
          if (check_number % 3 == 0 && detail_bytes > 0) {
            AddForgedDetail(observation, random);
            detail_bytes -= static_cast<int64_t>(observation.ByteSizeLong());
          } else if (check_number % 3 != 0 && batch.batch_seq() > 1) {
            observation.set_detail_unchanged(true);
            observation.set_detail_batch_seq(1);
          }
        } else if (Between(random, 1, kChanceFailureEvery) == 1) {
          SetChanceFailure(observation, random);
        } else {
          SetOpen(observation, batch.batch_seq(), random);
        }
        ++check_number;
      }
    }
  }
}

}  // namespace sightline::load
