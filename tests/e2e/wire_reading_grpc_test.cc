// What readers get of the past and while they watch, over the wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/message.h"
#include "common/plan.h"
#include "sightline/v1/admin.grpc.pb.h"
#include "sightline/v1/summaries.grpc.pb.h"
#include "tests/e2e/wire_fixture_grpc.h"

namespace sightline::e2e {
namespace {

using testing::HasSubstr;

void Bound(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
}

class WireReadingTest : public WireTest {
 protected:
  WireReadingTest()
      : summaries_(v1::Summaries::NewStub(collector_.Public())),
        admin_(v1::Admin::NewStub(collector_.Operator())) {}

  template <typename Request, typename Response, typename Stub>
  grpc::Status Call(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    Bound(context);
    return (stub.*method)(&context, request, &response);
  }

  // Until it works.
  template <typename Request, typename Response>
  grpc::Status Await(grpc::Status (v1::Summaries::Stub::*method)(grpc::ClientContext*,
                                                                 const Request&, Response*),
                     const Request& request, Response& response) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    grpc::Status status;
    do {
      status = Call(*summaries_, method, request, response);
      if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return status;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    } while (std::chrono::steady_clock::now() < deadline);
    return status;
  }

  // A round of the first hour, which is judged soon.
  void SendRounds() {
    EnrolledAgent agent(collector_, clock_);
    agent.SealRound();
    ExpectDelivers(agent);
    clock_.Advance(absl::Hours(1) + absl::Minutes(6));
  }

  // As the fold would.
  void SayChange(int64_t change_seq) {
    v1::Change change;
    change.set_change_seq(change_seq);
    change.set_country("CN");
    change.set_target_id("whatsapp");
    const std::vector<ChangeRecord> changes = {{"CN", change_seq, change.SerializeAsString()}};
    const auto lease = collector_.store().ReadLease("fold");
    ASSERT_TRUE(lease.ok());
    const absl::Status written = collector_.store().WriteFold("fold", *lease, {.changes = changes});
    ASSERT_TRUE(written.ok()) << written;
  }

  static v1::GetTimelineRequest Timeline() {
    v1::GetTimelineRequest request;
    request.set_country("CN");
    request.set_target_id("whatsapp");
    return request;
  }

