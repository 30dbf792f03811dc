#include "collector/replay/world.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "collector/replay/observed.h"
#include "collector/replay/truth.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr char kControlCountry[] = "DE";
constexpr uint32_t kControlAsn = 3320;
// The first /24 that is handed out: 11.0.0.0.
constexpr uint64_t kFirstPrefix = 11u << 16;
constexpr absl::Duration kGraceMax = absl::Minutes(5);
// What was kept for long arrives within this time.
constexpr absl::Duration kBurst = absl::Minutes(10);

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

bool Holds(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

enum class World::Draw : uint64_t {
  kVpn = 1,
  kVpnVisible,
  kOffline,
  kRoundTime,
  kOutage,
  kLate,
  kLateTime,
  kVersion,
  kOpen,
  kChance,
  kLiar,
  kLie,
  kConnect,
};

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
  residents_.push_back({number, std::move(key)});
  Resident& who = residents_.back();
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
    who.enroll_time = scenario_.start - population.age_min - absl::Trunc(span * share, kBurst);
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

bool World::HasOutage(OutageKind kind, const Resident& who, absl::Time time) const {
  for (size_t i = 0; i < scenario_.outages.size(); ++i) {
    const Outage& outage = scenario_.outages[i];
    if (outage.kind != kind || !outage.period.Contains(time)) continue;
    const bool here =
        who.control ? kind == OutageKind::kControls : outage.area.Contains(who.region, who.asn);
    if (here && Roll(Draw::kOutage, who.number, i) < outage.share) return true;
  }
  return false;
}

absl::Time World::ReceiveTime(const Resident& who, absl::Time round_time) const {
  absl::Time receive = round_time + scenario_.window_length / 60;
  const auto delay = [&](absl::Time until, uint64_t rule) {
    const absl::Duration burst = std::min(kBurst, scenario_.window_length / 6);
    receive = std::max(receive, until + burst * Roll(Draw::kLateTime, who.number, rule));
  };
  if (who.control) return receive;
  for (size_t i = 0; i < scenario_.late.size(); ++i) {
    const LateUploads& late = scenario_.late[i];
    if (late.period.Contains(round_time) && late.area.Contains(who.region, who.asn) &&
        Roll(Draw::kLate, who.number, i) < late.share) {
      delay(late.period.until, i);
    }
  }
  for (size_t i = 0; i < scenario_.outages.size(); ++i) {
    const Outage& outage = scenario_.outages[i];
    if (outage.kind == OutageKind::kLines && outage.period.Contains(round_time) &&
        outage.area.Contains(who.region, who.asn) &&
        Roll(Draw::kOutage, who.number, i) < outage.share) {
      delay(outage.period.until, scenario_.late.size() + i);
    }
  }
  return receive;
}

const AgentVersion* World::VersionOf(const Resident& who, absl::Time time) const {
  // Everybody has one place in the line from 0 to 1, and versions take parts of it in turn.
  const double place = Roll(Draw::kVersion, who.number);
  double before = 0;
  for (const AgentVersion& version : scenario_.versions) {
    const bool taken = place >= before && place < before + version.share;
    before += version.share;
    if (taken && version.period.Contains(time)) return &version;
  }
  return nullptr;
}

bool World::Reaches(const Resident& who, size_t target, absl::Time time) const {
  const ScenarioTarget& entry = scenario_.targets[target];
  if (ServiceIsDown(scenario_, entry.target_id, time)) return false;
  if (who.control) return true;
  if (HasOutage(OutageKind::kLines, who, time)) return false;
  if (entry.kind == v1::TARGET_KIND_DOMESTIC_ANCHOR && HasOutage(OutageKind::kAnchors, who, time)) {
    return false;
  }
  if (who.vpn) return true;
  return Roll(Draw::kOpen, who.number, target) <
         ShareOpen(scenario_, entry, who.region, who.asn, time);
}

bool World::Says(const Resident& who, size_t target, absl::Time time, uint64_t round,
                 bool reached) const {
  const std::string& target_id = scenario_.targets[target].target_id;
  const auto say = [&](sightline::Says says, uint64_t rule) {
    switch (says) {
      case sightline::Says::kOpen:
        return true;
      case sightline::Says::kBlocked:
        return false;
      case sightline::Says::kOpposite:
        return !reached;
      case sightline::Says::kRandom:
        break;
    }
    return Roll(Draw::kLie, who.number, target * 64 + rule, round) < 0.5;
  };
  if (who.sybils != nullptr) {
    return Holds(who.sybils->target_ids, target_id) ? say(who.sybils->says, 63) : reached;
  }
  if (who.control) return reached;
  for (size_t i = 0; i < scenario_.liars.size(); ++i) {
    const Liars& liars = scenario_.liars[i];
    if (liars.period.Contains(time) && liars.area.Contains(who.region, who.asn) &&
        (liars.target_ids.empty() || Holds(liars.target_ids, target_id)) &&
        Roll(Draw::kLiar, who.number, i) < liars.share) {
      return say(liars.says, i);
    }
  }
  return reached;
}

v1::Vantage World::VantageOf(const Resident& who, uint64_t round) const {
  v1::Vantage vantage;
  vantage.set_egress(who.vpn_visible ? v1::EGRESS_TUN : v1::EGRESS_DIRECT);
  vantage.set_address_stable(v1::AGREEMENT_SAME);
  vantage.set_echoes_agree(v1::AGREEMENT_SAME);
  vantage.set_captive_portal(v1::PRESENCE_ABSENT);
  vantage.set_tcp_timestamps(v1::PRESENCE_PRESENT);
  // Home is near, the ends of the world and of a tunnel are not: milliseconds, and what they vary.
  const auto near = static_cast<uint32_t>(8'000 + 30'000 * Roll(Draw::kConnect, who.number, round));
  const auto far =
      static_cast<uint32_t>(120'000 + 120'000 * Roll(Draw::kConnect, who.number, round, 1));
  const bool home_is_far = who.control || who.vpn;
  vantage.set_domestic_connect_us(home_is_far ? far : near);
  vantage.set_foreign_connect_us(who.vpn ? far / 2 : who.control ? near : far);
  return vantage;
}

std::optional<Sighting> World::Look(const Resident& who, int window, int round) const {
  const auto number =
      static_cast<uint64_t>(window) * static_cast<uint64_t>(scenario_.rounds_per_window) +
      static_cast<uint64_t>(round);
  // A fifth of the window is left free at its ends: for the grace of the window before, and for the
  // way of the batch.
  const absl::Duration length = scenario_.window_length;
  const double place =
      (round + Roll(Draw::kRoundTime, who.number, number)) / scenario_.rounds_per_window;
  Sighting seen;
  seen.round_time = scenario_.start + window * length +
                    absl::Trunc(length * (0.1 + 0.8 * place), absl::Milliseconds(1));
  const absl::Time time = seen.round_time;
  if (!who.active.Contains(time) ||
      (!who.control && Roll(Draw::kOffline, who.number, number) < scenario_.noise.offline) ||
      HasOutage(who.control ? OutageKind::kControls : OutageKind::kSilence, who, time)) {
    return std::nullopt;
  }
  seen.receive_time = ReceiveTime(who, time);
  const AgentVersion* version = VersionOf(who, time);
  seen.agent_version = version == nullptr ? "0.1.0" : version->version;
  seen.vantage = VantageOf(who, number);
  const bool line_is_down = !who.control && HasOutage(OutageKind::kLines, who, time);
  for (size_t i = 0; i < scenario_.targets.size(); ++i) {
    const ScenarioTarget& target = scenario_.targets[i];
    const bool reached = Reaches(who, i, time);
    const bool says = Says(who, i, time, number, reached);
    Course course = says ? Course::kOpen : Course::kBlocked;
    if (!says && (line_is_down || ServiceIsDown(scenario_, target.target_id, time))) {
      course = Course::kTimeout;
    }
    if (says && Roll(Draw::kChance, who.number, number, i) < scenario_.noise.failure) {
      course = Course::kTimeout;
    }
    if (version != nullptr && Holds(version->broken_target_ids, target.target_id)) {
      course = Course::kBroken;
    }
    seen.observations.push_back(Observe(target, course));
    seen.open.push_back(course == Course::kOpen);
  }
  return seen;
}

}  // namespace sightline
