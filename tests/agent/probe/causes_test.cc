// Golden rows of the causes: what the check met, what the contrasts of the round met, and what
// follows.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/probe/judge.h"
#include "tests/agent/probe/layer_letters.h"

namespace sightline::probe {
namespace {

constexpr char kAddress[] = "45.60.1.1";
constexpr char kElsewhere[] = "45.60.4.1";
constexpr char kName[] = "web.whatsapp.com";

enum class End { kConnect, kHandshake, kExchange, kPage, kDone };

v1::Attempt Met(End end, const std::string& failure, const std::string& address = kAddress,
                uint32_t port = 443) {
  v1::Attempt attempt;
  attempt.set_address(address);
  attempt.set_port(port);
  if (end == End::kConnect) {
    attempt.set_connect_failure(failure);
    return attempt;
  }
  attempt.set_connect_us(1000);
  attempt.mutable_tls()->set_server_name(kName);
  if (end == End::kHandshake) {
    attempt.mutable_tls()->set_failure(failure);
    return attempt;
  }
  attempt.mutable_tls()->set_verified(true);
  attempt.mutable_http()->set_failure(failure);
  if (end == End::kExchange) return attempt;
  attempt.mutable_http()->set_status(end == End::kDone ? 200 : 403);
  attempt.mutable_http()->set_expected(end == End::kDone);
  return attempt;
}

class CausesTest : public testing::Test {
 protected:
  CausesTest() {
    check_.set_protocol(v1::CHECK_PROTOCOL_HTTPS);
    check_.set_host(kName);
    check_.set_status_min(200);
    check_.set_status_max(299);
    seen_.mutable_dns()->add_responses()->add_addresses(kAddress);
  }

  void Contrast(v1::ContrastKind kind, v1::LayerState state, uint32_t port = 443) {
    v1::ContrastEvidence* contrast = seen_.add_contrasts();
    contrast->set_kind(kind);
    contrast->set_state(state);
    const bool same =
        kind == v1::CONTRAST_KIND_NEUTRAL_NAME || kind == v1::CONTRAST_KIND_OTHER_PORT;
    contrast->mutable_attempt()->set_address(same ? kAddress : kElsewhere);
    contrast->mutable_attempt()->set_port(port);
  }

  // "TLS:SERVER_NAME_FILTERED", lowest layer first.
  std::vector<std::string> Causes() {
    std::vector<std::string> texts;
    for (const v1::Cause& cause : Judge(check_, seen_).causes) {
      texts.push_back(v1::Layer_Name(cause.layer()).substr(6) + ":" +
                      v1::Mechanism_Name(cause.mechanism()).substr(10));
    }
    return texts;
  }

