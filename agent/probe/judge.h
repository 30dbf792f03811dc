#ifndef SIGHTLINE_AGENT_PROBE_JUDGE_H_
#define SIGHTLINE_AGENT_PROBE_JUDGE_H_

// From what a check saw to a state per layer and its causes. The rules are in README.md. Pure;
// thread-safe.

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "agent/probe/evidence.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

// What the name resolution comes to.
struct DnsJudgement {
  v1::LayerState state = v1::LAYER_STATE_UNTESTED;
  // Unset unless `state` is BLOCKED.
  v1::Mechanism mechanism = v1::MECHANISM_UNSPECIFIED;
  AttemptFailure failure;
};

// `seen` has dns, other_lookups, attempts and contrasts; its dns must be set.
DnsJudgement JudgeDns(const v1::Check& check, const v1::Observation& seen);

struct Judgement {
  v1::LayerVector layers;
  std::string failure;
  std::string failed_operation;
  std::vector<v1::Cause> causes;
};

// Judges the evidence in `seen`; its layers, failure and causes are not looked at. Without dns
// every layer is UNTESTED.
Judgement Judge(const v1::Check& check, const v1::Observation& seen);

// The state of a check that was not run: UNTESTED for each layer of its protocol.
v1::LayerVector UntestedLayers(v1::CheckProtocol protocol);

// The attempts that tell of the layers above dns: those at the answered addresses, and when
// `dns_blocked` those at addresses known to be genuine too. Point into `seen`.
std::vector<const v1::Attempt*> TellingAttempts(const v1::Observation& seen, bool dns_blocked);

// Causes above dns of one hop, whose `layers` are judged; `best` is its best attempt. Contrasts are
// those of `seen`.
std::vector<v1::Cause> FindCauses(const v1::Check& check, const v1::Observation& seen,
                                  const v1::LayerVector& layers, const v1::Attempt& best);

// The check that a hop of a chain of redirects amounts to; nullopt when the URL cannot be followed.
std::optional<v1::Check> CheckOfHop(const v1::Check& check, absl::string_view absolute_url);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_JUDGE_H_
