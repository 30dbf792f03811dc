#include "common/outcome.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace sightline {
namespace {

constexpr auto kOk = v1::LAYER_STATE_OK;
constexpr auto kBlocked = v1::LAYER_STATE_BLOCKED;
constexpr auto kDown = v1::LAYER_STATE_DOWN;
constexpr auto kTainted = v1::LAYER_STATE_TAINTED;
constexpr auto kUntested = v1::LAYER_STATE_UNTESTED;
constexpr auto kNone = v1::LAYER_STATE_UNSPECIFIED;

struct CheckCase {
  const char* why;
  v1::CheckProtocol protocol;
  v1::LayerState dns, tcp, tls, http, app;
  Outcome outcome;
  const char* layer;
};

v1::Observation Seen(const CheckCase& in) {
  v1::Observation observation;
  observation.mutable_layers()->set_dns(in.dns);
  observation.mutable_layers()->set_tcp(in.tcp);
  observation.mutable_layers()->set_tls(in.tls);
  observation.mutable_layers()->set_http(in.http);
  observation.mutable_layers()->set_app(in.app);
  observation.set_failure("some_failure");
  return observation;
}

TEST(OutcomeTest, OfOneCheck) {
  const auto https = v1::CHECK_PROTOCOL_HTTPS;
  const auto noise = v1::CHECK_PROTOCOL_NOISE;
  const std::vector<CheckCase> cases = {
      {"all layers work", https, kOk, kOk, kOk, kOk, kOk, Outcome::kOpen, ""},
      {"identity not proved is not open", https, kOk, kOk, kOk, kOk, kUntested, Outcome::kUndecided,
       ""},
      {"left-out layers do not make it open", https, kOk, kNone, kNone, kNone, kNone,
       Outcome::kUndecided, ""},
      {"a forged answer blocks although the service was found", https, kBlocked, kOk, kOk, kOk, kOk,
       Outcome::kBlocked, "dns"},
      {"the lowest blocked layer is named", https, kOk, kBlocked, kBlocked, kUntested, kUntested,
       Outcome::kBlocked, "tcp"},
      {"blocked comes before down", https, kBlocked, kOk, kOk, kDown, kDown, Outcome::kBlocked,
       "dns"},
      {"the service says that it is down", https, kOk, kOk, kOk, kDown, kDown, Outcome::kDown,
       "http"},
      {"a residual penalty says nothing", https, kOk, kOk, kTainted, kUntested, kUntested,
       Outcome::kUndecided, ""},
      {"nothing was attempted", https, kUntested, kUntested, kUntested, kUntested, kUntested,
       Outcome::kUntested, ""},
      {"name resolution alone", v1::CHECK_PROTOCOL_DNS, kOk, kNone, kNone, kNone, kNone,
       Outcome::kOpen, ""},
      {"a connect alone", v1::CHECK_PROTOCOL_TCP, kOk, kOk, kNone, kNone, kNone, Outcome::kOpen,
       ""},
      {"HTTP in the clear has no identity", v1::CHECK_PROTOCOL_HTTP, kOk, kOk, kNone, kOk, kNone,
       Outcome::kOpen, ""},
      {"TLS needs proof", v1::CHECK_PROTOCOL_TLS, kOk, kOk, kOk, kNone, kNone, Outcome::kUndecided,
       ""},
      {"TLS with proof", v1::CHECK_PROTOCOL_TLS, kOk, kOk, kOk, kNone, kOk, Outcome::kOpen, ""},
      {"Noise has neither TLS nor HTTP", noise, kOk, kOk, kNone, kNone, kOk, Outcome::kOpen, ""},
      {"Noise needs proof", noise, kOk, kOk, kNone, kNone, kUntested, Outcome::kUndecided, ""},
      {"a Noise handshake that is cut", noise, kOk, kOk, kNone, kNone, kBlocked, Outcome::kBlocked,
       "app"},
      {"a WebSocket has all five layers", v1::CHECK_PROTOCOL_WEBSOCKET, kOk, kOk, kOk, kOk, kOk,
       Outcome::kOpen, ""},
      {"a WebSocket needs its upgrade", v1::CHECK_PROTOCOL_WEBSOCKET, kOk, kOk, kOk, kNone, kOk,
       Outcome::kUndecided, ""},
      {"Noise in WebSocket frames has all five layers", v1::CHECK_PROTOCOL_NOISE_WEBSOCKET, kOk,
       kOk, kOk, kOk, kOk, Outcome::kOpen, ""},
      {"Noise in WebSocket frames needs its own proof", v1::CHECK_PROTOCOL_NOISE_WEBSOCKET, kOk,
       kOk, kOk, kOk, kUntested, Outcome::kUndecided, ""},
      {"forged names stay told inside a penalty", https, kBlocked, kOk, kTainted, kUntested,
       kUntested, Outcome::kBlocked, "dns"},
      {"a penalty at the connect", https, kOk, kTainted, kUntested, kUntested, kUntested,
       Outcome::kUndecided, ""},
      {"a taint where the protocol has no layer is not open", v1::CHECK_PROTOCOL_TCP, kOk, kOk,
       kTainted, kNone, kNone, Outcome::kUndecided, ""},
      {"the service's own word outweighs a taint", https, kTainted, kOk, kOk, kDown, kDown,
       Outcome::kDown, "http"},
  };
  for (const CheckCase& in : cases) {
    v1::Check check;
    check.set_protocol(in.protocol);
    const v1::Observation observation = Seen(in);
    const CheckOutcome out = OutcomeOfCheck(check, &observation);
    EXPECT_EQ(OutcomeName(out.outcome), OutcomeName(in.outcome)) << in.why;
    EXPECT_EQ(out.layer, in.layer) << in.why;
    EXPECT_EQ(out.failure, out.layer.empty() ? "" : "some_failure") << in.why;
  }
  EXPECT_EQ(OutcomeOfCheck(v1::Check(), nullptr).outcome, Outcome::kUntested);
}

// One letter a check: o open, b blocked, d down, u undecided, - untested.
v1::Observation OfLetter(char letter) {
  v1::LayerState state = kTainted;
  if (letter == 'o') state = kOk;
  if (letter == 'b') state = kBlocked;
  if (letter == 'd') state = kDown;
  v1::Observation observation;
  observation.mutable_layers()->set_dns(state);
  return observation;
}

struct Round {
  v1::Target target;
  std::map<std::string, v1::Observation> observations;