  using Texts = std::vector<std::string>;
  v1::Check check_;
  v1::Observation seen_;
};

TEST_F(CausesTest, WhatWorksHasNone) {
  *seen_.add_attempts() = Met(End::kDone, "");
  EXPECT_EQ(Causes(), Texts());
}

TEST_F(CausesTest, WithoutContrastsTheMechanismIsNotGuessed) {
  *seen_.add_attempts() = Met(End::kHandshake, "connection_reset");
  EXPECT_EQ(Causes(), Texts({"TLS:UNSPECIFIED"}));
}

TEST_F(CausesTest, AnotherNameAtTheSameAddressPasses) {
  *seen_.add_attempts() = Met(End::kHandshake, "connection_reset");
  Contrast(v1::CONTRAST_KIND_NEUTRAL_NAME, v1::LAYER_STATE_OK);
  EXPECT_EQ(Causes(), Texts({"TLS:SERVER_NAME_FILTERED"}));
}

TEST_F(CausesTest, TheSameNameIsCutElsewhereToo) {
  *seen_.add_attempts() = Met(End::kHandshake, "generic_timeout_error");
  Contrast(v1::CONTRAST_KIND_NEUTRAL_SERVER, v1::LAYER_STATE_OK);
  Contrast(v1::CONTRAST_KIND_NEUTRAL_ADDRESS, v1::LAYER_STATE_BLOCKED);
  EXPECT_EQ(Causes(), Texts({"TLS:SERVER_NAME_FILTERED"}));
}

TEST_F(CausesTest, ATaintedContrastSaysNothing) {
  *seen_.add_attempts() = Met(End::kHandshake, "connection_reset");
  Contrast(v1::CONTRAST_KIND_NEUTRAL_SERVER, v1::LAYER_STATE_OK);
  Contrast(v1::CONTRAST_KIND_NEUTRAL_NAME, v1::LAYER_STATE_TAINTED);
  Contrast(v1::CONTRAST_KIND_NEUTRAL_ADDRESS, v1::LAYER_STATE_TAINTED);
  EXPECT_EQ(Causes(), Texts({"TLS:UNSPECIFIED"}));
}

TEST_F(CausesTest, EveryNameIsCutAtThisAddressOnly) {
  *seen_.add_attempts() = Met(End::kHandshake, "eof_error");
  Contrast(v1::CONTRAST_KIND_NEUTRAL_SERVER, v1::LAYER_STATE_OK);
  Contrast(v1::CONTRAST_KIND_NEUTRAL_NAME, v1::LAYER_STATE_BLOCKED);
  Contrast(v1::CONTRAST_KIND_NEUTRAL_ADDRESS, v1::LAYER_STATE_OK);
  EXPECT_EQ(Causes(), Texts({"TLS:TLS_FILTERED"}));
}

TEST_F(CausesTest, TheWholePortIsCutAndAnotherIsNot) {
  *seen_.add_attempts() = Met(End::kConnect, "connection_refused");
  Contrast(v1::CONTRAST_KIND_NEUTRAL_SERVER, v1::LAYER_STATE_BLOCKED);
  Contrast(v1::CONTRAST_KIND_NEUTRAL_OTHER_PORT, v1::LAYER_STATE_OK, 8443);
  EXPECT_EQ(Causes(), Texts({"TCP:PORT_BLOCKED_EVERYWHERE"}));
}

TEST_F(CausesTest, NeutralServersAreOutOfReachAltogether) {
  *seen_.add_attempts() = Met(End::kConnect, "generic_timeout_error");
  Contrast(v1::CONTRAST_KIND_NEUTRAL_SERVER, v1::LAYER_STATE_BLOCKED);
  Contrast(v1::CONTRAST_KIND_NEUTRAL_OTHER_PORT, v1::LAYER_STATE_BLOCKED, 8443);
  EXPECT_EQ(Causes(), Texts({"TCP:PATH_DOWN"}));
}

TEST_F(CausesTest, ANeutralServersPortSaysNothingOfAnother) {
  *seen_.add_attempts() = Met(End::kConnect, "generic_timeout_error", kAddress, 5222);
  Contrast(v1::CONTRAST_KIND_NEUTRAL_SERVER, v1::LAYER_STATE_BLOCKED);
  Contrast(v1::CONTRAST_KIND_NEUTRAL_OTHER_PORT, v1::LAYER_STATE_OK, 8443);
  EXPECT_EQ(Causes(), Texts({"TCP:UNSPECIFIED"}));
}

TEST_F(CausesTest, AnAddressOrOneOfItsPorts) {
  *seen_.add_attempts() = Met(End::kConnect, "generic_timeout_error");
  Contrast(v1::CONTRAST_KIND_NEUTRAL_SERVER, v1::LAYER_STATE_OK);
  EXPECT_EQ(Causes(), Texts({"TCP:ADDRESS_BLOCKED"}));
  Contrast(v1::CONTRAST_KIND_OTHER_PORT, v1::LAYER_STATE_OK, 5222);
  EXPECT_EQ(Causes(), Texts({"TCP:PORT_BLOCKED"}));
}

TEST_F(CausesTest, DnsAndServerNameAreBothNamed) {
  seen_.mutable_dns()->add_responses()->add_addresses("31.13.1.1");
  *seen_.add_attempts() = Met(End::kHandshake, "connection_reset");
  *seen_.add_attempts() = Met(End::kHandshake, "ssl_invalid_hostname", "31.13.1.1");
  Contrast(v1::CONTRAST_KIND_NEUTRAL_NAME, v1::LAYER_STATE_OK);
  EXPECT_EQ(Causes(), Texts({"DNS:DNS_FORGED", "TLS:SERVER_NAME_FILTERED"}));
}

TEST_F(CausesTest, AGenuineAddressTellsWhatLiesBehindForgedNames) {
  seen_.mutable_dns()->set_failure("dns_nxdomain_error");
  seen_.mutable_dns()->mutable_responses(0)->clear_addresses();
  seen_.mutable_dns()->mutable_responses(0)->set_rcode(3);
  Contrast(v1::CONTRAST_KIND_NEUTRAL_SERVER, v1::LAYER_STATE_OK);
  Contrast(v1::CONTRAST_KIND_NEUTRAL_ADDRESS, v1::LAYER_STATE_BLOCKED);
  Contrast(v1::CONTRAST_KIND_GENUINE_ADDRESS, v1::LAYER_STATE_BLOCKED);
  *seen_.mutable_contrasts(2)->mutable_attempt() =
      Met(End::kHandshake, "connection_reset", "45.60.1.9");
  EXPECT_EQ(Letters(Judge(check_, seen_).layers), "bobuu");
  EXPECT_EQ(Causes(), Texts({"DNS:DNS_DENIED", "TLS:SERVER_NAME_FILTERED"}));
}

TEST_F(CausesTest, SomebodyElseAtAnAddressThatIsKnownToBeGenuine) {
  *seen_.add_attempts() = Met(End::kHandshake, "ssl_unknown_authority");
  check_.add_genuine_addresses(kAddress);
  EXPECT_EQ(Causes(), Texts({"TLS:IMPERSONATED"})) << "the answer was right";
}

TEST_F(CausesTest, CutAfterTheRequestOrAnotherPage) {
  *seen_.add_attempts() = Met(End::kExchange, "connection_reset");
  EXPECT_EQ(Causes(), Texts({"HTTP:HTTP_FILTERED"}));
  *seen_.mutable_attempts(0) = Met(End::kPage, "");
  EXPECT_EQ(Causes(), Texts({"HTTP:UNSPECIFIED"})) << "the service itself said so";
  check_.set_protocol(v1::CHECK_PROTOCOL_HTTP);
  seen_.mutable_attempts(0)->clear_tls();
  EXPECT_EQ(Causes(), Texts({"HTTP:BLOCK_PAGE"})) << "anybody may have";
}

TEST_F(CausesTest, SlowNextToANeutralServerIsThrottled) {
  v1::Attempt slow = Met(End::kDone, "");
  slow.set_bytes_received(5000);
  slow.mutable_tls()->set_handshake_us(1'000'000);
  slow.mutable_http()->set_exchange_us(1'000'000);
  *seen_.add_attempts() = slow;
  EXPECT_EQ(Causes(), Texts()) << "slow alone is no cause";
  Contrast(v1::CONTRAST_KIND_NEUTRAL_SERVER, v1::LAYER_STATE_OK);
  v1::Attempt& neutral = *seen_.mutable_contrasts(0)->mutable_attempt();
  neutral.set_connect_us(1000);
  neutral.set_bytes_received(4000);
  neutral.mutable_tls()->set_handshake_us(600'000);
  EXPECT_EQ(Causes(), Texts()) << "so is the path";
  neutral.mutable_tls()->set_handshake_us(50'000);
  EXPECT_EQ(Causes(), Texts({"HTTP:THROTTLED"}));
  seen_.mutable_attempts(0)->set_connect_us(480'000);
  EXPECT_EQ(Causes(), Texts()) << "a far server answers late without being throttled";
}

TEST_F(CausesTest, WithinAPenaltyNothingIsNamed) {
  *seen_.add_attempts() = Met(End::kHandshake, "connection_reset");
  seen_.mutable_attempts(0)->set_inside_penalty(true);
  EXPECT_EQ(Letters(Judge(check_, seen_).layers), "ootuu");
  EXPECT_EQ(Causes(), Texts());
}

TEST_F(CausesTest, OnlyTheMachinesOwnResolverLies) {
  *seen_.add_attempts() = Met(End::kDone, "");
  v1::DnsEvidence* system = seen_.add_other_lookups();
  system->set_source(v1::DNS_SOURCE_SYSTEM);
  system->set_failure("dns_nxdomain_error");
  EXPECT_EQ(Letters(Judge(check_, seen_).layers), "boooo");
  EXPECT_EQ(Causes(), Texts({"DNS:DNS_SYSTEM_RESOLVER"}));
  system->set_failure("dns_bogon_error");
  system->add_responses()->add_addresses("198.18.0.0/15");
  EXPECT_EQ(Causes(), Texts()) << "proxy software, not a censor";
  system->set_failure("generic_timeout_error");
  system->clear_responses();
  EXPECT_EQ(Causes(), Texts()) << "silence of one resolver is no verdict";
}

TEST_F(CausesTest, AnAnswerFromWhereNoResolverLivesIsInjected) {
  *seen_.add_attempts() = Met(End::kDone, "");
  v1::DnsEvidence* control = seen_.add_other_lookups();
  control->set_source(v1::DNS_SOURCE_INJECTION_CONTROL);
  control->set_failure("generic_timeout_error");
  EXPECT_EQ(Causes(), Texts());
  control->clear_failure();
  control->add_responses()->add_addresses("31.13.1.1");
  EXPECT_EQ(Causes(), Texts({"DNS:DNS_FORGED"}));
}

}  // namespace
}  // namespace sightline::probe
