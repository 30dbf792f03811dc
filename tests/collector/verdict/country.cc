#include "tests/collector/verdict/country.h"

#include <random>

namespace sightline {
namespace {

// The standard fixes the engine's numbers but not those of its distributions.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  bool Chance(double probability) {
    return static_cast<double>(engine_() >> 11) < probability * 9007199254740992.0;  // 2^53
  }
  size_t Below(size_t bound) { return engine_() % bound; }

 private:
  std::mt19937_64 engine_;
};

// `count` different numbers below `bound`.
std::set<size_t> Pick(size_t count, size_t bound, Dice& dice) {
  std::set<size_t> picked;
  while (picked.size() < count) picked.insert(dice.Below(bound));
  return picked;
}

// Some regions or networks for `options`.
void PickPlaces(const CountryOptions& options, Dice& dice, Country& country) {
  if (options.scope == v1::SCOPE_LOCAL) {
    const size_t open = options.mirror ? options.regions - 2 : 2;
    country.open_regions = Pick(open, options.regions, dice);
  }
  if (options.scope == v1::SCOPE_ISOLATED) country.open_regions = Pick(1, options.regions, dice);
  if (options.scope == v1::SCOPE_BY_NETWORK || options.scope == v1::SCOPE_ISOLATED) {
    country.open_networks.insert(static_cast<uint32_t>(1 + dice.Below(options.networks)));
  }
}

bool HasAccess(const CountryOptions& options, const Country& country, size_t region, uint32_t asn,
               Dice& dice) {
  switch (options.scope) {
    case v1::SCOPE_LOCAL:
      return country.open_regions.contains(region);
    case v1::SCOPE_ISOLATED:
      return country.open_regions.contains(region) && country.open_networks.contains(asn);
    case v1::SCOPE_BY_NETWORK:
      return country.open_networks.contains(asn);
    case v1::SCOPE_WIDESPREAD:
      return true;
    case v1::SCOPE_MIXED:
      return dice.Chance(0.5);
    default:
      return false;
  }
}

void Add(const VoteSums& votes, VoteSums& sum) {
  sum.buckets += votes.buckets;
  sum.weight += votes.weight;
  sum.weight_open += votes.weight_open;
}

}  // namespace

Country MakeCountry(const CountryOptions& options, uint64_t seed) {
  Dice dice(seed);
  Country country;
  PickPlaces(options, dice, country);
  country.input.regions = options.regions;
  country.votes.resize(options.regions);
  for (size_t region = 0; region < options.regions; ++region) {
    for (uint32_t asn = 1; asn <= options.networks; ++asn) {
      const bool access = HasAccess(options, country, region, asn, dice);
      VoteSums votes;
      for (int agent = 0; agent < options.agents; ++agent) {
        const bool reaches =
            dice.Chance(options.contamination) || (access && dice.Chance(options.rate));
        const bool open = !dice.Chance(options.failures) && reaches;
        Add({1, 1, open ? 1.0 : 0.0}, votes);
      }
      if (access) country.cells_with_access.emplace(region, asn);
      Add(votes, country.votes[region]);
      country.input.cells.push_back({region, asn, votes});
    }
  }
  return country;
}

}  // namespace sightline
