// Who else is asked, and how long for, when a resolver is silent or says something suspicious.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/agent/probe/resolve_fixture.h"

namespace sightline::probe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ResolveDoubtTest = ResolveTest;

TEST_F(ResolveDoubtTest, UsableAnswerRaisesNoFurtherQuestions) {
  DnsServer first({{{"157.240.1.1", "2a03:2880::1"}}}, kFirst);
  DnsServer second({{{"157.240.1.1"}}}, kSecond);
  TcpServer tcp(kFirst, first.port(), DnsOverTcp({{"157.240.1.1"}}));
  set_.plan = {At(first), At(second)};
  const NameEvidence seen = Resolve(kName);
  EXPECT_EQ(Kinds(seen), (Strings{"plan/udp6"}));
  EXPECT_EQ(Answers(seen.others[0]), (Strings{"2a03:2880::1"}));
  EXPECT_EQ(first.questions(), 2);
  EXPECT_EQ(second.questions(), 0);
  EXPECT_EQ(tcp.connections(), 0);
}

TEST_F(ResolveDoubtTest, SystemResolverMayAnswerAfterTheHold) {
  Gate late;
  DnsServer system({{{"157.240.1.3"}, 0, false, false, "", [&] { late.Wait(); }}}, kSystem);
  // Asked once the hold of the first resolver is over.
  DnsServer second({{{"157.240.1.1"}, 0, false, false, "", [&] { late.Open(); }}}, kSecond);
  DnsServer first({{{}, 3}}, kFirst);
  set_.plan = {At(first), At(second)};
  set_.system = System(system);
  const NameEvidence seen = Resolve(kName);
  late.Open();
  EXPECT_EQ(Answers(seen.others.at(1)), (Strings{"157.240.1.3"}));
  EXPECT_GE(seen.others.at(1).responses(0).delay_us(), 190'000U);
}

TEST_F(ResolveDoubtTest, LateFirstAnswerIsKeptWhileOthersAreAskedAlready) {
  Gate late;
  DnsServer first({{{"157.240.1.1"}, 0, false, false, "", [&] { late.Wait(); }}}, kFirst);
  DnsServer second({{{"157.240.1.2"}, 0, false, false, "", [&] { late.Open(); }}}, kSecond);
  set_.plan = {At(first), At(second)};
  const NameEvidence seen = Resolve(kName);
  late.Open();
  EXPECT_EQ(Answers(seen.first), (Strings{"157.240.1.1"}));
  EXPECT_EQ(seen.first.failure(), "");
  EXPECT_GE(seen.first.responses(0).delay_us(), 190'000U);
  EXPECT_EQ(Kinds(seen), (Strings{"plan/udp6", "plan/tcp", "plan/udp"}));
  EXPECT_EQ(seen.others[1].failure(), "connection_refused");
  EXPECT_EQ(Answers(seen.others[2]), (Strings{"157.240.1.2"}));
  EXPECT_LT(elapsed_, kFar / 4);
}

TEST_F(ResolveDoubtTest, DenialIsCheckedWithEveryOtherResolverAndOverTcp) {
  DnsServer first({{{}, 3}}, kFirst);
  DnsServer second({{{"157.240.1.2"}}}, kSecond);
  DnsServer third({{{}, 5}}, kThird);
  TcpServer tcp(kFirst, first.port(), DnsOverTcp({{"157.240.1.1"}}));
  set_.plan = {At(first), At(second), At(third)};
  const NameEvidence seen = Resolve(kName);
  EXPECT_EQ(seen.first.failure(), "dns_nxdomain_error");
  ASSERT_EQ(Kinds(seen), (Strings{"plan/udp6", "plan/tcp", "plan/udp", "plan/udp"}));
  EXPECT_EQ(Answers(seen.others[1]), (Strings{"157.240.1.1"}));
  EXPECT_EQ(seen.others[1].resolver(), first.address());
  EXPECT_EQ(seen.others[1].failure(), "");
  EXPECT_EQ(seen.others[2].resolver(), second.address());
  EXPECT_EQ(Answers(seen.others[2]), (Strings{"157.240.1.2"}));
  EXPECT_EQ(seen.others[3].resolver(), third.address());
  EXPECT_EQ(seen.others[3].failure(), "dns_refused_error");
}

TEST_F(ResolveDoubtTest, CutAnswerIsAskedForAgainOverTcp) {
  FakeReply cut;
  cut.addresses = {"157.240.1.1"};
  cut.truncated = true;
  DnsServer first({cut}, kFirst);
  TcpServer tcp(kFirst, first.port(), DnsOverTcp({{"157.240.1.1", "157.240.1.2"}}));
  set_.plan = {At(first)};
  const NameEvidence seen = Resolve(kName);
  EXPECT_TRUE(seen.first.responses(0).truncated());
  EXPECT_EQ(seen.first.failure(), "");
  ASSERT_EQ(Kinds(seen), (Strings{"plan/udp6", "plan/tcp"}));
  EXPECT_EQ(seen.others[1].responses(0).addresses_size(), 2);
}

TEST_F(ResolveDoubtTest, ForgedRangeAloneRaisesFurtherQuestions) {
  DnsServer first({{{"31.13.94.37"}}}, kFirst);
  DnsServer second({{{"157.240.1.2"}}}, kSecond);
  set_.plan = {At(first), At(second)};
  set_.forged_ranges = {*ParseAddressRange("31.13.94.0/24")};
  const NameEvidence seen = Resolve(kName);
  EXPECT_EQ(seen.first.responses(0).forged_range(), "31.13.94.0/24");
  EXPECT_EQ(Kinds(seen), (Strings{"plan/udp6", "plan/tcp", "plan/udp"}));
}

TEST_F(ResolveDoubtTest, SilenceLastsUntilTheDeadline) {
  DnsServer first({}, kFirst);
  DnsServer second({}, kSecond);
  const SilentServer tcp(kFirst, first.port());
  set_.plan = {At(first), At(second)};
  const NameEvidence seen = Resolve(kName, milliseconds(500));
  EXPECT_GE(elapsed_, milliseconds(499));
  EXPECT_EQ(Kinds(seen), (Strings{"plan/udp6", "plan/tcp", "plan/udp"}));
  EXPECT_EQ(seen.first.failure(), "generic_timeout_error");
  for (const v1::DnsEvidence& other : seen.others) {
    EXPECT_EQ(other.failure(), "generic_timeout_error") << Kind(other);
    EXPECT_EQ(other.responses_size(), 0);
  }
}

TEST_F(ResolveDoubtTest, EndsWithEverythingPendingWhenTheLoopGoes) {
  DnsServer silent({}, kFirst);
  set_.plan = {At(silent), At(silent)};
  set_.system = System(silent);
  const ResolveTask task{kName, milliseconds(1), steady_clock::now() + kFar};
  const DestinationPolicy policy = ReservedRange;
  bool ended = false;
  {
    boost::asio::io_context io(1);
    boost::asio::co_spawn(io, ResolveName(task, set_, policy),
                          [&](const std::exception_ptr&, const NameEvidence&) { ended = true; });
    // A, AAAA and system, and after the hold the same resolver once more.
    while (silent.questions() < 4) io.run_one_for(milliseconds(10));
  }
  EXPECT_FALSE(ended);
}

}  // namespace
}  // namespace sightline::probe
