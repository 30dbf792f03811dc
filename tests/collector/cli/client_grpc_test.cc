// The commands that talk to a collector, against small services on loopback and a Unix socket.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/files.h"
#include "common/plan.h"
#include "sightline/v1/admin.grpc.pb.h"
#include "sightline/v1/summaries.grpc.pb.h"
#include "tests/agent/probe/certificates.h"
#include "tests/collector/cli/run_app.h"
#include "tests/collector/cli/test_summary.h"
#include "tests/collector/cli/tls_server_grpc.h"
#include "tests/common/temp_folder.h"
#include "tests/common/test_plan.h"

namespace sightline::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Knows the targets of TwoCities() and no country but CN.
class FakeSummaries final : public v1::Summaries::Service {
 public:
  grpc::Status GetSummary(grpc::ServerContext*, const v1::GetSummaryRequest* request,
                          v1::GetSummaryResponse* response) override {
    if (!ready) return {grpc::StatusCode::UNAVAILABLE, "no window is complete yet"};
    if (request->country() != "CN") return {grpc::StatusCode::NOT_FOUND, "country: only CN"};
    *response = TwoCities();
    if (request->has_time()) *response->mutable_window_start_time() = request->time();
    if (request->target_ids().empty()) return grpc::Status::OK;
    response->clear_verdicts();
    const v1::GetSummaryResponse all = TwoCities();
    for (const std::string& wanted : request->target_ids()) {
      const int before = response->verdicts_size();
      for (const v1::TargetVerdict& verdict : all.verdicts()) {
        if (verdict.target_id() == wanted) *response->add_verdicts() = verdict;
      }
      if (response->verdicts_size() == before) {
        return {grpc::StatusCode::NOT_FOUND, "target_ids: " + wanted};
      }
    }
    return grpc::Status::OK;
  }

  // Five events, two a page, of which the request's own facts are made.
  grpc::Status ListEvents(grpc::ServerContext*, const v1::ListEventsRequest* request,
                          v1::ListEventsResponse* response) override {
    const int first = request->page_token().empty() ? 0 : request->page_token()[0] - '0';
    for (int i = first; i < std::min(first + 2, 5); ++i) {
      v1::Event& event = *response->add_events();
      event.set_event_id(absl::StrCat("event ", i));
      event.set_target_id(request->target_ids_size() > 0 ? request->target_ids(0) : "any");
      event.set_country(request->country());
      *event.mutable_onset_time() = request->start_time();
      *event.mutable_detect_time() = request->end_time();
    }
    if (first + 2 < 5) response->set_next_page_token(absl::StrCat(first + 2));
    return grpc::Status::OK;
  }

  bool ready = true;
};

// Takes plans above version 4; has 5 agents and gives them 2 a page.
class FakeAdmin final : public v1::Admin::Service {
 public:
  grpc::Status CreateInvites(grpc::ServerContext*, const v1::CreateInvitesRequest* request,
                             v1::CreateInvitesResponse* response) override {
    for (int i = 0; i < request->count(); ++i) {
      response->add_invites(
          absl::StrCat("sl1.", i, request->role() == v1::AGENT_ROLE_CONTROL ? "c" : "v"));
    }
    return grpc::Status::OK;
  }

  grpc::Status PublishPlan(grpc::ServerContext*, const v1::PublishPlanRequest* request,
                           v1::PublishPlanResponse* response) override {
    v1::Plan plan;
    plan.ParseFromString(request->plan().plan());
    if (plan.version() <= 4) {
      return {grpc::StatusCode::FAILED_PRECONDITION, "NOT_NEWER: version 4 is held"};
    }
    response->set_version(plan.version());
    return grpc::Status::OK;
  }

  grpc::Status ListAgents(grpc::ServerContext*, const v1::ListAgentsRequest* request,
                          v1::ListAgentsResponse* response) override {
    const int first = request->page_token().empty() ? 0 : request->page_token()[0] - '0';
    for (int i = first; i < std::min(first + 2, 5); ++i) {
      v1::AgentInfo& agent = *response->add_agents();
      agent.set_agent_id(std::string(32, static_cast<char>(i)));
      agent.set_role(i == 4 ? v1::AGENT_ROLE_CONTROL : v1::AGENT_ROLE_VOLUNTEER);
      agent.set_region(i == 4 ? "NL" : "CN-BJ");
      *agent.mutable_enroll_time() = ToProto(kWindowStart);
      agent.set_last_seq(static_cast<uint64_t>(i) * 100);
      agent.set_equivocated(i == 3);
    }
    if (first + 2 < 5) response->set_next_page_token(absl::StrCat(first + 2));
    return grpc::Status::OK;
  }
};

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() : app_(kWindowStart + absl::Minutes(72)), server_({&summaries_}) {
    socket_ = folder_ / "admin.sock";
    grpc::ServerBuilder admin_builder;
    admin_builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
    admin_builder.RegisterService(&admin_);
    admin_server_ = admin_builder.BuildAndStart();
    roots_ = server_.roots_path();
  }

  std::string Write(const std::string& name, const std::string& data) {
    EXPECT_TRUE(SystemFiles().WriteAtomically(folder_ / name, data, 0600).ok());
    return folder_ / name;
  }

  Ran Summary(std::vector<std::string> more) const { return SummaryOf(server_.address(), more); }

  Ran SummaryOf(const std::string& address, const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"summary", "--collector", address, "--roots", roots_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return app_.Run(arguments);
  }

  TempFolder folder_;
  AppUnderTest app_;
  FakeSummaries summaries_;
  FakeAdmin admin_;
  std::string socket_;
  std::string roots_;
  TlsServer server_;
  std::unique_ptr<grpc::Server> admin_server_;
};