  const std::unique_ptr<v1::Summaries::Stub> summaries_;
  const std::unique_ptr<v1::Admin::Stub> admin_;
};

TEST_F(WireReadingTest, ATimelineComesInColumns) {
  SendRounds();
  v1::GetTimelineResponse response;
  const grpc::Status status = Await(&v1::Summaries::Stub::GetTimeline, Timeline(), response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.step_count(), 720);
  EXPECT_EQ(response.scopes_size(), 720);
  ASSERT_GT(response.regions_size(), 0);
  EXPECT_EQ(response.regions(0).states_size(), 720);
  v1::GetTimelineRequest request = Timeline();
  request.set_target_id("telegram");
  const grpc::Status unknown =
      Call(*summaries_, &v1::Summaries::Stub::GetTimeline, request, response);
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(unknown.error_message(), HasSubstr("target_id: no target \"telegram\"; known: "));
  request = Timeline();
  request.add_regions("CN-XX");
  EXPECT_THAT(
      Call(*summaries_, &v1::Summaries::Stub::GetTimeline, request, response).error_message(),
      HasSubstr("regions: \"CN-XX\""));
  request = Timeline();
  request.mutable_step()->set_seconds(7);
  const grpc::Status step = Call(*summaries_, &v1::Summaries::Stub::GetTimeline, request, response);
  EXPECT_EQ(step.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(step.error_message(), HasSubstr("step: "));
}

TEST_F(WireReadingTest, WhoeverWatchesHearsOfChangesAndGoesOnWithTheToken) {
  SendRounds();
  v1::GetSummaryRequest summary;
  summary.set_country("CN");
  v1::GetSummaryResponse now;
  ASSERT_TRUE(Await(&v1::Summaries::Stub::GetSummary, summary, now).ok());
  v1::WatchSummariesRequest request;
  request.set_country("CN");
  std::string token;
  {
    grpc::ClientContext context;
    Bound(context);
    const auto stream = summaries_->WatchSummaries(&context, request);
    v1::WatchSummariesResponse message;
    ASSERT_TRUE(stream->Read(&message)) << stream->Finish().error_message();
    EXPECT_TRUE(message.has_summary());
    token = message.resume_token();
    context.TryCancel();
    while (stream->Read(&message)) {
    }
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  // While nobody watches, something is said.
  const auto newest = *collector_.store().NewestChange("CN");
  SayChange(newest + 1);
  SayChange(newest + 2);
  request.set_resume_token(token);
  grpc::ClientContext context;
  Bound(context);
  const auto stream = summaries_->WatchSummaries(&context, request);
  v1::WatchSummariesResponse message;
  ASSERT_TRUE(stream->Read(&message)) << stream->Finish().error_message();
  EXPECT_TRUE(message.has_heartbeat());
  int64_t expected = newest;
  while (expected < newest + 2 && stream->Read(&message)) {
    if (!message.has_change()) continue;
    // Those of the fold itself come before.
    EXPECT_GT(message.change().change_seq(), 0);
    expected = message.change().change_seq();
  }
  EXPECT_EQ(expected, newest + 2);
  SayChange(newest + 3);
  while (stream->Read(&message) && !message.has_change()) {
  }
  EXPECT_EQ(message.change().change_seq(), newest + 3) << "heard live";
  context.TryCancel();
}

TEST_F(WireReadingTest, AWatcherWithABadTokenIsTold) {
  SendRounds();
  v1::WatchSummariesRequest request;
  request.set_country("CN");
  request.set_resume_token("nonsense");
  grpc::ClientContext context;
  Bound(context);
  const auto stream = summaries_->WatchSummaries(&context, request);
  v1::WatchSummariesResponse message;
  EXPECT_FALSE(stream->Read(&message));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("resume_token: "));
}

TEST_F(WireReadingTest, TheServerEndsAlthoughSomebodyWatches) {
  SendRounds();
  v1::GetSummaryRequest summary;
  summary.set_country("CN");
  v1::GetSummaryResponse now;
  ASSERT_TRUE(Await(&v1::Summaries::Stub::GetSummary, summary, now).ok());
  v1::WatchSummariesRequest request;
  request.set_country("CN");
  grpc::ClientContext context;
  Bound(context);
  const auto stream = summaries_->WatchSummaries(&context, request);
  v1::WatchSummariesResponse message;
  ASSERT_TRUE(stream->Read(&message));
  collector_.StopServer();
  while (stream->Read(&message)) {
  }
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(WireReadingTest, TheOperatorWritesNotesAndReadersListThem) {
  SendRounds();
  v1::CreateAnnotationRequest request;
  v1::Annotation& annotation = *request.mutable_annotation();
  annotation.set_country("CN");
  annotation.set_target_id("whatsapp");
  annotation.set_text("removed from the App Store");
  *annotation.mutable_time() = ToProto(kTestNow);
  v1::CreateAnnotationResponse note;
  grpc::Status status = Call(*admin_, &v1::Admin::Stub::CreateAnnotation, request, note);
  ASSERT_TRUE(status.ok()) << status.error_message();
  v1::ListAnnotationsRequest list;
  list.set_country("CN");
  v1::ListAnnotationsResponse listed;
  ASSERT_TRUE(Call(*summaries_, &v1::Summaries::Stub::ListAnnotations, list, listed).ok());
  ASSERT_EQ(listed.annotations_size(), 1);
  EXPECT_EQ(listed.annotations(0).text(), annotation.text());
  v1::DeleteAnnotationRequest gone;
  gone.set_country("CN");
  gone.set_annotation_id(note.annotation().annotation_id());
  v1::DeleteAnnotationResponse nothing;
  EXPECT_TRUE(Call(*admin_, &v1::Admin::Stub::DeleteAnnotation, gone, nothing).ok());
  status = Call(*admin_, &v1::Admin::Stub::DeleteAnnotation, gone, nothing);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  annotation.clear_text();
  status = Call(*admin_, &v1::Admin::Stub::CreateAnnotation, request, note);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("annotation.text"));
}

}  // namespace
}  // namespace sightline::e2e
