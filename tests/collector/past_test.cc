#include "collector/past.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/collector/cells_world.h"
#include "tests/collector/memory_store.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Verdicts on hours 0 to 4 but 2, of signal and whatsapp: the scope says which hour it is.
// Whatsapp opened in Beijing in hour 1; what had been said of signal was taken back.
class PastTest : public testing::Test {
 protected:
  PastTest() {
    EXPECT_TRUE(*store_.MoveLease("fold", {}, lease_));
    std::vector<VerdictRecord> rows;
    for (const int hour : {0, 1, 3, 4}) {
      for (const char* target : {"signal", "whatsapp"}) {
        VerdictRecord row = CellRow(target, hour, CellsOf({{"CN-BJ", 0}}));
        v1::TargetVerdict verdict;
        verdict.set_target_id(target);
        verdict.set_scope(static_cast<v1::Scope>(hour + 1));
        row.verdict = verdict.SerializeAsString();
        rows.push_back(row);
      }
    }
    const std::vector<EventRecord> events = {
        Event("a", "whatsapp", 1, absl::InfiniteFuture()),
        Event("b", "signal", 1, CellTime(2)),
        Event("c", "whatsapp", 3, CellTime(4)),
        Event("d", "gone", 3, CellTime(4)),
    };
    EXPECT_TRUE(store_.WriteFold("fold", lease_, {.verdicts = rows, .events = events}).ok());
  }

  static EventRecord Event(const std::string& id, const std::string& target_id, int onset,
                           absl::Time end) {
    v1::Event event;
    event.set_event_id(id);
    event.set_target_id(target_id);
    event.set_region("CN-BJ");
    event.set_kind(v1::EVENT_KIND_OPENING);
    event.set_end(end == absl::InfiniteFuture() ? v1::EVENT_END_ONGOING : v1::EVENT_END_REVERSED);
    *event.mutable_onset_time() = ToProto(CellTime(onset));
    *event.mutable_detect_time() = ToProto(CellTime(onset + 1));
    return {id, target_id, "CN", CellTime(onset), end, event.SerializeAsString()};
  }

  absl::StatusOr<v1::GetSummaryResponse> At(absl::Time time,
                                            const std::vector<std::string>& target_ids = {}) {
    v1::GetSummaryRequest request;
    request.set_country("CN");
    for (const std::string& id : target_ids) request.add_target_ids(id);
    *request.mutable_time() = ToProto(time);
    return SummaryAt(store_, plan_, request);
  }