TEST_F(ClientTest, SummaryAsTable) {
  const Ran ran = Summary({});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("inside China (CN)?"), HasSubstr("ended 12 min ago"),
                             HasSubstr("WhatsApp  LOCAL")));
}

TEST_F(ClientTest, SummaryAsJsonIsTheMessage) {
  const Ran ran = Summary({"--format", "json", "--target", "whatsapp"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  v1::GetSummaryResponse want = TwoCities();
  want.mutable_verdicts()->DeleteSubrange(0, 2);
  EXPECT_EQ(ran.out, ToJson(want, true) + "\n");
}

TEST_F(ClientTest, SummaryOfAMomentAsksForIt) {
  const Ran ran = Summary({"--time", "2024-04-08 13:00"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("2024-04-08 13:00"));
  EXPECT_THAT(Summary({"--time", "noon"}).err, HasSubstr("--time: \"noon\" is no time"));
}

TEST_F(ClientTest, EventsOfEveryPageInEachFormat) {
  const auto events = [this](const std::string& format) {
    return app_.Run({"events", "--collector", server_.address(), "--roots", roots_, "--target",
                     "signal", "--since", "2024-04-08", "--until", "2024-04-09", "--format",
                     format});
  };
  Ran ran = events("csv");
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 6);
  EXPECT_THAT(ran.out, HasSubstr("event 4,signal,CN,"));
  ran = events("table");
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 6);
  EXPECT_THAT(ran.out, HasSubstr("2024-04-08 00:00"));
  EXPECT_THAT(events("json").out, HasSubstr("\"event_id\": \"event 3\""));
}

TEST_F(ClientTest, WordsOfTheCollectorArePassedOn) {
  Ran ran = Summary({"--target", "whatsap"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("says: target_ids: whatsap"));
  ran = Summary({"--country", "XX"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, AllOf(HasSubstr(server_.address()), HasSubstr("says: country: only CN")));
  summaries_.ready = false;
  ran = Summary({});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("says: no window is complete yet"));
}

TEST_F(ClientTest, DeadCollectorIsUnreachable) {
  server_.Shutdown();
  const Ran ran = Summary({});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("cannot reach the collector at localhost"),
                             HasSubstr("check the address")));
}

TEST_F(ClientTest, CertificateOfAnotherRootIsRefusedWithAdvice) {
  roots_ = Write("other.pem", probe::ToPem(*probe::MakeRoot("Other root").certificate));
  const Ran ran = Summary({});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("TLS"), HasSubstr("--roots")));
}

TEST_F(ClientTest, CertificateOfAnotherNameIsRefusedWithAdvice) {
  const Ran ran =
      SummaryOf(absl::StrReplaceAll(server_.address(), {{"localhost", "127.0.0.1"}}), {});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("TLS"), HasSubstr("--collector")));
}

TEST_F(ClientTest, AddressWithoutPortIsRefused) {
  const Ran ran = app_.Run({"summary", "--collector", "localhost"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("must be HOST:PORT"));
}

TEST_F(ClientTest, InvitesAreOneALine) {
  const Ran ran = app_.Run({"invite", "--admin", socket_, "--count", "3", "--role", "control"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_EQ(ran.out, "sl1.0c\nsl1.1c\nsl1.2c\n");
  EXPECT_EQ(app_.Run({"invite", "--admin", socket_}).out, "sl1.0v\n");
}

TEST_F(ClientTest, AgentsOfEveryPageAreListed) {
  const Ran ran = app_.Run({"agents", "--admin", socket_});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_EQ(ran.out, R"(Agent             Role       Region  Enrolled (UTC)    Batches  Note
0000000000000000  volunteer  CN-BJ   2024-04-06 00:00        0
0101010101010101  volunteer  CN-BJ   2024-04-06 00:00      100
0202020202020202  volunteer  CN-BJ   2024-04-06 00:00      200
0303030303030303  volunteer  CN-BJ   2024-04-06 00:00      300  EQUIVOCATED: sent two batches with one number
0404040404040404  control    NL      2024-04-06 00:00      400
5 agents, 1 of them a control
)");
  EXPECT_THAT(app_.Run({"agents", "--admin", socket_, "--format", "json"}).out,
              HasSubstr("\"last_seq\": \"400\""));
}

TEST_F(ClientTest, PlanIsPublishedOrRefusedByName) {
  const SigningKey key = SigningKey::Generate();
  const std::string newer = Write("newer", SignPlan(TestPlan(5), key).SerializeAsString());
  const Ran ran = app_.Run({"plan", "publish", newer, "--admin", socket_});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_EQ(ran.out, "Plan version 5 is current\n");
  const std::string older = Write("older", SignPlan(TestPlan(4), key).SerializeAsString());
  const Ran refused = app_.Run({"plan", "publish", older, "--admin", socket_});
  EXPECT_EQ(refused.exit_code, kExitFailure);
  EXPECT_THAT(refused.err, HasSubstr("says: NOT_NEWER: version 4 is held"));
}

TEST_F(ClientTest, MissingSocketIsNamed) {
  const Ran ran = app_.Run({"agents", "--admin", folder_ / "none.sock"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("no socket at"), HasSubstr("--admin-socket")));
}

TEST_F(ClientTest, SocketPathsHaveALimit) {
  const Ran ran = app_.Run({"agents", "--admin", std::string(200, 'x')});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("at most 107 bytes"));
}

}  // namespace
}  // namespace sightline::cli
