#include "collector/verdict/round.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/layers.h"
#include "common/outcome.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using Random = std::mt19937;

// The rules once more, word by word as outcome.h and control.h say them and without any thought of
// speed: what MakeRound must agree with.
namespace plain {

using Outcomes = std::vector<CheckOutcome>;

std::optional<CheckOutcome> First(const Outcomes& all, Outcome wanted) {
  for (const CheckOutcome& each : all) {
    if (each.outcome == wanted) return each;
  }
  return std::nullopt;
}

CheckOutcome Otherwise(const Outcomes& all) {
  const bool untested = std::all_of(all.begin(), all.end(), [](const CheckOutcome& each) {
    return each.outcome == Outcome::kUntested;
  });
  return {untested ? Outcome::kUntested : Outcome::kUndecided, {}, {}};
}

CheckOutcome AllOf(const Outcomes& all) {
  if (const auto blocked = First(all, Outcome::kBlocked)) return *blocked;
  if (const auto down = First(all, Outcome::kDown)) return *down;
  const bool open = std::all_of(all.begin(), all.end(), [](const CheckOutcome& each) {
    return each.outcome == Outcome::kOpen;
  });
  return open && !all.empty() ? CheckOutcome{Outcome::kOpen, {}, {}} : Otherwise(all);
}

CheckOutcome AnyOf(const Outcomes& all) {
  if (First(all, Outcome::kOpen)) return {Outcome::kOpen, {}, {}};
  const auto blocked = First(all, Outcome::kBlocked);
  const auto down = First(all, Outcome::kDown);
  if (blocked && !down) return *blocked;
  if (down && !blocked) return *down;
  return Otherwise(all);
}

CheckOutcome OfCheck(const v1::Check& check, const v1::Observation* observation) {
  if (observation == nullptr) return {};
  const auto is = [&](v1::Layer layer, v1::LayerState state) {
    return StateOf(observation->layers(), layer) == state;
  };
  for (const v1::Layer layer : kLayers) {
    if (is(layer, v1::LAYER_STATE_BLOCKED)) {
      return {Outcome::kBlocked, LayerName(layer), observation->failure()};
    }
  }
  bool attempted = false;
  bool tainted = false;
  bool open = true;
  for (const v1::Layer layer : kLayers) {
    if (is(layer, v1::LAYER_STATE_DOWN)) {
      return {Outcome::kDown, LayerName(layer), observation->failure()};
    }
    if (!is(layer, v1::LAYER_STATE_UNSPECIFIED) && !is(layer, v1::LAYER_STATE_UNTESTED)) {
      attempted = true;
    }
    if (is(layer, v1::LAYER_STATE_TAINTED)) tainted = true;
    if (ProtocolHas(check.protocol(), layer) && !is(layer, v1::LAYER_STATE_OK)) open = false;
  }
  if (!attempted) return {};
  return {open && !tainted ? Outcome::kOpen : Outcome::kUndecided, {}, {}};
}

CheckOutcome OfTarget(const v1::Target& target,
                      const std::map<std::string, const v1::Observation*>& seen) {
  Outcomes essential;
  Outcomes all;
  for (const v1::Feature& feature : target.features()) {
    Outcomes checks;
    for (const v1::Check& check : feature.checks()) {
      const auto found = seen.find(check.check_id());
      checks.push_back(OfCheck(check, found == seen.end() ? nullptr : found->second));
    }
    all.push_back(feature.rule() == v1::FEATURE_RULE_ANY_OF ? AnyOf(checks) : AllOf(checks));
    if (feature.essential()) essential.push_back(all.back());
  }
  return AllOf(essential.empty() ? all : essential);
}

// "target ruling layer failure" of every target of the round, by target.
std::map<std::string, std::string> RoundOf(const v1::Batch& batch, const v1::Plan& plan,
                                           bool control) {
  std::map<std::string, const v1::Observation*> seen;
  for (const v1::Observation& each : batch.observations()) seen.emplace(each.check_id(), &each);
  std::map<std::string, CheckOutcome> outcomes;
  for (const v1::Target& each : plan.targets()) outcomes[each.target_id()] = OfTarget(each, seen);
  std::map<std::string, std::string> result;
  for (const auto& [target_id, outcome] : outcomes) {
    if (outcome.outcome == Outcome::kUntested) continue;
    bool tried = control;
    bool reached = false;
    for (const v1::Target& anchor : plan.targets()) {
      const bool other = anchor.target_id() != target_id;
      const bool domestic = anchor.kind() == v1::TARGET_KIND_DOMESTIC_ANCHOR;
      if (!control && !(other && domestic)) continue;
      const Outcome line = outcomes[anchor.target_id()].outcome;
      tried = tried || line != Outcome::kUntested;
      reached = reached || line == Outcome::kOpen;
    }
    TargetRuling ruling = TargetRuling::kUndecided;
    if (outcome.outcome == Outcome::kOpen) ruling = TargetRuling::kOpen;
    if (outcome.outcome == Outcome::kBlocked) ruling = TargetRuling::kBlocked;
    if (outcome.outcome == Outcome::kDown) ruling = TargetRuling::kDown;
    if (!reached) ruling = tried ? TargetRuling::kOwnOutage : TargetRuling::kNoAnchor;
    const bool blocked = ruling == TargetRuling::kBlocked;
    result[target_id] =
        absl::StrCat(static_cast<int>(ruling), " ", blocked ? std::string(outcome.layer) : "", " ",
                     blocked ? outcome.failure : "");
  }
  return result;
}

}  // namespace plain

