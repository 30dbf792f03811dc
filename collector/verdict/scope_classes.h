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

// What holds for a country as a whole and is not known: how many reach the target where it is
// blocked, how many fail where it is open, and whether access is for some only. scope.h averages
// over the combinations.
inline constexpr size_t kSettings = 24;

// Prior probability of a setting; they sum to 1.
double PriorOf(size_t setting);

// The cells of a country.
class CountryCells {
 public:
  // `input` must outlive it.
  explicit CountryCells(const ScopeInput& input);

  // ln of the probability of all votes, by v1::Scope from SCOPE_NOWHERE on, in a setting below
  // kSettings; minus infinity for a class that the cells leave no room for.
  std::array<double, kScopes> LogLikelihoods(size_t setting) const;

  // In a setting: the most probable cell of ISOLATED, and the networks that BY_NETWORK tells apart.
  std::optional<IsolatedPlace> MostIsolated(size_t setting) const;
  std::map<uint32_t, Place> Networks(size_t setting) const;

 private:
  // Cells that have access together or not at all.
  struct Group {
    std::vector<size_t> cells;
    double some = 0;  // ln of the probability of their votes when they share a middle rate
  };
  struct InSetting;

  Group GroupOf(std::vector<size_t> cells) const;
  InSetting In(size_t setting) const;
  Place PlaceOf(const Group& group, const InSetting& in) const;
  double Isolated(const InSetting& in) const;
  double Local(const InSetting& in) const;
  double ByNetwork(const InSetting& in) const;
  double Widespread(const InSetting& in) const;
  bool MayBeIsolated(size_t cell) const;
  double OnlyAccess(size_t cell, const InSetting& in) const;

  const std::vector<ScopeCell>& cells_;
  std::vector<Counted> counted_;  // of cells_
  // ln of the probability of the votes of each cell: by level of noise when it is blocked, when it
  // is open, when it has a middle rate of its own, and when any part of it has access.
  std::vector<std::vector<double>> blocked_;
  std::vector<std::vector<double>> open_;
  std::vector<double> some_;
  std::vector<double> part_;
  std::vector<Group> regions_;           // those with cells
  std::vector<size_t> cells_of_region_;  // by region: how many
  std::map<uint32_t, Group> networks_;   // those in two regions or more
  std::vector<size_t> unbound_;          // cells that are in no such network
  Group all_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_SCOPE_CLASSES_H_
