#include "collector/verdict/timeline_votes.h"

#include <algorithm>

#include "collector/verdict/posterior.h"

namespace sightline {
namespace {

using internal::v1::Series;

struct Suspects {
  uint32_t buckets = 0;
  uint32_t suspected = 0;
};

bool CanSpeak(const internal::v1::Cells& cells) {
  if (cells.controls_decided() == 0) return false;
  if (2 * cells.controls_reached() < cells.controls_decided()) return false;
  return std::none_of(cells.instrument_bugs().begin(), cells.instrument_bugs().end(),
                      [](const auto& bug) { return bug.disputed(); });
}

// What a network and the others of its regions say, and by how much they differ: the difference of
// shares, weighted over regions as Mantel and Haenszel do (Journal of the NCI 22, 1959).
struct Comparison {
  SeriesVotes own;
  SeriesVotes others;
  int regions = 0;
  double difference = 0;  // sum of the weighted differences
  double weight = 0;
};

Comparison Compare(const Series& network, const RegionVotes& votes,
                   const std::set<uint32_t>& against, const SeriesOf& series) {
  Comparison result;
  for (const auto& [region, networks] : votes) {
    const Series* history = series(region, 0);
    if (history == nullptr || !Settled(*history) || history->has_ongoing()) continue;
    const auto own = networks.find(network.asn());
    if (own == networks.end() || own->second.weight <= 0) continue;
    SeriesVotes others;
    for (const auto& [asn, each] : networks) {
      if (asn != network.asn() && !against.contains(asn)) others.Add(each);
    }
    ++result.regions;
    result.own.Add(own->second);
    if (others.weight <= 0) continue;
    result.others.Add(others);
    const double weight = own->second.weight * others.weight / (own->second.weight + others.weight);
    result.weight += weight;
    result.difference +=
        weight * (ShareDifferent(network, own->second) - ShareDifferent(network, others));
  }
  return result;
}

bool Differs(const Series& network, const Comparison& c) {
  return c.regions >= 2 && c.own.Speak() && EvidenceOfChange(network, c.own) > 0 && c.weight > 0 &&
         c.difference > kApart * c.weight;
}

}  // namespace

RegionVotes VotesOf(const internal::v1::Cells& cells) {
  RegionVotes votes;
  if (!CanSpeak(cells)) return votes;
  std::map<std::string, Suspects> suspects;
  for (const internal::v1::Cell& cell : cells.cells()) {
    votes[cell.region()][cell.asn()].Add({cell.buckets(), cell.weight(), cell.weight_open()});
    Suspects& heard = suspects[cell.region()];
    heard.buckets += cell.buckets();
    heard.suspected += cell.buckets_suspected();
  }
  for (const auto& [region, heard] : suspects) {
    if (Disputed(heard.suspected, heard.buckets)) votes.erase(region);
  }
  return votes;
}

std::set<uint32_t> NetworksApart(const RegionVotes& votes, const SeriesOf& series) {
  std::set<uint32_t> asns;
  for (const auto& [region, networks] : votes) {
    for (const auto& [asn, each] : networks) {
      if (asn != 0) asns.insert(asn);
    }
  }
  std::set<uint32_t> going_on;
  std::set<uint32_t> candidates;
  for (const uint32_t asn : asns) {
    const Series* network = series("", asn);
    if (network == nullptr || !Settled(*network)) continue;
    if (network->has_ongoing()) {
      going_on.insert(asn);
    } else if (Differs(*network, Compare(*network, votes, {}, series))) {
      candidates.insert(asn);
    }
  }
  std::set<uint32_t> set_aside = going_on;
  set_aside.insert(candidates.begin(), candidates.end());
  std::set<uint32_t> apart = going_on;
  for (const uint32_t asn : candidates) {
    const Series& network = *series("", asn);
    const Comparison c = Compare(network, votes, set_aside, series);
    const bool others_at_rest = c.others.weight > 0 && EvidenceOfChange(network, c.others) <= 0;
    if (others_at_rest && Differs(network, c)) apart.insert(asn);
  }
  return apart;
}

}  // namespace sightline
