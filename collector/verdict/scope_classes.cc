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
  double prior;
};

// Cells without access, by how many reach the target there all the same (VPNs, liars): 1, 5, 10 or
// 20 of a hundred.
constexpr std::array<Level, 4> kBlocked = {
    {{{0.6, 59.4}, 0.35}, {{3, 57}, 0.3}, {{6, 54}, 0.2}, {{12, 48}, 0.15}}};
// Cells with access for all, by how many fail there all the same: 2 or 15 of a hundred.
constexpr std::array<Level, 2> kOpen = {{{{58.8, 1.2}, 0.75}, {{51, 9}, 0.25}}};
// Cells with access for some.
constexpr Beta kSome = {8, 6};

// How many of the places with access have it for some only.
struct Share {
  double share;
  double prior;
};
constexpr std::array<Share, 3> kShares = {{{0.005, 0.5}, {0.5, 0.2}, {0.995, 0.3}}};

static_assert(kBlocked.size() * kOpen.size() * kShares.size() == kSettings);

// A cell that is not like the others of its kind, whatever the levels.
constexpr Beta kOddBlocked = {1, 3};
constexpr Beta kOddOpen = {3, 1};
constexpr double kOdd = 0.003;
// Of regions with access: that only some of their networks have it.
constexpr double kSomeNetworks = 0.05;
// Of networks that are merged with others because few report from them: their share of the merged
// cell's origins can be anything, and hardly ever is the one network with access among them.
constexpr Beta kPart = {1, 1};
constexpr double kMerged = 0.1;
// Of WIDESPREAD for some: that all regions share one rate.
constexpr double kOneRate = 0.5;

size_t BlockedOf(size_t setting) { return setting % kBlocked.size(); }
size_t OpenOf(size_t setting) { return setting / kBlocked.size() % kOpen.size(); }
size_t ShareOf(size_t setting) { return setting / kBlocked.size() / kOpen.size(); }

double LogAdd(double one, double other) {
  const double larger = std::max(one, other);
  if (larger == kNever) return kNever;
  const double ratio = std::min(one, other) - larger;
  if (ratio < -40) return larger;  // nothing beside it: e^-40 is less than a double resolves
  return larger + std::log1p(std::exp(ratio));
}

// The logarithms of a share and of the rest.
class LogShare {
 public:
  explicit LogShare(double share) : rest_(std::log1p(-share)), share_(std::log(share)) {}
  // ln ((1 - share) e^one + share e^other)
  double Mix(double one, double other) const { return LogAdd(rest_ + one, share_ + other); }

 private:
  double rest_;
  double share_;
};

size_t IndexOf(v1::Scope scope) { return static_cast<size_t>(scope - v1::SCOPE_NOWHERE); }

}  // namespace

double PriorOf(size_t setting) {
  return kBlocked[BlockedOf(setting)].prior * kOpen[OpenOf(setting)].prior *
         kShares[ShareOf(setting)].prior;
}

struct CountryCells::InSetting {
  const std::vector<double>& blocked;  // of cells_
  const std::vector<double>& open;     // of cells_
  LogShare share;                      // of places with access: for some only
  std::vector<Place> cells;            // each by itself
  std::vector<Place> regions;          // of regions_, all of their cells alike
  double all_blocked = 0;
};

