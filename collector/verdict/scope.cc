#include "collector/verdict/scope.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace sightline {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

// Prior probabilities, by v1::Scope from SCOPE_NOWHERE on.
constexpr std::array<double, kScopes> kPrior = {0.40, 0.15, 0.15, 0.15, 0.10, 0.05};
// Of WIDESPREAD: that all regions are of one kind, rather than each of its own.
constexpr double kOneKind = 0.5;

size_t IndexOf(v1::Scope scope) { return static_cast<size_t>(scope - v1::SCOPE_NOWHERE); }

double LogAdd(double one, double other) {
  const double larger = std::max(one, other);
  if (larger == kNever) return kNever;
  return larger + std::log1p(std::exp(std::min(one, other) - larger));
}

// ln of a place's probability when it has access, of one kind or the other.
double LogAccess(const LogMarginals& place) {
  return LogAdd(std::log1p(-kSomeShare) + place.open, std::log(kSomeShare) + place.some);
}

void AddTo(LogMarginals& place, const LogMarginals& cell) {
  place.blocked += cell.blocked;
  place.open += cell.open;
  place.some += cell.some;
}

// ln of the binomial coefficient.
double LogChoose(size_t n, size_t k) {
  double log = 0;
  for (size_t i = 1; i <= k; ++i) {
    log += std::log(static_cast<double>(n - k + i)) - std::log(static_cast<double>(i));
  }
  return log;
}

// ln of the mean over proper, nonempty subsets of the product of the odds in a subset; the mean is
// even over sizes first. kNever when there is no such subset. `log_odds` may be of any order.
double LogMeanOverSubsets(const std::vector<double>& log_odds) {
  const size_t n = log_odds.size();
  if (n < 2) return kNever;
  std::vector<double> sums(n + 1, kNever);  // by size
  sums[0] = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t size = i + 1; size > 0; --size) {
      sums[size] = LogAdd(sums[size], sums[size - 1] + log_odds[i]);
    }
  }
  double total = kNever;
  for (size_t size = 1; size < n; ++size) total = LogAdd(total, sums[size] - LogChoose(n, size));
  return total - std::log(static_cast<double>(n - 1));
}

class Places {
 public:
  explicit Places(const ScopeInput& input)
      : cells_(input.cells), by_region_(input.regions), cells_of_(input.regions) {
    for (const ScopeCell& cell : cells_) {
      marginals_.push_back(MarginalsOf(cell.votes));
      AddTo(all_, marginals_.back());
      AddTo(by_region_[cell.region], marginals_.back());
      ++cells_of_[cell.region];
      if (cell.asn != 0) AddTo(by_network_[cell.asn], marginals_.back());
    }
  }

  // Every one with the factor of "all is blocked" taken out.
  std::array<double, kScopes> LogLikelihoods() const {
    std::array<double, kScopes> logs{};
    logs[IndexOf(v1::SCOPE_NOWHERE)] = 0;
    logs[IndexOf(v1::SCOPE_ISOLATED)] = Isolated();
    logs[IndexOf(v1::SCOPE_LOCAL)] = LogMeanOverSubsets(RegionOdds());
    logs[IndexOf(v1::SCOPE_BY_NETWORK)] = ByNetwork();
    logs[IndexOf(v1::SCOPE_WIDESPREAD)] = Widespread();
    logs[IndexOf(v1::SCOPE_MIXED)] = Mixed();
    return logs;
  }

  std::optional<IsolatedPlace> MostIsolated() const {
    std::optional<IsolatedPlace> place;
    double most = kNever;
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (!MayBeIsolated(cells_[i]) || OddsOfCell(i) <= most) continue;
      most = OddsOfCell(i);
      place = IsolatedPlace{cells_[i].region, cells_[i].asn};
    }
    return place;
  }

  void NameNetworks(ScopeOdds& odds) const {
    const double sure = std::log(kScopeSure / (1 - kScopeSure));
    for (const auto& [asn, network] : by_network_) {
      const double log_odds = LogAccess(network) - network.blocked;
      if (log_odds >= sure) odds.open_networks.push_back(asn);
      if (log_odds <= -sure) odds.blocked_networks.push_back(asn);
    }
  }

 private:
  double OddsOfCell(size_t i) const { return LogAccess(marginals_[i]) - marginals_[i].blocked; }

  // Where a region has a single network, nobody can tell the one from the other.
  bool MayBeIsolated(const ScopeCell& cell) const {
    return cell.asn != 0 && cells_of_[cell.region] > 1;
  }

  std::vector<double> RegionOdds() const {
    std::vector<double> odds;
    for (const LogMarginals& region : by_region_) {
      odds.push_back(LogAccess(region) - region.blocked);
    }
    return odds;
  }

  double Isolated() const {
    double sum = kNever;
    size_t count = 0;
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (!MayBeIsolated(cells_[i])) continue;
      sum = LogAdd(sum, OddsOfCell(i));
      ++count;
    }
    return count == 0 ? kNever : sum - std::log(static_cast<double>(count));
  }

  // Cells of several networks may be either.
  double ByNetwork() const {
    std::vector<double> odds;
    for (const auto& [asn, network] : by_network_) {
      odds.push_back(LogAccess(network) - network.blocked);
    }
    double log = LogMeanOverSubsets(odds);
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (cells_[i].asn == 0) log += std::log(0.5) + LogAdd(0, OddsOfCell(i));
    }
    return log;
  }

  double Widespread() const {
    double each = 0;
    for (const LogMarginals& region : by_region_) each += LogAccess(region);
    return LogAdd(std::log(kOneKind) + LogAccess(all_), std::log1p(-kOneKind) + each) -
           all_.blocked;
  }

  double Mixed() const {
    double log = 0;
    for (size_t i = 0; i < cells_.size(); ++i) log += std::log(0.5) + LogAdd(0, OddsOfCell(i));
    return log;
  }

  const std::vector<ScopeCell>& cells_;
  std::vector<LogMarginals> marginals_;  // of cells_
  std::vector<LogMarginals> by_region_;
  std::vector<size_t> cells_of_;  // by region
  std::map<uint32_t, LogMarginals> by_network_;
  LogMarginals all_;
};

}  // namespace

std::optional<ScopeOdds> OddsOf(const ScopeInput& input) {
  if (input.cells.empty()) return std::nullopt;
  const Places places(input);
  std::array<double, kScopes> logs = places.LogLikelihoods();
  for (size_t i = 0; i < kScopes; ++i) logs[i] += std::log(kPrior[i]);
  const double largest = *std::max_element(logs.begin(), logs.end());
  ScopeOdds odds;
  double sum = 0;
  for (size_t i = 0; i < kScopes; ++i) {
    odds.posterior[i] = std::exp(logs[i] - largest);
    sum += odds.posterior[i];
  }
  for (double& posterior : odds.posterior) posterior /= sum;
  const auto best = std::max_element(odds.posterior.begin(), odds.posterior.end());
  odds.best = static_cast<v1::Scope>(v1::SCOPE_NOWHERE + (best - odds.posterior.begin()));
  odds.best_posterior = *best;
  if (odds.best == v1::SCOPE_ISOLATED) odds.isolated = places.MostIsolated();
  if (odds.best == v1::SCOPE_BY_NETWORK) places.NameNetworks(odds);
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
