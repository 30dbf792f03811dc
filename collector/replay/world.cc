#include "collector/replay/world.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "collector/replay/observed.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr char kControlCountry[] = "DE";
constexpr uint32_t kControlAsn = 3320;
// The first /24 that is handed out: 11.0.0.0.
constexpr uint64_t kFirstPrefix = 11u << 16;
constexpr absl::Duration kGraceMax = absl::Minutes(5);

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014), its finalizer.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::string BytesOfPrefix(uint64_t prefix) {
  std::string bytes;
  for (int shift = 16; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(((kFirstPrefix + prefix) >> shift) & 0xff));
  }
  return bytes;
}

}  // namespace

double World::Roll(Draw draw, uint64_t a, uint64_t b, uint64_t c) const {
  uint64_t state = Mix(seed_);
  for (const uint64_t each : {static_cast<uint64_t>(draw), a, b, c}) state = Mix(state ^ each);
  return static_cast<double>(state >> 11) * 0x1p-53;
}

World::World(const Scenario& scenario, uint64_t seed) : scenario_(scenario), seed_(seed) {
  AddPlan();
  AddResidents();
  for (const Sybils& sybils : scenario_.sybils) AddSybils(sybils);
}

std::string World::Secret(absl::string_view purpose, uint64_t number) const {
  return Sha256(absl::StrCat("sightline replay ", seed_, " ", purpose, " ", number));
}

absl::Duration World::grace() const { return std::min(kGraceMax, scenario_.window_length / 12); }

void World::AddPlan() {
  plan_.set_version(1);
  *plan_.mutable_issue_time() = ToProto(scenario_.start - absl::Hours(24));
  *plan_.mutable_expire_time() = ToProto(scenario_.end() + absl::Hours(24));
  *plan_.mutable_round_interval() =
      ToProto(std::max(absl::Seconds(1), scenario_.window_length / scenario_.rounds_per_window));
  plan_.set_round_jitter_ratio(0.2);
  *plan_.mutable_check_timeout() = ToProto(absl::Seconds(10));
  *plan_.mutable_dns_hold() = ToProto(absl::Seconds(2));
  plan_.add_resolvers("9.9.9.9:53");
  v1::CountryRegions& country = *plan_.add_countries();
  country.set_country(scenario_.country);
  for (const std::string& region : scenario_.regions) country.add_regions(region);
  for (const ScenarioTarget& target : scenario_.targets) *plan_.add_targets() = PlanTarget(target);
}

Resident& World::Add(std::optional<uint64_t> prefix) {
  const uint64_t number = residents_.size();
  SigningKey key = *SigningKey::FromSeed(Secret("agent", number));
  Resident& who = residents_.emplace_back(number, std::move(key));
  who.agent_id = who.key.public_key().Id();
  who.country = scenario_.country;
  who.prefix = BytesOfPrefix(prefix ? *prefix : prefixes_++);
  who.active = {scenario_.start, scenario_.end()};
  return who;
}

// `total` agents are spread evenly over the regions, and those of a region over the networks by
// their shares; what does not divide goes to the first ones.
size_t World::CountOf(size_t region, size_t network) const {
  const Population& population = scenario_.population;
  if (population.per_cell > 0) return population.per_cell;
  const size_t regions = scenario_.regions.size();
  const size_t here = population.per_region > 0 ? population.per_region
                                                : population.total / regions +
                                                      (region < population.total % regions ? 1 : 0);
  double before = 0;
  for (size_t i = 0; i < network; ++i) before += scenario_.networks[i].share;
  const auto upto = [&](double share) {
    return static_cast<size_t>(std::llround(share * static_cast<double>(here)));
  };
  return upto(before + scenario_.networks[network].share) - upto(before);
}

void World::AddResidents() {
  const Population& population = scenario_.population;
  for (size_t region = 0; region < scenario_.regions.size(); ++region) {
    for (size_t network = 0; network < scenario_.networks.size(); ++network) {
      const size_t count = CountOf(region, network);
      for (size_t i = 0; i < count; ++i) {
        const bool shares = i % population.per_prefix != 0;
        Resident& who = Add(shares ? std::optional(prefixes_ - 1) : std::nullopt);
        who.region = scenario_.regions[region];
        who.asn = scenario_.networks[network].asn;
        SetVpn(who);
      }
    }
  }
  const size_t volunteers = residents_.size();
  for (uint32_t i = 0; i < population.controls; ++i) {
    Resident& who = Add();
    who.control = true;
    who.country = who.region = kControlCountry;
    who.asn = kControlAsn;
  }
  const absl::Duration span = population.age_max - population.age_min;
  for (Resident& who : residents_) {
    // A stride that is no divisor, so that ages do not follow regions.
    const double share = volunteers < 2 ? 0
                                        : static_cast<double>(who.number * 7919 % volunteers) /
                                              static_cast<double>(volunteers - 1);
    who.enroll_time =
        scenario_.start - population.age_min - absl::Trunc(span * share, absl::Minutes(1));
  }
}

void World::AddSybils(const Sybils& sybils) {
  const uint64_t first = prefixes_;
  prefixes_ += sybils.prefixes;
  for (uint32_t i = 0; i < sybils.count; ++i) {
    Resident& who = Add(first + i % sybils.prefixes);
    who.region = sybils.region;
    who.asn = sybils.asn;
    who.enroll_time = sybils.period.from;
    who.active = sybils.period;
    who.sybils = &sybils;
  }
}

void World::SetVpn(Resident& who) const {
  for (size_t i = 0; i < scenario_.vpn.size(); ++i) {
    const VpnUsers& vpn = scenario_.vpn[i];
    if (!vpn.area.Contains(who.region, who.asn) || Roll(Draw::kVpn, who.number, i) >= vpn.share) {
      continue;
    }
    who.vpn = true;
    who.vpn_visible = Roll(Draw::kVpnVisible, who.number, i) < vpn.visible;
  }
}

}  // namespace sightline
