// What the doctor says of the machine and of the roads, without a network.
#include "agent/doctor_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "agent/doctor_roads.h"

namespace sightline::agent {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Matcher;

const absl::Time kNow = absl::FromCivil(absl::CivilDay(2026, 12, 1), absl::UTCTimeZone());

Matcher<Finding> Is(Level level, const std::string& text = "") {
  return AllOf(Field(&Finding::level, level), Field(&Finding::text, HasSubstr(text)));
}

TEST(FindingTest, OneLineEachWithWhatToDo) {
  const std::vector<Finding> findings = {Ok("pause", "not paused"),
                                         Problem("key", "two\nlines", "mend it")};
  EXPECT_EQ(FormatFindings(findings),
            "ok       pause  not paused.\n"
            "problem  key    two lines. Do: mend it.\n"
            "1 problem, 0 warnings.\n");
  EXPECT_THAT(FormatFindings({Ok("pause", "not paused")}), HasSubstr("All is well."));
  EXPECT_THAT(FormatFindingsJson(findings),
              AllOf(HasSubstr("\"problems\" : 1"), HasSubstr("\"advice\" : \"mend it\"")));
}

TEST(DoctorMachineTest, Clock) {
  ClockFacts facts;
  facts.now = kNow;
  facts.synchronised = true;
  facts.plan_issue_time = kNow - absl::Hours(1);
  facts.offset = absl::Milliseconds(40);
  EXPECT_THAT(JudgeClock(facts), Is(Level::kOk, "kept right by NTP, 40 ms"));
  facts.synchronised = false;
  EXPECT_THAT(JudgeClock(facts), Is(Level::kWarning, "no NTP"));
  facts.offset = absl::Seconds(90);
  EXPECT_THAT(JudgeClock(facts), Is(Level::kWarning, "1m30s ahead of the collector's"));
  facts.offset = absl::Hours(-1);
  EXPECT_THAT(JudgeClock(facts), Is(Level::kProblem, "1h behind"));
  facts.plan_issue_time = kNow + absl::Hours(2);
  EXPECT_THAT(JudgeClock(facts), Is(Level::kProblem, "the plan was issued"));
  facts.now = absl::UnixEpoch();
  EXPECT_THAT(JudgeClock(facts), Is(Level::kProblem, "long past"));
}

TEST(DoctorMachineTest, Routes) {
  RouteFacts facts = {{v1::EGRESS_DIRECT, "eth0"}, {v1::EGRESS_NONE, ""}};
  EXPECT_THAT(JudgeRoutes(facts), Is(Level::kOk, "IPv4 by eth0, IPv6 none"));
  facts.v6 = {v1::EGRESS_WIREGUARD, "wg0"};
  EXPECT_THAT(JudgeRoutes(facts), Is(Level::kWarning, "wg0 looks like a VPN"));
  facts = {{v1::EGRESS_NONE, ""}, {v1::EGRESS_NONE, ""}};
  EXPECT_THAT(JudgeRoutes(facts), Is(Level::kProblem, "no default route"));
  EXPECT_THAT(JudgeRoutes({}), Is(Level::kOk, "unknown"));
}

NameAnswer Answer(const char* address, absl::Status status = absl::OkStatus()) {
  NameAnswer answer;
  answer.name = "c.example";
  answer.status = std::move(status);
  if (answer.status.ok()) answer.addresses = {*ParseIpAddress(address)};
  answer.took = absl::Milliseconds(12);
  return answer;
}

TEST(DoctorMachineTest, Names) {
  EXPECT_THAT(JudgeNames({"192.0.2.53", {Answer("203.0.113.7")}}),
              Is(Level::kOk, "c.example is 203.0.113.7 (12 ms)"));
  EXPECT_THAT(JudgeNames({"192.0.2.53", {Answer("198.18.4.4")}}),
              Is(Level::kWarning, "made-up address 198.18.4.4"));
  EXPECT_THAT(JudgeNames({"192.0.2.53", {Answer("", absl::NotFoundError("no such name"))}}),
              Is(Level::kWarning, "no such name"));
  NameAnswer slow = Answer("203.0.113.7");
  slow.took = absl::Seconds(4);
  EXPECT_THAT(JudgeNames({"192.0.2.53", {slow}}), Is(Level::kWarning, "4000 ms"));
  EXPECT_THAT(JudgeNames({"192.0.2.53", {}, false}), Is(Level::kOk, "not asked"));
  EXPECT_THAT(JudgeNames({"", {}}), Is(Level::kProblem, "names no resolver"));
}

TEST(DoctorMachineTest, ProxyRootsAndRights) {
  EXPECT_THAT(JudgeProxy({}), Is(Level::kOk, "through no proxy"));
  EXPECT_THAT(JudgeProxy({{"https_proxy"}, ""}), Is(Level::kWarning, "https_proxy"));
  EXPECT_THAT(JudgeProxy({{"https_proxy"}, "http://p:1"}), Is(Level::kOk, "through http://p:1"));
  const absl::Status missing = absl::FailedPreconditionError("no store");
  EXPECT_THAT(JudgeRoots({false, absl::OkStatus()}), Is(Level::kOk));
  EXPECT_THAT(JudgeRoots({true, missing}), Is(Level::kWarning, "no store"));
  EXPECT_THAT(JudgeRoots({false, missing}), Is(Level::kProblem, "impostor"));
  EXPECT_THAT(JudgeRights({999, 0}), Is(Level::kOk, "needs no capability and no root"));
  EXPECT_THAT(JudgeRights({0, 1}), Is(Level::kWarning, "needs no capability and no root"));
}

TEST(DoctorMachineTest, SeesTheEnvironmentAndItsOwnRights) {
  EXPECT_THAT(ProxiesOfEnvironment([](const char* name) {
                return std::string(name) == "https_proxy" ? "http://p:1" : nullptr;
              }),
              ElementsAre("https_proxy"));
  EXPECT_EQ(LookAtRights().user, geteuid());
  // A literal address asks nobody.
  EXPECT_TRUE(LookUpName("203.0.113.7", absl::ZeroDuration()).status.ok());
  // /etc/hosts counts, as it does for a connection.
  EXPECT_TRUE(LookUpName("localhost", absl::Seconds(5)).status.ok());
}

RoadFacts At(RoadStage stage, absl::Status status = absl::UnavailableError("reason")) {
  RoadFacts facts;
  facts.road = "c.example:7443";
  facts.stage = stage;
  if (stage != RoadStage::kDone) facts.status = std::move(status);
  return facts;
}

TEST(DoctorRoadsTest, EachStageSaysWhatItMeans) {
  const struct {
    RoadStage stage;
    const char* text;
    const char* advice;
  } kCases[] = {
      {RoadStage::kLookUp, "no address is known", "dns"},
      {RoadStage::kConnect, "no connection", "proxy = "},
      {RoadStage::kProxy, "opens no way", "CONNECT"},
      {RoadStage::kHandshake, "TLS 1.3 does not come about", "proxy = "},
      {RoadStage::kCertificate, "somebody may stand between", "do not work around it"},
      {RoadStage::kAnswer, "the service does not answer", "tell the operator"},
  };
  for (const auto& in : kCases) {
    const std::vector<Finding> findings = JudgeRoads({At(in.stage)}, kNow);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_THAT(findings[0], Is(Level::kProblem, in.text));
    EXPECT_THAT(findings[0].text, HasSubstr("c.example:7443"));
    EXPECT_THAT(findings[0].advice, HasSubstr(in.advice));
  }
}

TEST(DoctorRoadsTest, OneRoadThatWorksIsEnough) {
  const auto findings = JudgeRoads({At(RoadStage::kConnect), At(RoadStage::kDone)}, kNow);
  EXPECT_THAT(findings, ElementsAre(Is(Level::kWarning), Is(Level::kOk, "the collector answers")));
  // But nobody gets used to a certificate that is not the collector's.
  EXPECT_THAT(JudgeRoads({At(RoadStage::kCertificate), At(RoadStage::kDone)}, kNow),
              ElementsAre(Is(Level::kProblem), Is(Level::kOk)));
}

TEST(DoctorRoadsTest, Certificates) {
  RoadFacts facts = At(RoadStage::kCertificate);
  facts.certificate_end = kNow - absl::Hours(1);
  facts.certificate_error = X509_V_ERR_CERT_HAS_EXPIRED;
  EXPECT_THAT(JudgeRoads({facts}, kNow), ElementsAre(Is(Level::kProblem, "2026-11-30 23:00 UTC")));
  facts.certificate_error = X509_V_ERR_CERT_NOT_YET_VALID;
  EXPECT_THAT(JudgeRoads({facts}, kNow), ElementsAre(Is(Level::kProblem, "not valid yet")));
  facts.certificate_error = X509_V_ERR_HOSTNAME_MISMATCH;
  EXPECT_THAT(JudgeRoads({facts}, kNow), ElementsAre(Is(Level::kProblem, "another host")));
  facts = At(RoadStage::kDone);
  facts.certificate_end = kNow + absl::Hours(24 * 40);
  EXPECT_THAT(JudgeRoads({facts}, kNow), ElementsAre(Is(Level::kOk, "2027-01-10")));
  facts.certificate_end = kNow + absl::Hours(30);
  EXPECT_THAT(JudgeRoads({facts}, kNow), ElementsAre(Is(Level::kWarning, "2026-12-02")));
}

TEST(DoctorRoadsTest, TheProxyIsNamedWhereItIsToBlame) {
  RoadFacts facts = At(RoadStage::kConnect);
  facts.road = "c.example:7443 through http://127.0.0.1:1";
  EXPECT_THAT(JudgeRoads({facts}, kNow), ElementsAre(Is(Level::kProblem, "the proxy takes no")));
}

}  // namespace
}  // namespace sightline::agent
