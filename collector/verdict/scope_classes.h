// How probable the votes of a country are under each class of scope (scope.h). Pure functions.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_SCOPE_CLASSES_H_
#define SIGHTLINE_COLLECTOR_VERDICT_SCOPE_CLASSES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "collector/verdict/posterior.h"
#include "collector/verdict/scope.h"
#include "collector/verdict/subsets.h"

namespace sightline {

// How many liars and flaky lines a country may have: combinations that scope.h averages over.
inline constexpr size_t kNoises = 24;

// Prior probability of a noise; they sum to 1.
double PriorOf(size_t noise);

// The cells of a country with all that does not depend on the noise.
class CountryCells {
 public:
  // `input` must outlive it.
  explicit CountryCells(const ScopeInput& input);

  // ln of the probability of all votes, by v1::Scope from SCOPE_NOWHERE on, at a noise below
  // kNoises; minus infinity for a class that the cells leave no room for.
  std::array<double, kScopes> LogLikelihoods(size_t noise) const;

  // At a noise: the cell of a class ISOLATED, and the places of a class BY_NETWORK.
  std::optional<IsolatedPlace> MostIsolated(size_t noise) const;
  std::map<uint32_t, Place> Networks(size_t noise) const;

 private:
  // Cells that have access together or not at all.
  struct Group {
    std::vector<size_t> cells;
    double some = 0;  // ln of the probability of their votes when they share a middle rate
  };
  struct AtNoise;

  Group GroupOf(std::vector<size_t> cells) const;
  AtNoise At(size_t noise) const;
  Place PlaceOf(const Group& group, const AtNoise& at) const;
  double Isolated(const AtNoise& at) const;
  double ByNetwork(const AtNoise& at) const;
  double Widespread(const AtNoise& at) const;
  bool MayBeIsolated(size_t cell) const;

  const std::vector<ScopeCell>& cells_;
  std::vector<Counted> counted_;         // of cells_
  std::vector<double> some_;             // of cells_, each at a middle rate of its own
  std::vector<Group> regions_;           // those with cells
  std::vector<size_t> cells_of_region_;  // by region: how many
  std::map<uint32_t, Group> networks_;   // those in two regions or more
  std::vector<size_t> unbound_;          // cells that are in no such network
  Group all_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_SCOPE_CLASSES_H_
