// The half of World that says what agents report.
#include <algorithm>

#include "collector/replay/observed.h"
#include "collector/replay/truth.h"
#include "collector/replay/world.h"

namespace sightline {
namespace {

// What was kept for long arrives within this time.
constexpr absl::Duration kBurst = absl::Minutes(10);

bool Holds(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

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

std::optional<RoundSeen> World::Look(const Resident& who, int window, int round) const {
  const auto number =
      static_cast<uint64_t>(window) * static_cast<uint64_t>(scenario_.rounds_per_window) +
      static_cast<uint64_t>(round);
  // A fifth of the window is left free at its ends: for the grace of the window before, and for the
  // way of the batch.
  const absl::Duration length = scenario_.window_length;
  const double place =
      (round + Roll(Draw::kRoundTime, who.number, number)) / scenario_.rounds_per_window;
  RoundSeen seen;
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
    if (!says && (line_is_down || target.kind == v1::TARGET_KIND_DOMESTIC_ANCHOR ||
                  ServiceIsDown(scenario_, target.target_id, time))) {
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
