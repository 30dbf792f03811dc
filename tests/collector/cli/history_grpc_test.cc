// `sightline timeline` and `sightline note`, against small services on loopback and a Unix socket.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <mutex>

#include "absl/strings/str_cat.h"
#include "sightline/v1/admin.grpc.pb.h"
#include "sightline/v1/summaries.grpc.pb.h"
#include "tests/collector/cli/run_app.h"
#include "tests/collector/cli/test_summary.h"
#include "tests/collector/cli/test_timeline.h"
#include "tests/collector/cli/tls_server_grpc.h"
#include "tests/common/temp_folder.h"

namespace sightline::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const absl::Duration kDay = absl::Hours(24);

// Windows of an hour, the newest that of TwoCities(); judged since `first`.
class FakeHistory final : public v1::Summaries::Service {
 public:
  grpc::Status GetSummary(grpc::ServerContext*, const v1::GetSummaryRequest* request,
                          v1::GetSummaryResponse* response) override {
    if (request->target_ids(0) != "whatsapp") {
      return {grpc::StatusCode::NOT_FOUND, "target_ids: no target of that name"};
    }
    *response = TwoCities();
    return grpc::Status::OK;
  }

  grpc::Status GetTimeline(grpc::ServerContext*, const v1::GetTimelineRequest* request,
                           v1::GetTimelineResponse* response) override {
    const std::lock_guard lock(mutex_);
    requests.push_back(*request);
    if (request->country() != "CN") return {grpc::StatusCode::NOT_FOUND, "country: only CN"};
    const absl::Duration step = request->has_step() ? FromProto(request->step()) : absl::Hours(1);
    const absl::Time end =
        request->has_end_time() ? FromProto(request->end_time()) : kWindowStart + absl::Hours(1);
    const absl::Time start =
        request->has_start_time() ? FromProto(request->start_time()) : end - 30 * kDay;
    const absl::Time grid = absl::UnixEpoch() + absl::Floor(start - absl::UnixEpoch(), step);
    *response = OpeningOfBeijing(grid, step);
    response->clear_window_counts();
    for (absl::Time time = grid; time < end; time += step) {
      response->add_window_counts(time + step > first ? 1 : 0);
    }
    response->set_step_count(steps != 0 ? steps : response->window_counts_size());
    return grpc::Status::OK;
  }

  // Three notes, two a page.
  grpc::Status ListAnnotations(grpc::ServerContext*, const v1::ListAnnotationsRequest* request,
                               v1::ListAnnotationsResponse* response) override {
    const int begin = request->page_token().empty() ? 0 : 2;
    for (int i = begin; i < std::min(begin + 2, notes); ++i) {
      v1::Annotation& note = *response->add_annotations();
      note.set_annotation_id(absl::StrCat("2024041", i, "-0000000", i));
      note.set_country(request->country());
      if (i > 0) note.set_target_id("whatsapp");
      *note.mutable_time() = ToProto(kWindowStart + i * absl::Hours(13));
      *note.mutable_create_time() = ToProto(kWindowStart);
      note.set_text(absl::StrCat("Thing \x1b[2J", i, " happened"));
      if (i == 1) note.set_url("https://news.example/1");
      note.set_source(v1::ANNOTATION_SOURCE_OPERATOR);
    }
    if (begin + 2 < notes) response->set_next_page_token("2");
    return grpc::Status::OK;
  }

  absl::Time first = absl::InfinitePast();
  int steps = 0;  // 0: as many as asked for
  int notes = 3;
  std::vector<v1::GetTimelineRequest> requests;

 private:
  std::mutex mutex_;
};

