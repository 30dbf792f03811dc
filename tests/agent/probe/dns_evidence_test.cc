#include "agent/probe/dns_evidence.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace sightline::probe {
namespace {

const std::vector<AddressRange> kForged = {
    *ParseAddressRange("31.13.80.0/20"), *ParseAddressRange("2001::/32"),
    *ParseAddressRange("31.13.0.0/16"), *ParseAddressRange("192.168.0.0/16")};

v1::DnsResponse Respond(const std::vector<std::string>& addresses) {
  DnsReply reply;
  for (const std::string& address : addresses) reply.addresses.push_back(*ParseIpAddress(address));
  v1::DnsEvidence evidence;
  const DestinationPolicy policy = ReservedRange;
  AddResponse(reply, 7, {policy, kForged}, &evidence);
  return evidence.responses(0);
}

TEST(DnsEvidenceTest, FirstForgedRangeOfThePlanIsTold) {
  struct Case {
    std::vector<std::string> addresses;
    std::string forged_range;
    std::string first_address;
  };
  const std::vector<Case> cases = {
      {{"157.240.1.1"}, "", "157.240.1.1"},
      {{"31.13.1.1"}, "31.13.0.0/16", "31.13.1.1"},
      {{"31.13.1.1", "31.13.81.1"}, "31.13.80.0/20", "31.13.1.1"},
      {{"157.240.1.1", "31.13.1.1"}, "31.13.0.0/16", "157.240.1.1"},
      // Refused by the policy, and forged all the same.
      {{"2001::1"}, "2001::/32", "2001::/23"},
      {{"192.168.1.1"}, "192.168.0.0/16", "192.168.0.0/16"},
      {{"2001:4860:4860::8888"}, "", "2001:4860:4860::8888"},
  };
  for (const Case& in : cases) {
    const v1::DnsResponse response = Respond(in.addresses);
    EXPECT_EQ(response.forged_range(), in.forged_range) << in.addresses[0];
    EXPECT_EQ(response.addresses(0), in.first_address);
    EXPECT_EQ(response.addresses_size(), static_cast<int>(in.addresses.size()));
  }
}

// A usable answer to a question for IPv4 addresses.
v1::DnsEvidence Usable() {
  v1::DnsEvidence evidence;
  evidence.set_question(v1::DNS_QUESTION_A);
  evidence.add_responses()->add_addresses("157.240.1.1");
  return evidence;
}

TEST(DnsEvidenceTest, UsableAnswersAreNotSuspicious) {
  EXPECT_FALSE(Suspicious(Usable()));
  v1::DnsEvidence repeated = Usable();
  *repeated.add_responses() = repeated.responses(0);
  repeated.mutable_responses(1)->set_delay_us(9);
  EXPECT_FALSE(Suspicious(repeated));
  v1::DnsEvidence v6 = Usable();
  v6.set_question(v1::DNS_QUESTION_AAAA);
  v6.mutable_responses(0)->set_addresses(0, "2a03:2880::1");
  EXPECT_FALSE(Suspicious(v6));
}

TEST(DnsEvidenceTest, EachGroundForSuspicionIsEnough) {
  struct Case {
    const char* name;
    std::function<void(v1::DnsEvidence*)> change;
  };
  const std::vector<Case> cases = {
      {"silence", [](auto* e) { e->clear_responses(), e->set_failure("generic_timeout_error"); }},
      {"other answer", [](auto* e) { e->add_responses()->add_addresses("157.240.1.2"); }},
      {"further address",
       [](auto* e) {
         *e->add_responses() = e->responses(0);
         e->mutable_responses(1)->add_addresses("157.240.1.2");
       }},
      {"forged range", [](auto* e) { e->mutable_responses(0)->set_forged_range("157.0.0.0/8"); }},
      {"reserved range", [](auto* e) { e->mutable_responses(0)->add_addresses("10.0.0.0/8"); }},
      {"denial beside an answer", [](auto* e) { e->add_responses()->set_rcode(3); }},
      {"error code with an address", [](auto* e) { e->mutable_responses(0)->set_rcode(2); }},
      {"cut", [](auto* e) { e->mutable_responses(0)->set_truncated(true); }},
      {"other family", [](auto* e) { e->mutable_responses(0)->add_addresses("2a03:2880::1"); }},
      {"other family the other way", [](auto* e) { e->set_question(v1::DNS_QUESTION_AAAA); }},
  };
  for (const Case& in : cases) {
    v1::DnsEvidence evidence = Usable();
    in.change(&evidence);
    EXPECT_TRUE(Suspicious(evidence)) << in.name;
  }
}

TEST(DnsEvidenceTest, FailureIsThatOfTheWhole) {
  struct Case {
    const char* name;
    std::vector<std::vector<std::string>> responses;
    std::vector<uint32_t> rcodes;
    const char* failure;
  };
  const std::vector<Case> cases = {
      {"silence", {}, {}, "generic_timeout_error"},
      {"denial", {{}}, {3}, "dns_nxdomain_error"},
      {"denial, then refusal", {{}, {}}, {3, 5}, "dns_nxdomain_error"},
      {"no data", {{}}, {0}, "dns_no_answer"},
      {"reserved", {{"10.0.0.0/8"}}, {0}, "dns_bogon_error"},
      {"denial and reserved", {{}, {"10.0.0.0/8"}}, {3, 0}, "dns_bogon_error"},
      {"denial and answer", {{}, {"157.240.1.1"}}, {3, 0}, ""},
      {"reserved and answer", {{"10.0.0.0/8", "157.240.1.1"}}, {0}, ""},
  };
  for (const Case& in : cases) {
    v1::DnsEvidence evidence;
    for (size_t i = 0; i < in.responses.size(); ++i) {
      v1::DnsResponse* response = evidence.add_responses();
      response->set_rcode(in.rcodes[i]);
      for (const std::string& address : in.responses[i]) response->add_addresses(address);
    }
    evidence.set_failure("stale");
    SetFailure("generic_timeout_error", &evidence);
    EXPECT_EQ(evidence.failure(), in.failure) << in.name;
  }
}

TEST(DnsEvidenceTest, LiteralIsOneResponseUnderThePolicy) {
  const DestinationPolicy policy = ReservedRange;
  const AnswerRules rules{policy, kForged};
  const v1::DnsEvidence open = LiteralEvidence(*ParseIpAddress("157.240.1.1"), rules);
  EXPECT_EQ(open.resolver(), "");
  EXPECT_EQ(open.source(), v1::DNS_SOURCE_UNSPECIFIED);
  EXPECT_EQ(open.question(), v1::DNS_QUESTION_A);
  EXPECT_EQ(open.failure(), "");
  ASSERT_EQ(open.responses_size(), 1);
  EXPECT_EQ(open.responses(0).addresses(0), "157.240.1.1");
  EXPECT_EQ(open.responses(0).delay_us(), 0U);
  EXPECT_FALSE(Suspicious(open));
  const v1::DnsEvidence refused = LiteralEvidence(*ParseIpAddress("fd00::1"), rules);
  EXPECT_EQ(refused.question(), v1::DNS_QUESTION_AAAA);
  EXPECT_EQ(refused.responses(0).addresses(0), "fc00::/7");
  EXPECT_EQ(refused.failure(), "dns_bogon_error");
}

}  // namespace
}  // namespace sightline::probe
