// What readers and operators reach, and what they do not.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/message.h"
#include "common/plan.h"
#include "sightline/v1/admin.grpc.pb.h"
#include "sightline/v1/ingest.grpc.pb.h"
#include "sightline/v1/summaries.grpc.pb.h"
#include "tests/e2e/wire_fixture_grpc.h"

namespace sightline::e2e {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

void Bound(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
}

// One message there, one back. For methods without a stub here, also streaming ones that answer
// each message with one.
grpc::Status CallByName(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                        const google::protobuf::Message& request,
                        google::protobuf::Message* response) {
  const grpc::Slice slice(request.SerializeAsString());
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer received;
  grpc::ClientContext context;
  Bound(context);
  std::promise<grpc::Status> done;
  grpc::GenericStub(channel).UnaryCall(
      &context, method, grpc::StubOptions(), &sent, &received,
      [&done](grpc::Status status) { done.set_value(std::move(status)); });
  grpc::Status status = done.get_future().get();
  if (!status.ok()) return status;
  grpc::Slice whole;
  status = received.DumpToSingleSlice(&whole);
  if (!status.ok()) return status;
  EXPECT_TRUE(response->ParseFromArray(whole.begin(), static_cast<int>(whole.size())));
  return status;
}

// HealthCheckResponse.ServingStatus of a service; nullopt for NOT_FOUND. The messages of
// grpc.health.v1 look on the wire like these wrappers: one field, number 1.
std::optional<int> Health(const std::shared_ptr<grpc::Channel>& channel,
                          const std::string& service) {
  google::protobuf::StringValue request;
  request.set_value(service);
  google::protobuf::Int32Value response;
  const grpc::Status status =
      CallByName(channel, "/grpc.health.v1.Health/Check", request, &response);
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) return std::nullopt;
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.value();
}
constexpr int kServing = 1;
constexpr int kNotServing = 2;

// A message of the reflection service, whose types are part of the gRPC library.
std::unique_ptr<google::protobuf::Message> NewReflectionMessage(const std::string& name) {
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          "grpc.reflection.v1alpha." + name);
  const auto* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor);
  return std::unique_ptr<google::protobuf::Message>(prototype->New());
}

// What reflection lists, as text.
std::string ReflectedServices(const std::shared_ptr<grpc::Channel>& channel) {
  const auto request = NewReflectionMessage("ServerReflectionRequest");
  EXPECT_TRUE(ParseText("list_services: \"\"", request.get()).ok());
  const auto response = NewReflectionMessage("ServerReflectionResponse");
  const grpc::Status status =
      CallByName(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                 *request, response.get());
  EXPECT_TRUE(status.ok()) << status.error_message();
  return ToJson(*response, /*indent=*/false);
}

class WireServicesTest : public WireTest {
 protected:
  template <typename Request, typename Response, typename Stub>
  grpc::Status Call(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    Bound(context);
    return (stub.*method)(&context, request, &response);
  }

  grpc::Status GetSummary(const v1::GetSummaryRequest& request, v1::GetSummaryResponse& response) {
    return Call(*summaries_, &v1::Summaries::Stub::GetSummary, request, response);
  }

  // Until the fold has judged the window.
  grpc::Status AwaitSummary(const v1::GetSummaryRequest& request,
                            v1::GetSummaryResponse& response) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    grpc::Status status;
    do {
      status = GetSummary(request, response);
    } while (!status.ok() && std::chrono::steady_clock::now() < deadline);
    return status;
  }

  const std::unique_ptr<v1::Summaries::Stub> summaries_ =
      v1::Summaries::NewStub(collector_.Public());
  const std::unique_ptr<v1::Admin::Stub> admin_ = v1::Admin::NewStub(collector_.Operator());
};

TEST_F(WireServicesTest, HealthSaysServingForEachServiceWhereItIsServed) {
  for (const char* service : {"", "sightline.v1.Ingest", "sightline.v1.Summaries"}) {
    EXPECT_EQ(Health(collector_.Public(), service), kServing) << service;
  }
  EXPECT_EQ(Health(collector_.Public(), "sightline.v1.Admin"), std::nullopt);
  EXPECT_EQ(Health(collector_.Operator(), "sightline.v1.Admin"), kServing);
  EXPECT_EQ(Health(collector_.Operator(), "sightline.v1.Ingest"), std::nullopt);
}