class FakeNotes final : public v1::Admin::Service {
 public:
  grpc::Status CreateAnnotation(grpc::ServerContext*, const v1::CreateAnnotationRequest* request,
                                v1::CreateAnnotationResponse* response) override {
    created = request->annotation();
    if (created.text().empty()) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "annotation.text: is empty; say what happened"};
    }
    *response->mutable_annotation() = created;
    response->mutable_annotation()->set_annotation_id("20240419-0123abcd");
    return grpc::Status::OK;
  }

  grpc::Status DeleteAnnotation(grpc::ServerContext*, const v1::DeleteAnnotationRequest* request,
                                v1::DeleteAnnotationResponse*) override {
    if (request->country() == "CN" && request->annotation_id() == "20240419-0123abcd") {
      return grpc::Status::OK;
    }
    return {grpc::StatusCode::NOT_FOUND, "annotation_id: there is no such note"};
  }

  v1::Annotation created;
};

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() : app_(kWindowStart + absl::Hours(1)), server_({&history_}) {
    socket_ = folder_ / "admin.sock";
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
    builder.RegisterService(&notes_);
    admin_server_ = builder.BuildAndStart();
  }

  Ran Read(std::vector<std::string> arguments) const {
    for (const std::string& more : {std::string("--collector"), server_.address(),
                                    std::string("--roots"), server_.roots_path()}) {
      arguments.push_back(more);
    }
    return app_.Run(arguments);
  }

  TempFolder folder_;
  AppUnderTest app_;
  FakeHistory history_;
  FakeNotes notes_;
  std::string socket_;
  TlsServer server_;
  std::unique_ptr<grpc::Server> admin_server_;
};