  // Ids of all pages; or what was wrong.
  std::vector<std::string> Ids(v1::ListEventsRequest request, int page_size = 0) {
    std::vector<std::string> ids;
    if (request.country().empty()) request.set_country("CN");
    request.set_page_size(page_size);
    do {
      const auto page = ListEvents(store_, plan_, request);
      if (!page.ok()) return {std::string(page.status().message())};
      for (const v1::Event& event : page->events()) ids.push_back(event.event_id());
      EXPECT_LE(page->events_size(), page_size > 0 ? page_size : 100);
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }

  MemoryStore store_;
  const LeaseRecord lease_ = {"n1", 1, 1};
  const v1::Plan plan_ = TestPlan();
};

TEST_F(PastTest, AMomentBelongsToTheWindowItIsIn) {
  for (const absl::Duration within : {absl::ZeroDuration(), kCellHour - absl::Nanoseconds(1)}) {
    for (const int hour : {0, 1, 3, 4}) {
      const auto summary = At(CellTime(hour) + within);
      ASSERT_TRUE(summary.ok()) << summary.status();
      EXPECT_EQ(FromProto(summary->window_start_time()), CellTime(hour));
      ASSERT_EQ(summary->verdicts_size(), 2);
      EXPECT_EQ(summary->verdicts(1).scope(), hour + 1);
    }
  }
}

TEST_F(PastTest, APastVerdictHasTheEventsOfItsTime) {
  EXPECT_EQ(At(CellTime(0))->verdicts(1).events_size(), 0);
  EXPECT_EQ(At(CellTime(1))->verdicts(1).events_size(), 1);
  EXPECT_EQ(At(CellTime(1), {"whatsapp"})->verdicts_size(), 1);
  EXPECT_THAT(At(CellTime(1), {"telegram"}).status().message(), HasSubstr("no target"));
}

TEST_F(PastTest, AMomentWithoutVerdictsSaysWhichThereAre) {
  for (const int hour : {-1, 2, 5, 1'000'000}) {
    const absl::Status status = At(CellTime(hour)).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << hour << " " << status;
    EXPECT_THAT(
        std::string(status.message()),
        AllOf(HasSubstr("time: there are no verdicts on CN"),
              HasSubstr(absl::FormatTime(absl::RFC3339_sec, CellTime(0), absl::UTCTimeZone())),
              HasSubstr(absl::FormatTime(absl::RFC3339_sec, CellTime(4), absl::UTCTimeZone()))));
  }
  MemoryStore empty;
  v1::GetSummaryRequest request;
  request.set_country("CN");
  request.mutable_time()->set_seconds(1);
  EXPECT_TRUE(absl::IsNotFound(SummaryAt(empty, plan_, request).status()));
}

TEST_F(PastTest, BadRequestsAreNamed) {
  v1::GetSummaryRequest request;
  request.set_country("CN");
  request.mutable_time()->set_nanos(-1);
  EXPECT_THAT(std::string(SummaryAt(store_, plan_, request).status().message()),
              HasSubstr("time: must be"));
  request.mutable_time()->set_nanos(0);
  request.mutable_time()->set_seconds(INT64_MAX);
  EXPECT_TRUE(absl::IsInvalidArgument(SummaryAt(store_, plan_, request).status()));
  request.mutable_time()->set_seconds(0);
  request.set_country("XX");
  EXPECT_THAT(std::string(SummaryAt(store_, plan_, request).status().message()),
              HasSubstr("\"XX\" is not under observation; known: CN"));
  v1::ListEventsRequest list;
  list.set_country("XX");
  EXPECT_THAT(Ids(list), ElementsAre(HasSubstr("\"XX\" is not under observation")));
  list.set_country("CN");
  *list.mutable_start_time() = ToProto(CellTime(2));
  *list.mutable_end_time() = ToProto(CellTime(2));
  EXPECT_THAT(Ids(list), ElementsAre("end_time: must be after start_time"));
  list.clear_end_time();
  list.mutable_start_time()->set_nanos(2'000'000'000);
  EXPECT_THAT(Ids(list), ElementsAre(HasSubstr("start_time: must be")));
  list.clear_start_time();
  list.add_target_ids("telegram");
  EXPECT_THAT(Ids(list), ElementsAre(AllOf(HasSubstr("no target \"telegram\""), HasSubstr("gone"),
                                           HasSubstr("whatsapp"))));
  list.clear_target_ids();
  EXPECT_THAT(Ids(list, -1), ElementsAre(HasSubstr("page_size")));
  list.set_page_token("!");
  EXPECT_THAT(Ids(list), ElementsAre(HasSubstr("page_token")));
}

TEST_F(PastTest, EventsComeInOrderByPagesAndByTimeAndTarget) {
  v1::ListEventsRequest request;
  for (const int page_size : {0, 1, 2, 3, 4}) {
    EXPECT_THAT(Ids(request, page_size), ElementsAre("a", "b", "c", "d")) << page_size;
  }
  request.add_target_ids("whatsapp");
  EXPECT_THAT(Ids(request, 1), ElementsAre("a", "c"));
  *request.mutable_end_time() = ToProto(CellTime(3));
  EXPECT_THAT(Ids(request), ElementsAre("a"));
  request.clear_target_ids();
  request.clear_end_time();
  *request.mutable_start_time() = ToProto(CellTime(2));
  EXPECT_THAT(Ids(request), ElementsAre("a", "c", "d")) << "b was over";
  request.add_target_ids("signal");
  EXPECT_THAT(Ids(request), IsEmpty());
}

TEST_F(PastTest, ErrorsOfTheStoreArePassedOn) {
  store_.FailWith(absl::UnavailableError("away"));
  EXPECT_TRUE(absl::IsUnavailable(At(CellTime(1)).status()));
  EXPECT_THAT(Ids({}), ElementsAre("away"));
}

}  // namespace
}  // namespace sightline
