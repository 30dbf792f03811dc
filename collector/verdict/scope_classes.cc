#include "collector/verdict/scope_classes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

namespace sightline {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

struct Level {
  Beta shape;
  double weight;
};

// What cells without access look like, by how many reach the target there all the same (VPNs,
// liars), and what those with access look like, by how many fail all the same.
constexpr std::array<Level, 4> kBlocked = {
    {{{0.6, 59.4}, 0.40}, {{3, 57}, 0.30}, {{6, 54}, 0.20}, {{12, 48}, 0.10}}};
constexpr std::array<Level, 2> kOpen = {{{{58, 2}, 0.75}, {{50, 10}, 0.25}}};
// Of what has access, how much has it for some only: hardly any, half or nearly all.
constexpr std::array<std::pair<double, double>, 3> kShares = {{{0.05, 0.5}, {0.5, 0.2}, {0.95, 0.3}}};
static_assert(kBlocked.size() * kOpen.size() * kShares.size() == kNoises);
// Where access is for some.
constexpr Beta kSome = {6, 4};
// A cell that is otherwise than its like, whatever the noise.
constexpr Beta kOddBlocked = {1, 3};
constexpr Beta kOddOpen = {3, 1};
constexpr double kOdd = 0.005;
// Of regions with access: that only some of their networks have it.
constexpr double kByChance = 0.1;
// Of WIDESPREAD: that all regions are of one kind, rather than each of its own.
constexpr double kOneKind = 0.5;

const Level& BlockedAt(size_t noise) { return kBlocked[noise % kBlocked.size()]; }
const Level& OpenAt(size_t noise) { return kOpen[noise / kBlocked.size() % kOpen.size()]; }
const std::pair<double, double>& ShareAt(size_t noise) {
  return kShares[noise / kBlocked.size() / kOpen.size()];
}

double LogAdd(double one, double other) {
  const double larger = std::max(one, other);
  if (larger == kNever) return kNever;
  return larger + std::log1p(std::exp(std::min(one, other) - larger));
}

// ln ((1 - share) e^one + share e^other)
double LogMix(double one, double other, double share) {
  return LogAdd(std::log1p(-share) + one, std::log(share) + other);
}

size_t IndexOf(v1::Scope scope) { return static_cast<size_t>(scope - v1::SCOPE_NOWHERE); }

}  // namespace

double PriorOf(size_t noise) {
  return BlockedAt(noise).weight * OpenAt(noise).weight * ShareAt(noise).second;
}

// Of each cell, and their sums.
struct CountryCells::AtNoise {
  std::vector<double> blocked;
  std::vector<double> open;
  std::vector<Place> places;  // each by itself
  std::vector<Place> regions;
  double all_blocked = 0;
  double share = 0;  // of places with access: for some only
};

CountryCells::CountryCells(const ScopeInput& input)
    : cells_(input.cells), cells_of_region_(input.regions) {
  std::map<size_t, std::vector<size_t>> by_region;
  std::map<uint32_t, std::vector<size_t>> by_network;
  std::map<uint32_t, std::set<size_t>> regions_of;
  std::vector<size_t> all;
  for (size_t i = 0; i < cells_.size(); ++i) {
    counted_.push_back(Count(cells_[i].votes));
    some_.push_back(LogMarginal(kSome, counted_.back()));
    by_region[cells_[i].region].push_back(i);
    ++cells_of_region_[cells_[i].region];
    all.push_back(i);
    by_network[cells_[i].asn].push_back(i);
    regions_of[cells_[i].asn].insert(cells_[i].region);
  }
  for (auto& [region, cells] : by_region) regions_.push_back(GroupOf(std::move(cells)));
  for (auto& [asn, cells] : by_network) {
    if (asn != 0 && regions_of[asn].size() > 1) {
      networks_.emplace(asn, GroupOf(std::move(cells)));
    } else {
      unbound_.insert(unbound_.end(), cells.begin(), cells.end());
    }
  }
  all_ = GroupOf(std::move(all));
}

CountryCells::Group CountryCells::GroupOf(std::vector<size_t> cells) const {
  Counted sum;
  for (const size_t cell : cells) {
    sum.open += counted_[cell].open;
    sum.against += counted_[cell].against;
  }
  return {std::move(cells), LogMarginal(kSome, sum)};
}

