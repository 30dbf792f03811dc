#include "collector/verdict/scope.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "collector/verdict/scope_classes.h"

namespace sightline {
namespace {

// Prior probabilities, by v1::Scope from SCOPE_NOWHERE on.
constexpr std::array<double, kScopes> kPrior = {0.40, 0.15, 0.15, 0.15, 0.10, 0.05};

double LargestOf(const std::array<double, kScopes>& values) {
  return *std::max_element(values.begin(), values.end());
}

// Those that have access, or have none, with kScopeSure when nothing is known of the others.
void NameNetworks(const std::map<uint32_t, Place>& networks, ScopeOdds& odds) {
  const double sure = std::log(kScopeSure / (1 - kScopeSure));
  for (const auto& [asn, network] : networks) {
    const double log_odds = network.access - network.blocked;
    if (log_odds >= sure) odds.open_networks.push_back(asn);
    if (log_odds <= -sure) odds.blocked_networks.push_back(asn);
  }
}

}  // namespace

std::optional<ScopeOdds> OddsOf(const ScopeInput& input) {
  if (input.cells.empty()) return std::nullopt;
  const CountryCells country(input);
  std::array<std::array<double, kScopes>, kSettings> logs{};  // ln of prior and likelihood
  double largest = -std::numeric_limits<double>::infinity();
  for (size_t setting = 0; setting < kSettings; ++setting) {
    logs[setting] = country.LogLikelihoods(setting);
    for (size_t i = 0; i < kScopes; ++i) logs[setting][i] += std::log(kPrior[i] * PriorOf(setting));
    largest = std::max(largest, LargestOf(logs[setting]));
  }
  ScopeOdds odds;
  double sum = 0;
  for (const auto& in_setting : logs) {
    for (size_t i = 0; i < kScopes; ++i) odds.posterior[i] += std::exp(in_setting[i] - largest);
  }
  for (const double posterior : odds.posterior) sum += posterior;
  for (double& posterior : odds.posterior) posterior /= sum;
  const auto best = static_cast<size_t>(
      std::max_element(odds.posterior.begin(), odds.posterior.end()) - odds.posterior.begin());
  odds.best = static_cast<v1::Scope>(v1::SCOPE_NOWHERE + static_cast<int>(best));
  odds.best_posterior = odds.posterior[best];
  const auto likely = static_cast<size_t>(
      std::max_element(logs.begin(), logs.end(),
                       [&](const auto& a, const auto& b) { return a[best] < b[best]; }) -
      logs.begin());
  if (odds.best == v1::SCOPE_ISOLATED) odds.isolated = country.MostIsolated(likely);
  if (odds.best == v1::SCOPE_BY_NETWORK) NameNetworks(country.Networks(likely), odds);
  return odds;
}

std::vector<bool> Stateable(absl::Span<const double> posteriors) {
  std::vector<size_t> order(posteriors.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return posteriors[a] > posteriors[b]; });
  std::vector<bool> stated(posteriors.size());
  double errors = 0;
  size_t count = 0;
  for (const size_t i : order) {
    errors += 1 - posteriors[i];
    ++count;
    if (posteriors[i] < kScopeSure || errors > kFalseScopes * static_cast<double>(count)) break;
    stated[i] = true;
  }
  return stated;
}

}  // namespace sightline
