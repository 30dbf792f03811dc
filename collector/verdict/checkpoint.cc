#include "collector/verdict/checkpoint.h"

#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/verdict/verdict.h"
#include "sightline/internal/v1/fold.pb.h"

namespace sightline {
namespace {

namespace wire = internal::v1;

// Positions of the names that a window uses, in their order.
struct Names {
  std::map<std::string, uint32_t> targets;
  std::map<Cause, uint32_t> causes;
};

Names NamesOf(const Window& window) {
  Names names;
  for (const auto& [agent_id, agent] : window.agents) {
    for (const auto& [origin, rounds] : agent.origins) {
      for (const auto& [target_id, counts] : rounds.targets) {
        names.targets.try_emplace(target_id);
        for (const auto& [cause, count] : counts.causes) names.causes.try_emplace(cause);
      }
    }
  }
  uint32_t next = 0;
  for (auto& [target_id, position] : names.targets) position = next++;
  next = 0;
  for (auto& [cause, position] : names.causes) position = next++;
  return names;
}

void Write(const VantageFacts& facts, wire::FoldVantage& out) {
  out.set_agent_version(facts.agent_version);
  out.set_tunnel(facts.tunnel);
  out.set_fake_ip(facts.fake_ip);
  out.set_proxy(facts.proxy);
  out.set_echoes_differ(facts.echoes_differ);
  out.set_domestic_connect_us(facts.domestic_connect_us);
  out.set_foreign_connect_us(facts.foreign_connect_us);
}

VantageFacts Read(const wire::FoldVantage& in) {
  VantageFacts facts;
  facts.agent_version = in.agent_version();
  facts.tunnel = in.tunnel();
  facts.fake_ip = in.fake_ip();
  facts.proxy = in.proxy();
  facts.echoes_differ = in.echoes_differ();
  facts.domestic_connect_us = in.domestic_connect_us();
  facts.foreign_connect_us = in.foreign_connect_us();
  return facts;
}

void Write(const OriginCounts& rounds, const Names& names, wire::FoldOrigin& out) {
  out.set_rounds(rounds.rounds);
  Write(rounds.vantage, *out.mutable_vantage());
  for (const auto& [target_id, counts] : rounds.targets) {
    wire::FoldCounts& target = *out.add_targets();
    target.set_target(names.targets.at(target_id));
    target.set_open(counts.open);
    target.set_blocked(counts.blocked);
    target.set_down(counts.down);
    target.set_undecided(counts.undecided);
    target.set_own_outage(counts.own_outage);
    target.set_no_anchor(counts.no_anchor);
    for (const auto& [cause, count] : counts.causes) {
      wire::FoldCauseCount& each = *target.add_causes();
      each.set_cause(names.causes.at(cause));
      each.set_count(count);
    }
  }
}

// False: it is not what Write wrote.
bool Read(wire::FoldCounts& in, const wire::FoldWindow& window, OriginCounts& rounds) {
  if (in.target() >= static_cast<uint32_t>(window.target_ids_size())) return false;
  const std::string& target_id = window.target_ids(static_cast<int>(in.target()));
  if (!rounds.targets.empty() && rounds.targets.rbegin()->first >= target_id) return false;
  TargetCounts& counts =
      rounds.targets.emplace_hint(rounds.targets.end(), target_id, TargetCounts())->second;
  counts.open = in.open();
  counts.blocked = in.blocked();
  counts.down = in.down();
  counts.undecided = in.undecided();
  counts.own_outage = in.own_outage();
  counts.no_anchor = in.no_anchor();
  uint64_t blocked = 0;
  for (const wire::FoldCauseCount& each : in.causes()) {
    if (each.cause() >= static_cast<uint32_t>(window.causes_size())) return false;
    const wire::FoldCause& cause = window.causes(static_cast<int>(each.cause()));
    counts.causes[{cause.layer(), cause.failure()}] += each.count();
    blocked += each.count();
  }
  return blocked == counts.blocked;
}

bool Read(wire::FoldAgent& in, const wire::FoldWindow& window, AgentWindow& agent) {
  agent.role = in.role();
  agent.region = std::move(*in.mutable_region());
  agent.enroll_time = absl::FromUnixMillis(in.enroll_time_ms());
  for (wire::FoldOrigin& each : *in.mutable_origins()) {
    SeenFrom seen{std::move(*each.mutable_country()), each.asn(),
                  std::move(*each.mutable_bucket())};
    const auto [origin, added] = agent.origins.emplace(std::move(seen), OriginCounts());
    if (!added) return false;
    origin->second.rounds = each.rounds();
    origin->second.vantage = Read(each.vantage());
    origin->second.targets.reserve(static_cast<size_t>(each.targets_size()));
    for (wire::FoldCounts& target : *each.mutable_targets()) {
      if (!Read(target, window, origin->second)) return false;
    }
  }
  return true;
}

absl::Status Damaged(absl::Time start) {
  return absl::DataLossError(absl::StrCat("the checkpoint of the window that starts at ",
                                          absl::FormatTime(start, absl::UTCTimeZone()),
                                          " cannot be read, or is of other rules"));
}

}  // namespace

std::string SerializeWindow(const Window& window) {
  const Names names = NamesOf(window);
  wire::FoldWindow out;
  out.set_start_ms(absl::ToUnixMillis(window.start));
  out.set_length_ms(absl::ToInt64Milliseconds(window.length));
  out.set_ruleset_version(std::string(kRulesetVersion));
  for (const auto& [target_id, position] : names.targets) out.add_target_ids(target_id);
  for (const auto& [cause, position] : names.causes) {
    wire::FoldCause& each = *out.add_causes();
    each.set_layer(cause.layer);
    each.set_failure(cause.failure);
  }
  for (const auto& [agent_id, agent] : window.agents) {
    wire::FoldAgent& each = *out.add_agents();
    each.set_agent_id(agent_id);
    each.set_role(agent.role);
    each.set_region(agent.region);
    each.set_enroll_time_ms(absl::ToUnixMillis(agent.enroll_time));
    for (const auto& [seen, rounds] : agent.origins) {
      wire::FoldOrigin& origin = *each.add_origins();
      origin.set_country(seen.country);
      origin.set_asn(seen.asn);
      origin.set_bucket(seen.bucket);
      Write(rounds, names, origin);
    }
  }
  return out.SerializeAsString();
}

absl::StatusOr<Window> ParseWindow(absl::string_view bytes, absl::Time start,
                                   absl::Duration length) {
  wire::FoldWindow in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      in.start_ms() != absl::ToUnixMillis(start) ||
      in.length_ms() != absl::ToInt64Milliseconds(length) ||
      absl::string_view(in.ruleset_version()) != kRulesetVersion) {
    return Damaged(start);
  }
  Window window;
  window.start = start;
  window.length = length;
  for (wire::FoldAgent& each : *in.mutable_agents()) {
    const auto [agent, added] =
        window.agents.emplace(std::move(*each.mutable_agent_id()), AgentWindow());
    if (!added || !Read(each, in, agent->second)) return Damaged(start);
  }
  return window;
}

}  // namespace sightline
