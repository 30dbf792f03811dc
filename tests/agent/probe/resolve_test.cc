#include "agent/probe/resolve.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "agent/probe/dns_evidence.h"
#include "tests/agent/probe/fake_servers.h"

namespace sightline::probe {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr char kName[] = "web.whatsapp.com";
// Addresses of the fakes, which no other test listens on.
constexpr char kFirst[] = "127.0.0.51";
constexpr char kSecond[] = "127.0.0.52";
constexpr char kThird[] = "127.0.0.53";
constexpr char kSystem[] = "127.0.0.54";
constexpr char kControl[] = "127.0.0.55";

constexpr milliseconds kHold(60);
// Never reached when the code is right.
constexpr seconds kFar(60);

// Opens once, for whoever waits.
class Gate {
 public:
  void Open() {
    open_ = true;
    open_.notify_all();
  }
  void Wait() const { open_.wait(false); }

 private:
  std::atomic<bool> open_{false};
};

NamedResolver At(const DnsServer& server) {
  return {*ParseResolver(server.address(), [](const IpAddress&) { return ""; }), server.address()};
}

NamedResolver System(const DnsServer& server) { return {At(server).address, "system"}; }

class ResolveTest : public testing::Test {
 protected:
  NameEvidence Resolve(const std::string& host, steady_clock::duration timeout = kFar) {
    const ResolveTask task{host, kHold, steady_clock::now() + timeout};
    const DestinationPolicy policy = ReservedRange;
    NameEvidence evidence;
    boost::asio::io_context io(1);
    boost::asio::co_spawn(io, ResolveName(task, set_, policy),
                          [&](const std::exception_ptr& error, NameEvidence found) {
                            ASSERT_EQ(error, nullptr);
                            evidence = std::move(found);
                          });
    const auto start = steady_clock::now();
    io.run();
    elapsed_ = steady_clock::now() - start;
    return evidence;
  }

  ResolverSet set_;
  steady_clock::duration elapsed_{0};
};

// Source and transport, and "6" for AAAA: "plan/udp", "system/udp6".
std::string Kind(const v1::DnsEvidence& evidence) {
  const std::vector<std::string> sources = {"nobody", "plan", "system", "control"};
  const std::vector<std::string> transports = {"", "/udp", "/tcp"};
  return sources.at(evidence.source()) + transports.at(evidence.transport()) +
         (evidence.question() == v1::DNS_QUESTION_AAAA ? "6" : "");
}

std::vector<std::string> Kinds(const NameEvidence& evidence) {
  std::vector<std::string> kinds;
  for (const v1::DnsEvidence& other : evidence.others) kinds.push_back(Kind(other));
  return kinds;
}

// First address of each response; "-" for none.
std::vector<std::string> Answers(const v1::DnsEvidence& evidence) {
  std::vector<std::string> answers;
  for (const v1::DnsResponse& response : evidence.responses()) {
    answers.push_back(response.addresses_size() == 0 ? "-" : response.addresses(0));
  }
  return answers;
}

using Strings = std::vector<std::string>;

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

TEST_F(ResolveTest, UsableAnswerRaisesNoFurtherQuestions) {
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

TEST_F(ResolveTest, SystemResolverMayAnswerAfterTheHold) {
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
  EXPECT_GE(seen.others.at(1).responses(0).delay_us(), 50'000U);
}

TEST_F(ResolveTest, LateFirstAnswerIsKeptWhileOthersAreAskedAlready) {
  Gate late;
  DnsServer first({{{"157.240.1.1"}, 0, false, false, "", [&] { late.Wait(); }}}, kFirst);
  DnsServer second({{{"157.240.1.2"}, 0, false, false, "", [&] { late.Open(); }}}, kSecond);
  set_.plan = {At(first), At(second)};
  const NameEvidence seen = Resolve(kName);
  late.Open();
  EXPECT_EQ(Answers(seen.first), (Strings{"157.240.1.1"}));
  EXPECT_EQ(seen.first.failure(), "");
  EXPECT_GE(seen.first.responses(0).delay_us(), 50'000U);
  EXPECT_EQ(Kinds(seen), (Strings{"plan/udp6", "plan/tcp", "plan/udp"}));
  EXPECT_EQ(seen.others[1].failure(), "connection_refused");
  EXPECT_EQ(Answers(seen.others[2]), (Strings{"157.240.1.2"}));
  EXPECT_LT(elapsed_, kFar / 4);
}

TEST_F(ResolveTest, DenialIsCheckedWithEveryOtherResolverAndOverTcp) {
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

TEST_F(ResolveTest, CutAnswerIsAskedForAgainOverTcp) {
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

TEST_F(ResolveTest, ForgedRangeAloneRaisesFurtherQuestions) {
  DnsServer first({{{"31.13.94.37"}}}, kFirst);
  DnsServer second({{{"157.240.1.2"}}}, kSecond);
  set_.plan = {At(first), At(second)};
  set_.forged_ranges = {*ParseAddressRange("31.13.94.0/24")};
  const NameEvidence seen = Resolve(kName);
  EXPECT_EQ(seen.first.responses(0).forged_range(), "31.13.94.0/24");
  EXPECT_EQ(Kinds(seen), (Strings{"plan/udp6", "plan/tcp", "plan/udp"}));
}

TEST_F(ResolveTest, SilenceLastsUntilTheDeadline) {
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

TEST_F(ResolveTest, NothingOutlastsADeadlineBeforeTheEndOfTheHold) {
  DnsServer first({{{"157.240.1.1"}}}, kFirst);
  set_.plan = {At(first)};
  const ResolveTask task{kName, kFar, steady_clock::now() + milliseconds(100)};
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

TEST_F(ResolveTest, EndsWithEverythingPendingWhenTheLoopGoes) {
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