TEST_F(WireServicesTest, HealthFollowsTheCollectorsParts) {
  const auto ask = [this](const char* service) { return Health(collector_.Public(), service); };
  collector_.SetServing({.ingest = false, .summaries = true});
  EXPECT_EQ(ask("sightline.v1.Ingest"), kNotServing);
  EXPECT_EQ(ask("sightline.v1.Summaries"), kServing);
  EXPECT_EQ(ask(""), kNotServing);
  collector_.SetServing({.ingest = true, .summaries = false});
  EXPECT_EQ(ask("sightline.v1.Ingest"), kServing);
  EXPECT_EQ(ask("sightline.v1.Summaries"), kNotServing);
  collector_.SetServing({});
  EXPECT_EQ(ask("sightline.v1.Summaries"), kServing);
  EXPECT_EQ(ask(""), kServing);
}

TEST_F(WireServicesTest, ReflectionListsThePublicServicesAndNotAdmin) {
  EXPECT_THAT(ReflectedServices(collector_.Public()),
              AllOf(HasSubstr("sightline.v1.Ingest"), HasSubstr("sightline.v1.Summaries"),
                    HasSubstr("grpc.health.v1.Health"), Not(HasSubstr("sightline.v1.Admin"))));
  EXPECT_THAT(ReflectedServices(collector_.Operator()),
              AllOf(HasSubstr("sightline.v1.Admin"), Not(HasSubstr("sightline.v1.Ingest"))));
}

TEST_F(WireServicesTest, ListTargetsGivesThePlansTargetsByPages) {
  v1::ListTargetsRequest request;
  request.set_page_size(2);
  std::vector<std::string> targets;
  do {
    v1::ListTargetsResponse response;
    const grpc::Status status =
        Call(*summaries_, &v1::Summaries::Stub::ListTargets, request, response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    for (const v1::TargetInfo& target : response.targets()) targets.push_back(target.target_id());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(targets, ElementsAre("example", "signal", "wechat", "weibo", "whatsapp"));
}

TEST_F(WireServicesTest, ListRegionsNamesThemOrTheKnownCountries) {
  v1::ListRegionsRequest request;
  request.set_country("CN");
  v1::ListRegionsResponse response;
  ASSERT_TRUE(Call(*summaries_, &v1::Summaries::Stub::ListRegions, request, response).ok());
  ASSERT_THAT(response.regions(), SizeIs(3));
  EXPECT_EQ(response.regions(0).region(), "CN-BJ");
  EXPECT_THAT(response.regions(0).display_name(), HasSubstr("Beijing"));
  request.set_country("XX");
  const grpc::Status status =
      Call(*summaries_, &v1::Summaries::Stub::ListRegions, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("country: \"XX\""), HasSubstr("known: CN")));
}

TEST_F(WireServicesTest, GetSummaryAnswersOnceAWindowIsCompleteAndNamesWhatItKnows) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  ExpectDelivers(agent);
  v1::GetSummaryRequest request;
  request.set_country("CN");
  v1::GetSummaryResponse response;
  // Either the fold has not looked yet, or it has and the window is open.
  EXPECT_EQ(GetSummary(request, response).error_code(), grpc::StatusCode::UNAVAILABLE);

  clock_.Advance(absl::Hours(1) + absl::Minutes(6));
  grpc::Status status = AwaitSummary(request, response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(FromProto(response.window_start_time()), kTestNow);
  EXPECT_EQ(FromProto(response.window_length()), absl::Hours(1));
  EXPECT_THAT(response.verdicts(), SizeIs(5));
  // One volunteer carries no statement, and is not to be seen.
  for (const v1::TargetVerdict& verdict : response.verdicts()) {
    EXPECT_EQ(verdict.scope(), v1::SCOPE_UNDETERMINED) << verdict.ShortDebugString();
    EXPECT_THAT(verdict.networks(), IsEmpty());
  }

  request.add_target_ids("signal");
  ASSERT_TRUE(GetSummary(request, response).ok());
  ASSERT_THAT(response.verdicts(), SizeIs(1));
  EXPECT_EQ(response.verdicts(0).target_id(), "signal");
  request.set_target_ids(0, "telegram");
  status = GetSummary(request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("\"telegram\""), HasSubstr("whatsapp")));
  request.set_country("XX");
  status = GetSummary(request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("\"XX\""), HasSubstr("known: CN")));
}

