#include "agent/probe/resolve.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "agent/probe/dns_evidence.h"
#include "tests/agent/probe/resolve_fixture.h"

namespace sightline::probe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST_F(ResolveTest, RacingAnswersAreAllKeptInOrder) {
  DnsServer first({{{"31.13.94.37"}}, {{}, 3}, {{"157.240.1.1", "157.240.1.2"}}}, kFirst);
  set_.plan = {At(first)};
  const NameEvidence seen = Resolve(kName);
  EXPECT_EQ(Answers(seen.first), (Strings{"31.13.94.37", "-", "157.240.1.1"}));
  EXPECT_EQ(Kind(seen.first), "plan/udp");
  EXPECT_EQ(seen.first.resolver(), first.address());
  EXPECT_EQ(seen.first.failure(), "");
  EXPECT_EQ(seen.first.responses(1).rcode(), 3U);
  EXPECT_EQ(seen.first.responses(2).addresses_size(), 2);
  EXPECT_EQ(seen.first.responses(2).ttl_s(), 300U);
  EXPECT_GT(seen.first.responses(0).delay_us(), 0U);
  EXPECT_LE(seen.first.responses(0).delay_us(), seen.first.responses(2).delay_us());
  EXPECT_GE(elapsed_, kHold);
}

TEST_F(ResolveTest, EveryVoiceIsNamedByItsSource) {
  DnsServer first({{{"157.240.1.1"}}}, kFirst);
  DnsServer system({{{"157.240.1.3"}}}, kSystem);
  DnsServer injector({{{"31.13.94.37"}}}, kControl);
  set_.plan = {At(first)};
  set_.system = System(system);
  set_.injection_control = At(injector);
  const NameEvidence seen = Resolve(kName);
  EXPECT_EQ(Kinds(seen), (Strings{"plan/udp6", "system/udp", "control/udp"}));
  EXPECT_EQ(Answers(seen.others[0]), (Strings{"-"}));
  EXPECT_EQ(seen.others[0].failure(), "dns_no_answer");
  EXPECT_EQ(Answers(seen.others[1]), (Strings{"157.240.1.3"}));
  EXPECT_EQ(Answers(seen.others[2]), (Strings{"31.13.94.37"}));
  EXPECT_EQ(seen.others[2].resolver(), injector.address());
}

TEST_F(ResolveTest, SystemResolversAddressIsNowhere) {
  DnsServer first({{{"157.240.1.1"}}}, kFirst);
  set_.plan = {At(first)};
  for (const bool answers : {true, false}) {
    std::string serialised;
    {
      DnsServer system({{{"157.240.1.3"}}}, kSystem);
      set_.system = System(system);
      if (!answers) set_.system->address.port = 9;  // Nobody listens: an ICMP error.
      const NameEvidence seen = Resolve(kName);
      ASSERT_EQ(Kinds(seen), (Strings{"plan/udp6", "system/udp"}));
      EXPECT_EQ(seen.others[1].resolver(), "system");
      EXPECT_EQ(seen.others[1].failure(), answers ? "" : "connection_refused");
      serialised = seen.first.SerializeAsString() + seen.others[0].SerializeAsString() +
                   seen.others[1].SerializeAsString() + seen.others[1].DebugString();
    }
    EXPECT_EQ(serialised.find(kSystem), std::string::npos);
    EXPECT_EQ(serialised.find(std::string("\x7f\x00\x00\x36", 4)), std::string::npos);
  }
}

TEST_F(ResolveTest, ForgedSixteenByteAnswerIsFlaggedThoughThePolicyRefusesIt) {
  DnsServer first({{{"157.240.1.1", "2001::1"}}}, kFirst);
  set_.plan = {At(first)};
  set_.forged_ranges = {*ParseAddressRange("2001::/32")};
  const NameEvidence seen = Resolve(kName);
  ASSERT_EQ(Kinds(seen), (Strings{"plan/udp6"}));
  EXPECT_EQ(Answers(seen.others[0]), (Strings{"2001::/23"}));
  EXPECT_EQ(seen.others[0].responses(0).forged_range(), "2001::/32");
  EXPECT_EQ(seen.others[0].failure(), "dns_bogon_error");
}

TEST_F(ResolveTest, SilentControlAndAaaaCostNoMoreThanTheHold) {
  DnsServer silent({}, kControl);
  DnsServer first({{{"157.240.1.1"}}}, kFirst);
  set_.plan = {At(first)};
  set_.injection_control = At(silent);
  const NameEvidence seen = Resolve(kName);
  ASSERT_EQ(Kinds(seen), (Strings{"plan/udp6", "control/udp"}));
  EXPECT_EQ(seen.others[1].failure(), "generic_timeout_error");
  EXPECT_EQ(silent.questions(), 1);
  EXPECT_LT(elapsed_, kFar / 4);
}

