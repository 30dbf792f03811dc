#include "collector/verdict/round.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "collector/verdict/control.h"
#include "common/outcome.h"
#include "common/wire.h"

namespace sightline {
namespace {

// One for each of `plan.targets()`. Of two observations of one check the first one counts.
std::vector<CheckOutcome> OutcomesOf(const v1::Batch& batch, const RoundPlan& plan) {
  std::vector<const v1::Observation*> by_slot(plan.slots());
  size_t slot = 0;
  for (const v1::Observation& observation : batch.observations()) {
    const size_t found = plan.SlotOf(observation.check_id(), slot);
    if (found == RoundPlan::kNoSlot) continue;
    if (by_slot[found] == nullptr) by_slot[found] = &observation;
    slot = found + 1;
  }
  const auto lookup = [&](absl::string_view check_id) -> const v1::Observation* {
    const size_t found = plan.SlotOf(check_id, slot);
    if (found == RoundPlan::kNoSlot) return nullptr;
    slot = found + 1;
    return by_slot[found];
  };
  std::vector<CheckOutcome> outcomes;
  outcomes.reserve(plan.targets().size());
  for (const RoundPlan::Entry& entry : plan.targets()) {
    slot = entry.first_slot;
    outcomes.push_back(OutcomeOfTarget(*entry.target, lookup));
  }
  return outcomes;
}

TargetRound RuleOn(const std::string& target_id, CheckOutcome outcome, Contrast line) {
  TargetRound round;
  round.target_id = target_id;
  if (line == Contrast::kNotReached) {
    round.ruling = TargetRuling::kOwnOutage;
  } else if (line == Contrast::kUnknown) {
    round.ruling = TargetRuling::kNoAnchor;
  } else if (outcome.outcome == Outcome::kOpen) {
    round.ruling = TargetRuling::kOpen;
  } else if (outcome.outcome == Outcome::kBlocked) {
    round.ruling = TargetRuling::kBlocked;
    round.cause = {std::string(outcome.layer), std::move(outcome.failure)};
  } else if (outcome.outcome == Outcome::kDown) {
    round.ruling = TargetRuling::kDown;
  }
  return round;
}

std::vector<Sighting> SightingsOf(const v1::Batch& batch, const RoundPlan& plan) {
  std::vector<Sighting> sightings;
  for (const v1::Observation& observation : batch.observations()) {
    if (observation.listing() != v1::LISTING_PRESENT &&
        observation.listing() != v1::LISTING_ABSENT) {
      continue;
    }
    const v1::Storefront* store = plan.StorefrontOf(observation.check_id());
    if (store == nullptr || observation.layers().app() != v1::LAYER_STATE_OK) continue;
    sightings.push_back({store->country(), store->target_id(), store->store_id(),
                         observation.listing() == v1::LISTING_PRESENT});
  }
  return sightings;
}

VantageFacts VantageOf(const v1::Vantage& vantage) {
  VantageFacts facts;
  facts.agent_version = vantage.agent_version();
  const bool tunnel =
      vantage.egress() == v1::EGRESS_TUN || vantage.egress() == v1::EGRESS_WIREGUARD;
  facts.tunnel = tunnel ? 1 : 0;
  facts.fake_ip = vantage.fake_ip_dns() ? 1 : 0;
  facts.proxy = vantage.proxy_configured() ? 1 : 0;
  facts.echoes_differ = vantage.echoes_agree() == v1::AGREEMENT_DIFFERENT ? 1 : 0;
  facts.domestic_connect_us = vantage.domestic_connect_us();
  facts.foreign_connect_us = vantage.foreign_connect_us();
  return facts;
}

}  // namespace

RoundPlan::RoundPlan(const v1::Plan& plan) {
  for (const v1::Target& target : plan.targets()) {
    targets_.push_back({&target, check_ids_.size()});
    for (const v1::Feature& feature : target.features()) {
      for (const v1::Check& check : feature.checks()) {
        slot_by_id_.emplace(check.check_id(), check_ids_.size());
        check_ids_.push_back(check.check_id());
      }
    }
  }
  for (const v1::Storefront& store : plan.storefronts()) {
    storefronts_.emplace(store.check().check_id(), &store);
  }
  std::stable_sort(targets_.begin(), targets_.end(), [](const Entry& one, const Entry& other) {
    return one.target->target_id() < other.target->target_id();
  });
  for (size_t i = 0; i < targets_.size(); ++i) {
    if (targets_[i].target->kind() == v1::TARGET_KIND_DOMESTIC_ANCHOR) anchors_.push_back(i);
  }
}

size_t RoundPlan::SlotOf(absl::string_view check_id, size_t guess) const {
  if (guess < check_ids_.size() && check_ids_[guess] == check_id) return guess;
  const auto found = slot_by_id_.find(check_id);
  return found == slot_by_id_.end() ? kNoSlot : found->second;
}

const v1::Storefront* RoundPlan::StorefrontOf(absl::string_view check_id) const {
  const auto found = storefronts_.find(check_id);
  return found == storefronts_.end() ? nullptr : found->second;
}

Round MakeRound(const LogRecord& record, const v1::Batch& batch, const RoundPlan* plan,
                const AgentRecord& agent) {
  Round round;
  round.round_time = record.round_time;
  round.receive_time = record.receive_time;
  round.agent_id = record.agent_id;
  round.role = agent.role;
  round.region = agent.region;
  round.enroll_time = agent.enroll_time;
  round.seen = {record.country, record.asn, record.bucket};
  if (record.round_time > record.receive_time + kFutureSkewMax) {
    round.kind = RoundKind::kFromFuture;
    return round;
  }
  if (batch.has_tombstone()) {
    round.kind = RoundKind::kTombstone;
    return round;
  }
  if (plan == nullptr) {
    round.kind = RoundKind::kUnknownPlan;
    return round;
  }
  round.vantage = VantageOf(batch.vantage());
  if (agent.role == v1::AGENT_ROLE_CONTROL) round.sightings = SightingsOf(batch, *plan);
  const std::vector<CheckOutcome> outcomes = OutcomesOf(batch, *plan);
  round.targets.reserve(outcomes.size());
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].outcome == Outcome::kUntested) continue;
    const Contrast line = agent.role == v1::AGENT_ROLE_CONTROL
                              ? LineOfControl(outcomes)
                              : AnchorsOf(plan->anchors(), outcomes, i);
    round.targets.push_back(RuleOn(plan->targets()[i].target->target_id(), outcomes[i], line));
  }
  return round;
}

Round MakeRound(const LogRecord& record, const v1::Batch& batch, const v1::Plan* plan,
                const AgentRecord& agent) {
  const std::optional<RoundPlan> prepared =
      plan == nullptr ? std::nullopt : std::optional<RoundPlan>(*plan);
  return MakeRound(record, batch, prepared ? &*prepared : nullptr, agent);
}

}  // namespace sightline