TEST_F(WireServicesTest, ThePastIsAnsweredFromTheStore) {
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  ExpectDelivers(agent);
  clock_.Advance(absl::Hours(1) + absl::Minutes(6));
  v1::GetSummaryRequest request;
  request.set_country("CN");
  *request.mutable_time() = ToProto(kTestNow + absl::Minutes(30));
  v1::GetSummaryResponse response;
  grpc::Status status = AwaitSummary(request, response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(FromProto(response.window_start_time()), kTestNow);
  EXPECT_THAT(response.verdicts(), SizeIs(5));
  *request.mutable_time() = ToProto(kTestNow - absl::Hours(1));
  status = GetSummary(request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("time: there are no verdicts on CN"));

  v1::ListEventsRequest list;
  list.set_country("CN");
  v1::ListEventsResponse events;
  ASSERT_TRUE(Call(*summaries_, &v1::Summaries::Stub::ListEvents, list, events).ok());
  EXPECT_THAT(events.events(), IsEmpty());
  list.mutable_start_time()->set_nanos(-1);
  status = Call(*summaries_, &v1::Summaries::Stub::ListEvents, list, events);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("start_time"));
}

TEST_F(WireServicesTest, AdminIsOnItsSocketForTheOwnerAlone) {
  struct stat entry = {};
  ASSERT_EQ(stat(collector_.admin_socket().c_str(), &entry), 0);
  EXPECT_TRUE(S_ISSOCK(entry.st_mode));
  EXPECT_EQ(entry.st_mode & 0777, 0600u);
  const EnrolledAgent agent(collector_, clock_);
  v1::ListAgentsResponse response;
  ASSERT_TRUE(Call(*admin_, &v1::Admin::Stub::ListAgents, v1::ListAgentsRequest(), response).ok());
  ASSERT_THAT(response.agents(), SizeIs(1));
  EXPECT_EQ(response.agents(0).agent_id(), agent.id());
  EXPECT_EQ(response.agents(0).region(), "CN-BJ");
}

TEST_F(WireServicesTest, AdminIsNotOnThePublicPort) {
  const auto stub = v1::Admin::NewStub(collector_.Public());
  v1::ListAgentsResponse agents;
  EXPECT_EQ(Call(*stub, &v1::Admin::Stub::ListAgents, v1::ListAgentsRequest(), agents).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  v1::CreateInvitesRequest request;
  request.set_count(1);
  request.set_role(v1::AGENT_ROLE_VOLUNTEER);
  v1::CreateInvitesResponse invites;
  EXPECT_EQ(Call(*stub, &v1::Admin::Stub::CreateInvites, request, invites).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(WireServicesTest, PublicPortSpeaksTlsOnly) {
  const auto stub = v1::Summaries::NewStub(
      grpc::CreateChannel(collector_.address(), grpc::InsecureChannelCredentials()));
  v1::ListTargetsResponse response;
  EXPECT_EQ(Call(*stub, &v1::Summaries::Stub::ListTargets, v1::ListTargetsRequest(), response)
                .error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(WireServicesTest, ServerEndsSoonAlthoughStreamsAreOpen) {
  // One agent says nothing; one stands in the middle of its batches when the server goes.
  grpc::ClientContext context;
  Bound(context);
  const auto silent = v1::Ingest::NewStub(collector_.Public())->Submit(&context);
  v1::SubmitResponse challenge;
  ASSERT_TRUE(silent->Read(&challenge));
  ASSERT_TRUE(challenge.has_challenge());
  EnrolledAgent agent(collector_, clock_);
  agent.SealRound();
  absl::Duration took;
  const auto stop_at_first_batch = [&](v1::SubmitRequest& request) {
    if (!request.has_batch()) return true;
    const absl::Time start = absl::Now();
    collector_.StopServer();
    took = absl::Now() - start;
    return true;
  };
  const Delivery delivery = agent.Deliver(collector_, Tampering({stop_at_first_batch, nullptr}));
  EXPECT_GT(took, absl::ZeroDuration());
  EXPECT_LT(took, absl::Seconds(8));
  EXPECT_EQ(delivery.status.collector_state, "unreachable");
  EXPECT_EQ(agent.spool().totals().batches, 1u);
  EXPECT_FALSE(silent->Read(&challenge));
  EXPECT_FALSE(silent->Finish().ok());
}

}  // namespace
}  // namespace sightline::e2e
