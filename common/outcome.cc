#include "common/outcome.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/layers.h"

namespace sightline {
namespace {

bool Attempted(v1::LayerState state) {
  return state != v1::LAYER_STATE_UNSPECIFIED && state != v1::LAYER_STATE_UNTESTED;
}

const CheckOutcome* FirstWith(const std::vector<CheckOutcome>& outcomes, Outcome wanted) {
  const auto found = std::find_if(outcomes.begin(), outcomes.end(),
                                  [&](const CheckOutcome& o) { return o.outcome == wanted; });
  return found == outcomes.end() ? nullptr : &*found;
}

CheckOutcome NoStatement(const std::vector<CheckOutcome>& outcomes) {
  const bool untested = std::all_of(outcomes.begin(), outcomes.end(), [](const CheckOutcome& o) {
    return o.outcome == Outcome::kUntested;
  });
  return {untested ? Outcome::kUntested : Outcome::kUndecided, {}, {}};
}

CheckOutcome AllOf(const std::vector<CheckOutcome>& outcomes) {
  if (const CheckOutcome* blocked = FirstWith(outcomes, Outcome::kBlocked)) return *blocked;
  if (const CheckOutcome* down = FirstWith(outcomes, Outcome::kDown)) return *down;
  const bool open = std::all_of(outcomes.begin(), outcomes.end(),
                                [](const CheckOutcome& o) { return o.outcome == Outcome::kOpen; });
  if (open && !outcomes.empty()) return {Outcome::kOpen, {}, {}};
  return NoStatement(outcomes);
}

CheckOutcome AnyOf(const std::vector<CheckOutcome>& outcomes) {
  if (FirstWith(outcomes, Outcome::kOpen) != nullptr) return {Outcome::kOpen, {}, {}};
  const CheckOutcome* blocked = FirstWith(outcomes, Outcome::kBlocked);
  const CheckOutcome* down = FirstWith(outcomes, Outcome::kDown);
  if (blocked != nullptr && down == nullptr) return *blocked;
  if (down != nullptr && blocked == nullptr) return *down;
  return NoStatement(outcomes);
}

}  // namespace

absl::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kUntested:
      return "untested";
    case Outcome::kOpen:
      return "open";
    case Outcome::kBlocked:
      return "blocked";
    case Outcome::kDown:
      return "down";
    case Outcome::kUndecided:
      return "undecided";
  }
  return "undecided";
}

CheckOutcome OutcomeOfCheck(const v1::Check& check, const v1::Observation* observation) {
  if (observation == nullptr) return {};
  const auto state_of = [&](v1::Layer layer) { return StateOf(observation->layers(), layer); };
  const auto any_is = [&](v1::LayerState state) {
    return std::any_of(kLayers.begin(), kLayers.end(),
                       [&](v1::Layer layer) { return state_of(layer) == state; });
  };
  for (const auto& [state, outcome] : {std::pair(v1::LAYER_STATE_BLOCKED, Outcome::kBlocked),
                                       std::pair(v1::LAYER_STATE_DOWN, Outcome::kDown)}) {
    for (const v1::Layer layer : kLayers) {
      if (state_of(layer) == state) return {outcome, LayerName(layer), observation->failure()};
    }
  }
  const bool attempted = std::any_of(kLayers.begin(), kLayers.end(),
                                     [&](v1::Layer layer) { return Attempted(state_of(layer)); });
  if (!attempted) return {};
  // A penalty for an earlier probe may have cut more than the layer that it shows at.
  if (any_is(v1::LAYER_STATE_TAINTED)) return {Outcome::kUndecided, {}, {}};
  const bool open = std::all_of(kLayers.begin(), kLayers.end(), [&](v1::Layer layer) {
    return !ProtocolHas(check.protocol(), layer) || state_of(layer) == v1::LAYER_STATE_OK;
  });
  return {open ? Outcome::kOpen : Outcome::kUndecided, {}, {}};
}

CheckOutcome OutcomeOfFeature(const v1::Feature& feature, ObservationLookup lookup) {
  std::vector<CheckOutcome> outcomes;
  outcomes.reserve(static_cast<size_t>(feature.checks_size()));
  for (const v1::Check& check : feature.checks()) {
    outcomes.push_back(OutcomeOfCheck(check, lookup(check.check_id())));
  }
  return feature.rule() == v1::FEATURE_RULE_ANY_OF ? AnyOf(outcomes) : AllOf(outcomes);
}

CheckOutcome OutcomeOfTarget(const v1::Target& target, ObservationLookup lookup) {
  const bool any_essential =
      std::any_of(target.features().begin(), target.features().end(),
                  [](const v1::Feature& feature) { return feature.essential(); });
  std::vector<CheckOutcome> outcomes;
  for (const v1::Feature& feature : target.features()) {
    if (any_essential && !feature.essential()) continue;
    outcomes.push_back(OutcomeOfFeature(feature, lookup));
  }
  return AllOf(outcomes);
}

}  // namespace sightline
