// Votes of made-up countries whose scope is known.
#ifndef SIGHTLINE_TESTS_COLLECTOR_VERDICT_COUNTRY_H_
#define SIGHTLINE_TESTS_COLLECTOR_VERDICT_COUNTRY_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "collector/verdict/scope.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Who lives in a country, and what is true there.
struct CountryOptions {
  size_t regions = 6;
  uint32_t networks = 3;  // in every region, from AS1 on
  int agents = 4;         // of every network in every region, each in a bucket of its own
  v1::Scope scope = v1::SCOPE_NOWHERE;
  double rate = 1;           // share of users with access where there is access
  bool mirror = false;       // LOCAL: all regions but two are open, instead of two
  double contamination = 0;  // share of agents that reach the target wherever they are
  double failures = 0.02;    // share of rounds that fail for no reason
};

// One window of a country.
struct Country {
  ScopeInput input;
  std::set<size_t> open_regions;     // of LOCAL and ISOLATED
  std::set<uint32_t> open_networks;  // of BY_NETWORK and ISOLATED
  std::vector<VoteSums> votes;       // by region
  std::set<std::pair<size_t, uint32_t>> cells_with_access;

  bool HasAccess(size_t region, uint32_t asn) const {
    return cells_with_access.contains({region, asn});
  }
};

// The same arguments give the same country.
Country MakeCountry(const CountryOptions& options, uint64_t seed);

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_VERDICT_COUNTRY_H_
