#ifndef SIGHTLINE_COMMON_OUTCOME_H_
#define SIGHTLINE_COMMON_OUTCOME_H_

// What one round of one agent says about a check, a feature and a target. Pure functions of the
// plan and the observations: the agent's report and the collector's votes use the same ones, so
// they cannot differ. Thread-safe; no I/O.

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

enum class Outcome {
  kUntested,   // Nothing of it was run.
  kOpen,       // Every layer worked, and identity was proved where the protocol can prove it.
  kBlocked,    // A layer failed on this path. Whether that is interference, the controls decide.
  kDown,       // The genuine service proved itself and said that it is out of order.
  kUndecided,  // Run, but the evidence carries none of the above.
};

// "untested", "open", "blocked", "down", "undecided".
absl::string_view OutcomeName(Outcome outcome);

// An outcome with its cause. `layer` and `failure` are empty unless `outcome` is kBlocked or kDown.
struct CheckOutcome {
  Outcome outcome = Outcome::kUntested;
  // Lowest layer that is blocked (or down): dns, tcp, tls, http or app. Points to static storage.
  absl::string_view layer;
  // The observation's failure in OONI's words.
  std::string failure;
};

// The observation of a check in this round, or nullptr when there is none.
using ObservationLookup = absl::FunctionRef<const v1::Observation*(absl::string_view check_id)>;

// Blocked when any layer is BLOCKED; else down when any is DOWN; else undecided when any is
// TAINTED, for such a failure says nothing; open when every layer that the check's protocol has
// (layers.h) is OK, whatever the observation leaves out; untested when `observation` is nullptr or
// no layer was attempted; undecided otherwise.
CheckOutcome OutcomeOfCheck(const v1::Check& check, const v1::Observation* observation);

// ANY_OF: open when any check is open; else, of the checks that are blocked or down, blocked when
// all are blocked, down when all are down. ALL_OF: blocked when any is blocked, else down when any
// is down, open when all are open. Otherwise untested when every check is untested, else undecided.
// The cause is that of the first check in the plan's order that has this outcome.
CheckOutcome OutcomeOfFeature(const v1::Feature& feature, ObservationLookup lookup);

// ALL_OF over the essential features; over all features when none is essential.
CheckOutcome OutcomeOfTarget(const v1::Target& target, ObservationLookup lookup);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_OUTCOME_H_