CountryCells::CountryCells(const ScopeInput& input)
    : cells_(input.cells),
      blocked_(kBlocked.size()),
      open_(kOpen.size()),
      cells_of_region_(input.regions) {
  const LogShare odd(kOdd);
  const Marginal some(kSome);
  const Marginal odd_when_blocked(kOddBlocked);
  const Marginal odd_when_open(kOddOpen);
  std::vector<Marginal> when_blocked;
  std::vector<Marginal> when_open;
  for (const Level& level : kBlocked) when_blocked.emplace_back(level.shape);
  for (const Level& level : kOpen) when_open.emplace_back(level.shape);
  std::map<size_t, std::vector<size_t>> by_region;
  std::map<uint32_t, std::vector<size_t>> by_network;
  std::map<uint32_t, std::set<size_t>> regions_of;
  std::vector<size_t> all;
  for (size_t i = 0; i < cells_.size(); ++i) {
    const ScopeCell& cell = cells_[i];
    const Counted votes = Count(cell.votes);
    const double odd_blocked = odd_when_blocked.LogOf(votes);
    const double odd_open = odd_when_open.LogOf(votes);
    counted_.push_back(votes);
    some_.push_back(some.LogOf(votes));
    part_.push_back(cell.asn != 0 ? kNever : LogMarginal(kPart, votes) + std::log(kMerged));
    for (size_t level = 0; level < kBlocked.size(); ++level) {
      blocked_[level].push_back(odd.Mix(when_blocked[level].LogOf(votes), odd_blocked));
    }
    for (size_t level = 0; level < kOpen.size(); ++level) {
      open_[level].push_back(odd.Mix(when_open[level].LogOf(votes), odd_open));
    }
    all.push_back(i);
    by_region[cell.region].push_back(i);
    ++cells_of_region_[cell.region];
    by_network[cell.asn].push_back(i);
    regions_of[cell.asn].insert(cell.region);
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

CountryCells::InSetting CountryCells::In(size_t setting) const {
  InSetting in = {blocked_[BlockedOf(setting)],
                  open_[OpenOf(setting)],
                  LogShare(kShares[ShareOf(setting)].share),
                  {},
                  {},
                  0};
  for (size_t i = 0; i < cells_.size(); ++i) {
    in.cells.push_back({in.blocked[i], in.share.Mix(in.open[i], some_[i])});
    in.all_blocked += in.blocked[i];
  }
  for (const Group& region : regions_) in.regions.push_back(PlaceOf(region, in));
  return in;
}

Place CountryCells::PlaceOf(const Group& group, const InSetting& in) const {
  double blocked = 0;
  double open = 0;
  for (const size_t cell : group.cells) {
    blocked += in.blocked[cell];
    open += in.open[cell];
  }
  return {blocked, in.share.Mix(open, group.some)};
}

std::array<double, kScopes> CountryCells::LogLikelihoods(size_t setting) const {
  const InSetting in = In(setting);
  std::array<double, kScopes> logs{};
  logs[IndexOf(v1::SCOPE_NOWHERE)] = in.all_blocked;
  logs[IndexOf(v1::SCOPE_ISOLATED)] = Isolated(in);
  logs[IndexOf(v1::SCOPE_LOCAL)] = Local(in);
  logs[IndexOf(v1::SCOPE_BY_NETWORK)] = ByNetwork(in);
  logs[IndexOf(v1::SCOPE_WIDESPREAD)] = Widespread(in);
  logs[IndexOf(v1::SCOPE_MIXED)] = LogMeanOverSubsets(in.cells);
  return logs;
}

std::optional<IsolatedPlace> CountryCells::MostIsolated(size_t setting) const {
  const InSetting in = In(setting);
  std::optional<IsolatedPlace> place;
  double most = kNever;
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (!MayBeIsolated(i)) continue;
    const double odds = OnlyAccess(i, in) - in.cells[i].blocked;
    if (odds <= most) continue;
    most = odds;
    place = IsolatedPlace{cells_[i].region, cells_[i].asn};
  }
  return place;
}

std::map<uint32_t, Place> CountryCells::Networks(size_t setting) const {
  const InSetting in = In(setting);
  std::map<uint32_t, Place> networks;
  for (const auto& [asn, network] : networks_) networks.emplace(asn, PlaceOf(network, in));
  return networks;
}

// Where a region has a single network, nobody can tell the one from the other.
bool CountryCells::MayBeIsolated(size_t cell) const {
  return cells_of_region_[cells_[cell].region] > 1;
}

// Of a cell that stands for several networks, that one of them has access.
double CountryCells::OnlyAccess(size_t cell, const InSetting& in) const {
  return cells_[cell].asn != 0 ? in.cells[cell].access : part_[cell];
}

double CountryCells::Isolated(const InSetting& in) const {
  double sum = kNever;
  size_t count = 0;
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (!MayBeIsolated(i)) continue;
    sum = LogAdd(sum, OnlyAccess(i, in) - in.cells[i].blocked);
    ++count;
  }
  return count == 0 ? kNever : in.all_blocked + sum - std::log(static_cast<double>(count));
}

double CountryCells::Local(const InSetting& in) const {
  const LogShare some_networks(kSomeNetworks);
  std::vector<Place> regions = in.regions;
  for (size_t i = 0; i < regions_.size(); ++i) {
    std::vector<Place> own;
    for (const size_t cell : regions_[i].cells) own.push_back(in.cells[cell]);
    if (own.size() < 2) continue;
    regions[i].access = some_networks.Mix(regions[i].access, LogMeanOverSubsets(own));
  }
  // What nobody reports from may be either: that all of few is open does not make all of it open.
  regions.resize(cells_of_region_.size());
  return LogMeanOverSubsets(regions);
}

// A network in a single region cannot be told from the region, and one that is not known not from
// others: those may be either.
double CountryCells::ByNetwork(const InSetting& in) const {
  std::vector<Place> networks;
  for (const auto& [asn, network] : networks_) networks.push_back(PlaceOf(network, in));
  double log = LogMeanOverSubsets(networks);
  for (const size_t cell : unbound_) {
    log += LogShare(0.5).Mix(in.cells[cell].blocked, in.cells[cell].access);
  }
  return log;
}

double CountryCells::Widespread(const InSetting& in) const {
  double each = 0;
  for (const Place& region : in.regions) each += region.access;
  return LogShare(kOneRate).Mix(each, PlaceOf(all_, in).access);
}

}  // namespace sightline