  void AddFeature(v1::FeatureRule rule, bool essential, const std::string& letters) {
    v1::Feature* feature = target.add_features();
    feature->set_rule(rule);
    feature->set_essential(essential);
    for (const char letter : letters) {
      v1::Check* check = feature->add_checks();
      check->set_check_id(std::to_string(observations.size()) + "-" +
                          std::to_string(target.features_size()) + letter);
      check->set_protocol(v1::CHECK_PROTOCOL_DNS);
      if (letter != '-') observations[check->check_id()] = OfLetter(letter);
    }
  }
  const v1::Observation* Find(absl::string_view id) const {
    const auto found = observations.find(std::string(id));
    return found == observations.end() ? nullptr : &found->second;
  }
  Outcome Feature() const {
    return OutcomeOfFeature(target.features(0), [&](absl::string_view id) { return Find(id); })
        .outcome;
  }
  Outcome Target() const {
    return OutcomeOfTarget(target, [&](absl::string_view id) { return Find(id); }).outcome;
  }
};

TEST(OutcomeTest, OfAFeature) {
  struct Case {
    const char* checks;
    Outcome any_of;
    Outcome all_of;
  };
  const std::vector<Case> cases = {
      {"o", Outcome::kOpen, Outcome::kOpen},
      {"oo", Outcome::kOpen, Outcome::kOpen},
      {"ob", Outcome::kOpen, Outcome::kBlocked},
      {"od", Outcome::kOpen, Outcome::kDown},
      {"o-", Outcome::kOpen, Outcome::kUndecided},
      {"bb", Outcome::kBlocked, Outcome::kBlocked},
      {"bu", Outcome::kBlocked, Outcome::kBlocked},
      {"bd", Outcome::kUndecided, Outcome::kBlocked},
      {"dd", Outcome::kDown, Outcome::kDown},
      {"uu", Outcome::kUndecided, Outcome::kUndecided},
      {"u-", Outcome::kUndecided, Outcome::kUndecided},
      {"--", Outcome::kUntested, Outcome::kUntested},
  };
  for (const Case& in : cases) {
    Round any_of;
    any_of.AddFeature(v1::FEATURE_RULE_ANY_OF, true, in.checks);
    EXPECT_EQ(OutcomeName(any_of.Feature()), OutcomeName(in.any_of)) << in.checks;
    Round all_of;
    all_of.AddFeature(v1::FEATURE_RULE_ALL_OF, true, in.checks);
    EXPECT_EQ(OutcomeName(all_of.Feature()), OutcomeName(in.all_of)) << in.checks;
  }
}

TEST(OutcomeTest, ATargetNeedsItsEssentialFeaturesOnly) {
  Round round;
  round.AddFeature(v1::FEATURE_RULE_ANY_OF, true, "bo");
  round.AddFeature(v1::FEATURE_RULE_ALL_OF, false, "b");
  EXPECT_EQ(round.Target(), Outcome::kOpen);
  round.AddFeature(v1::FEATURE_RULE_ALL_OF, true, "b");
  EXPECT_EQ(round.Target(), Outcome::kBlocked);
}

TEST(OutcomeTest, ATargetWithoutEssentialFeaturesNeedsAll) {
  Round round;
  round.AddFeature(v1::FEATURE_RULE_ALL_OF, false, "o");
  round.AddFeature(v1::FEATURE_RULE_ALL_OF, false, "d");
  EXPECT_EQ(round.Target(), Outcome::kDown);
  EXPECT_EQ(Round().Target(), Outcome::kUntested);
}

TEST(OutcomeTest, TheCauseIsThatOfTheFirstBlockedCheck) {
  Round round;
  round.AddFeature(v1::FEATURE_RULE_ALL_OF, true, "obb");
  round.observations.begin()->second.set_failure("not_this");
  for (auto& [id, observation] : round.observations) observation.set_failure("at_" + id);
  const CheckOutcome outcome =
      OutcomeOfTarget(round.target, [&](absl::string_view id) { return round.Find(id); });
  EXPECT_EQ(outcome.layer, "dns");
  EXPECT_EQ(outcome.failure, "at_" + round.target.features(0).checks(1).check_id());
}

}  // namespace
}  // namespace sightline