CountryCells::AtNoise CountryCells::At(size_t noise) const {
  const Beta& blocked_shape = BlockedAt(noise).shape;
  const Beta& open_shape = OpenAt(noise).shape;
  AtNoise at;
  at.share = ShareAt(noise).first;
  for (size_t i = 0; i < cells_.size(); ++i) {
    const Counted& votes = counted_[i];
    const double blocked =
        LogMix(LogMarginal(blocked_shape, votes), LogMarginal(kOddBlocked, votes), kOdd);
    const double open = LogMix(LogMarginal(open_shape, votes), LogMarginal(kOddOpen, votes), kOdd);
    at.blocked.push_back(blocked);
    at.open.push_back(open);
    at.places.push_back({blocked, LogMix(open, some_[i], at.share)});
    at.all_blocked += blocked;
  }
  for (const Group& region : regions_) at.regions.push_back(PlaceOf(region, at));
  return at;
}

Place CountryCells::PlaceOf(const Group& group, const AtNoise& at) const {
  Place place;
  double open = 0;
  for (const size_t cell : group.cells) {
    place.blocked += at.blocked[cell];
    open += at.open[cell];
  }
  place.access = LogMix(open, group.some, at.share);
  return place;
}

std::array<double, kScopes> CountryCells::LogLikelihoods(size_t noise) const {
  const AtNoise at = At(noise);
  std::array<double, kScopes> logs{};
  logs[IndexOf(v1::SCOPE_NOWHERE)] = at.all_blocked;
  logs[IndexOf(v1::SCOPE_ISOLATED)] = Isolated(at);
  std::vector<Place> regions;
  for (size_t i = 0; i < regions_.size(); ++i) {
    regions.push_back(at.regions[i]);
    if (regions_[i].cells.size() < 2) continue;
    std::vector<Place> own;
    for (const size_t cell : regions_[i].cells) own.push_back(at.places[cell]);
    regions.back().access = LogMix(regions.back().access, LogMeanOverSubsets(own), kByChance);
  }
  logs[IndexOf(v1::SCOPE_LOCAL)] = LogMeanOverSubsets(regions);
  logs[IndexOf(v1::SCOPE_BY_NETWORK)] = ByNetwork(at);
  logs[IndexOf(v1::SCOPE_WIDESPREAD)] = Widespread(at);
  logs[IndexOf(v1::SCOPE_MIXED)] = LogMeanOverSubsets(at.places);
  return logs;
}

std::optional<IsolatedPlace> CountryCells::MostIsolated(size_t noise) const {
  const AtNoise at = At(noise);
  std::optional<IsolatedPlace> place;
  double most = kNever;
  for (size_t i = 0; i < cells_.size(); ++i) {
    const double odds = at.places[i].access - at.places[i].blocked;
    if (!MayBeIsolated(i) || odds <= most) continue;
    most = odds;
    place = IsolatedPlace{cells_[i].region, cells_[i].asn};
  }
  return place;
}

std::map<uint32_t, Place> CountryCells::Networks(size_t noise) const {
  const AtNoise at = At(noise);
  std::map<uint32_t, Place> networks;
  for (const auto& [asn, network] : networks_) networks.emplace(asn, PlaceOf(network, at));
  return networks;
}

// Where a region has a single network, nobody can tell the one from the other.
bool CountryCells::MayBeIsolated(size_t cell) const {
  return cells_[cell].asn != 0 && cells_of_region_[cells_[cell].region] > 1;
}

double CountryCells::Isolated(const AtNoise& at) const {
  double sum = kNever;
  size_t count = 0;
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (!MayBeIsolated(i)) continue;
    sum = LogAdd(sum, at.places[i].access - at.places[i].blocked);
    ++count;
  }
  return count == 0 ? kNever : at.all_blocked + sum - std::log(static_cast<double>(count));
}

double CountryCells::ByNetwork(const AtNoise& at) const {
  std::vector<Place> networks;
  for (const auto& [asn, network] : networks_) networks.push_back(PlaceOf(network, at));
  double log = LogMeanOverSubsets(networks);
  for (const size_t cell : unbound_) {
    log += LogMix(at.places[cell].blocked, at.places[cell].access, 0.5);
  }
  return log;
}

double CountryCells::Widespread(const AtNoise& at) const {
  double each = 0;
  for (const Place& region : at.regions) each += region.access;
  return LogMix(each, PlaceOf(all_, at).access, kOneKind);
}

}  // namespace sightline