size_t Below(Random& random, size_t end) { return random() % end; }

v1::Plan RandomPlan(Random& random) {
  v1::Plan plan = TestPlan();
  plan.clear_targets();
  const size_t targets = 1 + Below(random, 6);
  for (size_t t = 0; t < targets; ++t) {
    v1::Target& target = *plan.add_targets();
    target.set_target_id(absl::StrCat("target-", (t * 5) % 7));
    target.set_kind(static_cast<v1::TargetKind>(1 + Below(random, 4)));
    for (size_t f = 0, features = 1 + Below(random, 3); f < features; ++f) {
      v1::Feature& feature = *target.add_features();
      feature.set_essential(Below(random, 2) == 0);
      feature.set_rule(Below(random, 2) == 0 ? v1::FEATURE_RULE_ANY_OF : v1::FEATURE_RULE_ALL_OF);
      for (size_t c = 0, checks = 1 + Below(random, 3); c < checks; ++c) {
        v1::Check& check = *feature.add_checks();
        check.set_check_id(absl::StrCat(target.target_id(), "-", f, "-", c));
        check.set_protocol(static_cast<v1::CheckProtocol>(1 + Below(random, 8)));
      }
    }
  }
  return plan;
}

// Of one of three tempers, so that every ruling is met: all works, all fails, or anything.
v1::LayerState RandomState(Random& random, size_t temper) {
  if (temper < 2 && Below(random, 12) != 0) {
    return temper == 0 ? v1::LAYER_STATE_OK : v1::LAYER_STATE_BLOCKED;
  }
  return static_cast<v1::LayerState>(Below(random, 7));  // one more than there are
}

// Observations in the plan's order or in none, some twice, some of checks that the plan lacks.
v1::Batch RandomBatch(Random& random, const v1::Plan& plan) {
  v1::Batch batch;
  for (const v1::Target& target : plan.targets()) {
    const size_t temper = Below(random, 3);
    for (const v1::Feature& feature : target.features()) {
      for (const v1::Check& check : feature.checks()) {
        for (size_t times = Below(random, 8); times > 0; times = times == 7 ? 1 : 0) {
          v1::Observation& observation = *batch.add_observations();
          observation.set_check_id(Below(random, 9) == 0 ? "another" : check.check_id());
          observation.set_failure(absl::StrCat("failure ", batch.observations_size()));
          v1::LayerVector& layers = *observation.mutable_layers();
          layers.set_dns(RandomState(random, temper));
          layers.set_tcp(RandomState(random, temper));
          layers.set_tls(RandomState(random, temper));
          layers.set_http(RandomState(random, temper));
          layers.set_app(RandomState(random, temper));
        }
      }
    }
  }
  if (Below(random, 2) == 0) {
    auto& all = *batch.mutable_observations();
    for (int i = all.size() - 1; i > 0; --i) {
      all.SwapElements(i, static_cast<int>(Below(random, static_cast<size_t>(i) + 1)));
    }
  }
  return batch;
}

