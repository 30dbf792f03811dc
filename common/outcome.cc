#include "common/outcome.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <utility>

#include "common/layers.h"

namespace sightline {
namespace {

// A CheckOutcome that borrows its failure: a round has hundreds, and few are ever told.
struct Finding {
  Outcome outcome = Outcome::kUntested;
  absl::string_view layer;
  const std::string* failure = nullptr;
};

CheckOutcome ToOutcome(const Finding& finding) {
  return {finding.outcome, finding.layer,
          finding.failure == nullptr ? std::string() : *finding.failure};
}

// What the rules ask about several findings.
class Findings {
 public:
  void Add(const Finding& finding) {
    any_ = true;
    if (finding.outcome == Outcome::kOpen) {
      any_open_ = true;
    } else {
      all_open_ = false;
    }
    if (finding.outcome != Outcome::kUntested) all_untested_ = false;
    if (finding.outcome == Outcome::kBlocked && blocked_.failure == nullptr) blocked_ = finding;
    if (finding.outcome == Outcome::kDown && down_.failure == nullptr) down_ = finding;
  }

  Finding AllOf() const {
    if (HasBlocked()) return blocked_;
    if (HasDown()) return down_;
    if (any_ && all_open_) return {Outcome::kOpen, {}, nullptr};
    return NoStatement();
  }

  Finding AnyOf() const {
    if (any_open_) return {Outcome::kOpen, {}, nullptr};
    if (HasBlocked() && !HasDown()) return blocked_;
    if (HasDown() && !HasBlocked()) return down_;
    return NoStatement();
  }

 private:
  bool HasBlocked() const { return blocked_.failure != nullptr; }
  bool HasDown() const { return down_.failure != nullptr; }
  Finding NoStatement() const {
    return {all_untested_ ? Outcome::kUntested : Outcome::kUndecided, {}, nullptr};
  }

  bool any_ = false;
  bool any_open_ = false;
  bool all_open_ = true;
  bool all_untested_ = true;
  Finding blocked_;  // the first one; has a failure, however empty
  Finding down_;     // likewise
};

// Which layers have which state, a bit each, lowest layer first: looked at once, asked often.
class LayersByState {
 public:
  explicit LayersByState(const v1::LayerVector& layers) {
    for (size_t i = 0; i < kLayers.size(); ++i) {
      const v1::LayerState state = StateOf(layers, kLayers[i]);
      bits_[v1::LayerState_IsValid(state) ? static_cast<size_t>(state) : kOther] |= 1U << i;
    }
  }

  bool Any(v1::LayerState state) const { return bits_[static_cast<size_t>(state)] != 0; }
  bool Is(size_t layer, v1::LayerState state) const {
    return (bits_[static_cast<size_t>(state)] >> layer & 1U) != 0;
  }
  v1::Layer Lowest(v1::LayerState state) const {
    return kLayers[static_cast<size_t>(std::countr_zero(bits_[static_cast<size_t>(state)]))];
  }
  bool AnyAttempted() const {
    const unsigned all = (1U << kLayers.size()) - 1;
    return (bits_[v1::LAYER_STATE_UNSPECIFIED] | bits_[v1::LAYER_STATE_UNTESTED]) != all;
  }

 private:
  static constexpr size_t kOther = v1::LayerState_ARRAYSIZE;
  std::array<unsigned, kOther + 1> bits_{};
};

Finding FindingOfCheck(const v1::Check& check, const v1::Observation* observation) {
  if (observation == nullptr) return {};
  const LayersByState layers(observation->layers());
  for (const auto& [state, outcome] : {std::pair(v1::LAYER_STATE_BLOCKED, Outcome::kBlocked),
                                       std::pair(v1::LAYER_STATE_DOWN, Outcome::kDown)}) {
    if (layers.Any(state)) {
      return {outcome, LayerName(layers.Lowest(state)), &observation->failure()};
    }
  }
  if (!layers.AnyAttempted()) return {};
  // A penalty for an earlier probe may have cut more than the layer that it shows at.
  if (layers.Any(v1::LAYER_STATE_TAINTED)) return {Outcome::kUndecided, {}, nullptr};
  for (size_t i = 0; i < kLayers.size(); ++i) {
    if (!layers.Is(i, v1::LAYER_STATE_OK) && ProtocolHas(check.protocol(), kLayers[i])) {
      return {Outcome::kUndecided, {}, nullptr};
    }
  }
  return {Outcome::kOpen, {}, nullptr};
}

Finding FindingOfFeature(const v1::Feature& feature, ObservationLookup lookup) {
  Findings findings;
  for (const v1::Check& check : feature.checks()) {
    findings.Add(FindingOfCheck(check, lookup(check.check_id())));
  }
  return feature.rule() == v1::FEATURE_RULE_ANY_OF ? findings.AnyOf() : findings.AllOf();
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
  return ToOutcome(FindingOfCheck(check, observation));
}

CheckOutcome OutcomeOfFeature(const v1::Feature& feature, ObservationLookup lookup) {
  return ToOutcome(FindingOfFeature(feature, lookup));
}

CheckOutcome OutcomeOfTarget(const v1::Target& target, ObservationLookup lookup) {
  const bool any_essential =
      std::any_of(target.features().begin(), target.features().end(),
                  [](const v1::Feature& feature) { return feature.essential(); });
  Findings findings;
  for (const v1::Feature& feature : target.features()) {
    if (any_essential && !feature.essential()) continue;
    findings.Add(FindingOfFeature(feature, lookup));
  }
  return ToOutcome(findings.AllOf());
}

}  // namespace sightline