TEST_F(HistoryTest, TheStepFitsTheLine) {
  const Ran ran = Read({"timeline", "whatsapp"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, AllOf(StartsWith("whatsapp in China (CN), 2024-03-07 00:00 to "),
                             HasSubstr("UTC, 12h a step"), HasSubstr("CN-BJ Beijing Shi")));
  ASSERT_EQ(history_.requests.size(), 1U);
  EXPECT_EQ(FromProto(history_.requests[0].end_time()), kWindowStart + absl::Hours(1));
}

TEST_F(HistoryTest, AShortHistoryIsShownFromItsFirstVerdict) {
  history_.first = kWindowStart - absl::Hours(5);
  const Ran ran = Read({"timeline", "whatsapp"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("1h a step"));
  EXPECT_EQ(FromProto(history_.requests.back().start_time()), history_.first);
  EXPECT_EQ(FromProto(history_.requests.back().step()), absl::Hours(1));
  EXPECT_LE(history_.requests.size(), 4U);
}

TEST_F(HistoryTest, WhatIsAskedForIsAskedForInOneCall) {
  const Ran ran = Read({"timeline", "--since", "2024-04-01", "--until", "2024-04-03", "--step",
                        "4h", "--region", "CN-BJ", "whatsapp", "--region", "CN-SH"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  ASSERT_EQ(history_.requests.size(), 1U);
  const v1::GetTimelineRequest& request = history_.requests[0];
  EXPECT_EQ(request.country(), "CN");
  EXPECT_EQ(request.target_id(), "whatsapp");
  EXPECT_THAT(request.regions(), ElementsAre("CN-BJ", "CN-SH"));
  EXPECT_EQ(FromProto(request.step()), absl::Hours(4));
  EXPECT_EQ(FromProto(request.end_time()) - FromProto(request.start_time()), 2 * kDay);
}

TEST_F(HistoryTest, JsonIsTheMessageAndCsvIsLong) {
  history_.first = kWindowStart;
  const std::vector<std::string> base = {"timeline", "whatsapp", "--since", "2024-04-05 22:00"};
  std::vector<std::string> arguments = base;
  arguments.insert(arguments.end(), {"--format", "csv"});
  EXPECT_THAT(Read(arguments).out, AllOf(StartsWith("step_start_time,region,"),
                                         HasSubstr("2024-04-06T00:00:00+00:00,CN-BJ,")));
  EXPECT_FALSE(history_.requests[0].has_step());
  arguments = base;
  arguments.insert(arguments.end(), {"--format", "json", "--step", "1h"});
  EXPECT_THAT(Read(arguments).out,
              AllOf(StartsWith("{\"country\":\"CN\""), HasSubstr("\"window_counts\":[0,0,1]")));
}

TEST_F(HistoryTest, WhatIsWrongIsNamed) {
  Ran ran = Read({"timeline", "whatsap"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("says: target_ids: no target of that name"));
  ran = Read({"timeline", "whatsapp", "--step", "1h", "--country", "XX"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("says: country: only CN"));
  ran = Read({"timeline", "whatsapp", "--since", "noon"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("--since: \"noon\" is no time"));
  ran = Read({"timeline", "whatsapp", "--step", "hourly"});
  EXPECT_EQ(ran.exit_code, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("\"hourly\" is no duration"));
  EXPECT_EQ(Read({"timeline"}).exit_code, kExitUsage);
}

TEST_F(HistoryTest, ATimelineOfImpossibleLengthIsNotDrawn) {
  history_.steps = 2'000'000'000;
  const Ran ran = Read({"timeline", "whatsapp", "--step", "1h"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, HasSubstr("impossible length"));
}

TEST_F(HistoryTest, NotesOfEveryPageInEachFormat) {
  Ran ran = Read({"note", "list", "--target", "whatsapp"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_EQ(ran.out, R"(Time (UTC)        Target    Source    Note               Text
2024-04-06        all       operator  20240410-00000000  Thing �[2J0 happened
2024-04-06 13:00  whatsapp  operator  20240411-00000001  Thing �[2J1 happened  https://news.example/1
2024-04-07 02:00  whatsapp  operator  20240412-00000002  Thing �[2J2 happened
)");
  EXPECT_THAT(Read({"note", "list", "--format", "csv"}).out,
              AllOf(StartsWith("annotation_id,country,"),
                    HasSubstr("\r\n20240412-00000002,CN,whatsapp,2024-04-07T02:00:00+00:00,")));
  EXPECT_THAT(Read({"note", "list", "--format", "json"}).out,
              HasSubstr("\"annotation_id\": \"20240412-00000002\""));
  history_.notes = 0;
  EXPECT_EQ(Read({"note", "list"}).out, "No notes.\n");
}

TEST_F(HistoryTest, ANoteIsAddedAndRemoved) {
  Ran ran = app_.Run({"note", "add", "--admin", socket_, "--target", "whatsapp", "--time",
                      "2024-04-19", "--url", "https://news.example/1", "App removed"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_EQ(ran.out, "Note 20240419-0123abcd is on the timeline of CN\n");
  EXPECT_EQ(notes_.created.target_id(), "whatsapp");
  EXPECT_EQ(notes_.created.url(), "https://news.example/1");
  EXPECT_EQ(notes_.created.text(), "App removed");
  EXPECT_EQ(FromProto(notes_.created.time()), absl::FromUnixSeconds(1'713'484'800));
  ran = app_.Run({"note", "remove", "20240419-0123abcd", "--admin", socket_});
  EXPECT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_EQ(ran.out, "Note 20240419-0123abcd is gone\n");
}

TEST_F(HistoryTest, ANoteThatIsRefusedSaysWhy) {
  Ran ran = app_.Run({"note", "add", "--admin", socket_, "--time", "2024-04-19", ""});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("says: annotation.text: is empty"));
  ran = app_.Run({"note", "add", "--admin", socket_, "--time", "easter", "Text"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("--time: \"easter\" is no time"));
  ran = app_.Run({"note", "remove", "other", "--admin", socket_});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("says: annotation_id: there is no such note"));
  EXPECT_EQ(app_.Run({"note", "add", "--admin", socket_, "Text"}).exit_code, kExitUsage);
  EXPECT_EQ(app_.Run({"note"}).exit_code, kExitUsage);
}

}  // namespace
}  // namespace sightline::cli