TEST(RoundTest, SaysWhatTheRulesSayOfAnyBatch) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  std::map<TargetRuling, int> met;
  for (int i = 0; i < 4000; ++i) {
    const v1::Plan plan = RandomPlan(random);
    const v1::Batch batch = RandomBatch(random, plan);
    AgentRecord agent;
    const bool control = Below(random, 4) == 0;
    agent.role = control ? v1::AGENT_ROLE_CONTROL : v1::AGENT_ROLE_VOLUNTEER;
    const RoundPlan prepared(plan);
    const Round round = MakeRound(LogRecord(), batch, &prepared, agent);
    ASSERT_EQ(round.kind, RoundKind::kCountable);
    std::map<std::string, std::string> told;
    for (const TargetRound& each : round.targets) {
      ++met[each.ruling];
      told[each.target_id] = absl::StrCat(static_cast<int>(each.ruling), " ", each.cause.layer, " ",
                                          each.cause.failure);
    }
    ASSERT_EQ(told.size(), round.targets.size());
    ASSERT_EQ(told, plain::RoundOf(batch, plan, control))
        << plan.DebugString() << batch.DebugString();
    ASSERT_TRUE(std::is_sorted(
        round.targets.begin(), round.targets.end(),
        [](const TargetRound& a, const TargetRound& b) { return a.target_id < b.target_id; }));
  }
  EXPECT_EQ(met.size(), 6U) << "some ruling was never tried";
}

TEST(RoundTest, OfTwoObservationsOfOneCheckTheFirstCounts) {
  const v1::Plan plan = TestPlan();
  v1::Batch batch;
  for (const char* check_id : {"weibo-web", "wechat-web", "signal-web", "weibo-web"}) {
    v1::Observation& observation = *batch.add_observations();
    observation.set_check_id(check_id);
    const bool again = batch.observations_size() == 4;
    observation.mutable_layers()->set_dns(again ? v1::LAYER_STATE_OK : v1::LAYER_STATE_BLOCKED);
  }
  v1::LayerVector& reached = *batch.mutable_observations(1)->mutable_layers();
  reached.set_dns(v1::LAYER_STATE_OK);
  reached.set_tcp(v1::LAYER_STATE_OK);
  reached.set_tls(v1::LAYER_STATE_OK);
  reached.set_http(v1::LAYER_STATE_OK);
  reached.set_app(v1::LAYER_STATE_OK);
  AgentRecord agent;
  agent.role = v1::AGENT_ROLE_VOLUNTEER;
  const Round round = MakeRound(LogRecord(), batch, &plan, agent);
  ASSERT_EQ(round.targets.size(), 3U);
  EXPECT_EQ(round.targets[2].target_id, "weibo");
  EXPECT_EQ(round.targets[2].ruling, TargetRuling::kBlocked);
}

TEST(RoundTest, KeepsWhatTheAgentSaysOfItsVantage) {
  const v1::Plan plan = TestPlan();
  v1::Batch batch;
  v1::Vantage& vantage = *batch.mutable_vantage();
  vantage.set_agent_version("0.2.0");
  vantage.set_domestic_connect_us(12'000);
  vantage.set_foreign_connect_us(180'000);
  const auto facts = [&] { return MakeRound(LogRecord(), batch, &plan, AgentRecord()).vantage; };
  EXPECT_EQ(facts().agent_version, "0.2.0");
  EXPECT_EQ(facts().domestic_connect_us, 12'000U);
  EXPECT_EQ(facts().foreign_connect_us, 180'000U);
  for (const v1::Egress egress : {v1::EGRESS_UNSPECIFIED, v1::EGRESS_DIRECT, v1::EGRESS_PPP,
                                  v1::EGRESS_VIRTUAL, v1::EGRESS_NONE}) {
    vantage.set_egress(egress);
    EXPECT_EQ(facts().tunnel, 0U) << egress;
  }
  for (const v1::Egress egress : {v1::EGRESS_TUN, v1::EGRESS_WIREGUARD}) {
    vantage.set_egress(egress);
    EXPECT_EQ(facts().tunnel, 1U) << egress;
  }
  vantage.set_echoes_agree(v1::AGREEMENT_SAME);
  EXPECT_EQ(facts().fake_ip + facts().proxy + facts().echoes_differ, 0U);
  vantage.set_fake_ip_dns(true);
  EXPECT_EQ(facts().fake_ip, 1U);
  vantage.set_proxy_configured(true);
  EXPECT_EQ(facts().proxy, 1U);
  vantage.set_echoes_agree(v1::AGREEMENT_DIFFERENT);
  EXPECT_EQ(facts().echoes_differ, 1U);
}

}  // namespace
}  // namespace sightline