TEST_F(ResolveTest, SilentSystemResolverHasHalfOfTheTime) {
  DnsServer silent({}, kSystem);
  DnsServer first({{{"157.240.1.1"}}}, kFirst);
  set_.plan = {At(first)};
  set_.system = System(silent);
  const NameEvidence seen = Resolve(kName, milliseconds(600));
  EXPECT_EQ(seen.others.at(1).failure(), "generic_timeout_error");
  EXPECT_GE(elapsed_, milliseconds(299));
  EXPECT_EQ(seen.first.failure(), "");
}

TEST_F(ResolveTest, NothingOutlastsADeadlineBeforeTheEndOfTheHold) {
  DnsServer first({{{"157.240.1.1"}}}, kFirst);
  set_.plan = {At(first)};
  const ResolveTask task{kName, kFar, steady_clock::now() + milliseconds(250)};
  const DestinationPolicy policy = ReservedRange;
  boost::asio::io_context io(1);
  NameEvidence seen;
  boost::asio::co_spawn(
      io, ResolveName(task, set_, policy),
      [&](const std::exception_ptr&, NameEvidence found) { seen = std::move(found); });
  const auto start = steady_clock::now();
  io.run();
  EXPECT_EQ(Answers(seen.first), (Strings{"157.240.1.1"}));
  EXPECT_LT(steady_clock::now() - start, kFar / 4);
}

TEST_F(ResolveTest, GarbageIsIgnored) {
  FakeReply garbage;
  garbage.raw = "220 mail.example ready";
  FakeReply empty_packet;
  empty_packet.raw = std::string(12, '\0');
  FakeReply another_name;
  another_name.raw = PackReply(*PackDnsQuery({"signal.org"}), {{"31.13.94.37"}});
  DnsServer first(
      {garbage, empty_packet, another_name, {{"31.13.94.37"}, 0, true}, {{"157.240.1.1"}}}, kFirst);
  set_.plan = {At(first)};
  const NameEvidence seen = Resolve(kName);
  EXPECT_EQ(Answers(seen.first), (Strings{"157.240.1.1"}));
  EXPECT_EQ(seen.first.failure(), "");
  EXPECT_EQ(Kinds(seen), (Strings{"plan/udp6"}));
}

TEST_F(ResolveTest, WrongIdIsTheFailureWhenNothingElseComes) {
  DnsServer first({{{"31.13.94.37"}, 0, true}}, kFirst);
  set_.plan = {At(first)};
  const NameEvidence seen = Resolve(kName, milliseconds(300));
  EXPECT_EQ(seen.first.failure(), "dns_reply_with_wrong_query_id");
  EXPECT_EQ(seen.first.responses_size(), 0);
}

TEST_F(ResolveTest, ResponsesAreCapped) {
  DnsServer first(std::vector<FakeReply>(40, {{"157.240.1.1"}}), kFirst);
  set_.plan = {At(first)};
  EXPECT_EQ(Resolve(kName).first.responses_size(), kResponsesMax);
}

TEST_F(ResolveTest, UpperCaseNamesAreTheSame) {
  DnsServer first({{{"157.240.1.1"}}}, kFirst);
  set_.plan = {At(first)};
  EXPECT_EQ(Resolve("XN--BCHER-KVA.Example").first.failure(), "");
}

TEST_F(ResolveTest, LiteralAsksNobody) {
  DnsServer first({{{"157.240.1.1"}}}, kFirst);
  set_.plan = {At(first)};
  set_.system = System(first);
  set_.injection_control = At(first);
  const NameEvidence open = Resolve("157.240.1.9");
  EXPECT_EQ(Answers(open.first), (Strings{"157.240.1.9"}));
  EXPECT_EQ(open.first.failure(), "");
  EXPECT_EQ(open.first.resolver(), "");
  EXPECT_TRUE(open.others.empty());
  EXPECT_EQ(Resolve("10.1.2.3").first.failure(), "dns_bogon_error");
  EXPECT_EQ(first.questions(), 0);
}

TEST_F(ResolveTest, WhatIsNoNameIsNotAsked) {
  DnsServer first({{{"157.240.1.1"}}}, kFirst);
  set_.plan = {At(first)};
  const NameEvidence seen = Resolve("a..example");
  EXPECT_EQ(seen.first.failure(), kNotADnsName);
  EXPECT_TRUE(seen.others.empty());
  EXPECT_EQ(first.questions(), 0);
}

}  // namespace
}  // namespace sightline::probe
