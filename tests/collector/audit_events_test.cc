#include "collector/audit_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/timelines.h"
#include "tests/collector/cells_world.h"
#include "tests/collector/memory_store.h"

namespace sightline {
namespace {

using internal::v1::AuditReport;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const OpenShare kClosed = {{"CN-BJ", 0}, {"CN-SH", 0}};
const OpenShare kOpen = {{"CN-BJ", 1}, {"CN-SH", 0}};

// Beijing was open in hours 20 to 49 and is open from hour 90 on; 120 hours, of which those up to
// hour 44 are final.
class AuditEventsTest : public testing::Test {
 protected:
  AuditEventsTest() {
    EXPECT_TRUE(*store_.MoveLease("fold", {}, lease_));
    EXPECT_TRUE(timelines_.Load("CN", [] {}).ok());
    for (int hour = 0; hour < 120; ++hour) {
      const bool open = (hour >= 20 && hour < 50) || hour >= 90;
      Tell({CellRow("whatsapp", hour, CellsOf(open ? kOpen : kClosed)),
            CellRow("signal", hour, CellsOf(kClosed))},
           hour);
    }
  }

  void Tell(const std::vector<VerdictRecord>& rows, int until) {
    timelines_.Put(rows);
    Timelines::Point point;
    point.until = CellTime(until);
    if (until > 80) point.final_until = CellTime(until - 75);
    point.read_until = CellTime(until + 1);
    const Timelines::Rows history = timelines_.Advance(point);
    Write({.verdicts = rows, .events = history.events, .timelines = history.timelines});
    timelines_.Commit();
  }
  void Write(const FoldWrite& write) { ASSERT_TRUE(store_.WriteFold("fold", lease_, write).ok()); }

  AuditReport Run() {
    AuditReport report;
    EventAudit audit(store_, kCellHour, report);
    EXPECT_TRUE(audit.Begin("CN").ok());
    const auto rows = *store_.ReadCells("CN", absl::InfinitePast(), absl::InfiniteFuture());
    for (const VerdictRecord& row : rows) audit.Add(row);
    EXPECT_TRUE(audit.Finish("CN").ok());
    return report;
  }
  std::vector<EventRecord> Events() {
    return *store_.ReadEvents("CN", absl::InfinitePast(), absl::InfiniteFuture());
  }
  static std::vector<std::string> Problems(const AuditReport& report) {
    std::vector<std::string> problems;
    for (const internal::v1::AuditProblem& problem : report.problems()) {
      problems.push_back(
          absl::StrCat(ShortName(problem.kind()), " ", problem.target_id(), " ", problem.detail()));
    }
    return problems;
  }
  // Writes the event back when it was changed.
  void Change(size_t i, const std::function<void(v1::Event&)>& change) {
    EventRecord record = Events().at(i);
    v1::Event event = EventOf(record);
    change(event);
    record.event = event.SerializeAsString();
    Write({.events = {&record, 1}});
  }

  MemoryStore store_;
  const LeaseRecord lease_ = {"n1", 1, 1};
  Timelines timelines_{store_, kCellHour};
};

TEST_F(AuditEventsTest, FindsNothingWhereNothingIsWrong) {
  const AuditReport report = Run();
  EXPECT_THAT(Problems(report), IsEmpty());
  EXPECT_EQ(report.events_compared(), 2U);
  EXPECT_EQ(report.timelines_compared(), 2U);
  EXPECT_EQ(report.events_behind(), 0U);
  EXPECT_EQ(report.events_other_rules(), 0U);
}

TEST_F(AuditEventsTest, NamesTheEventThatTheCellsDoNotComeTo) {
  Change(0, [](v1::Event& event) { *event.mutable_end_time() = ToProto(CellTime(51)); });
  EXPECT_THAT(Problems(Run()),
              ElementsAre(HasSubstr("EVENT whatsapp stored -> by the cells: modified: end_time")));
}

TEST_F(AuditEventsTest, NamesWhatIsMissingAndWhatIsTooMuch) {
  Change(1, [](v1::Event& event) { event.set_region("CN-SH"); });
  EXPECT_THAT(Problems(Run()),
              ElementsAre(HasSubstr("by the cells none"), HasSubstr("stored none, by the cells")));
}

TEST_F(AuditEventsTest, WhatWasWithdrawnIsLeftOutAndNamesAreNotCompared) {
  v1::Event withdrawn = EventOf(Events()[0]);
  withdrawn.set_event_id("another");
  withdrawn.set_region("CN-SH");
  withdrawn.set_end(v1::EVENT_END_WITHDRAWN);
  const EventRecord record = {"another",    "whatsapp",   "CN",
                              CellTime(20), CellTime(50), withdrawn.SerializeAsString()};
  Write({.events = {&record, 1}});
  Change(0, [](v1::Event& event) { event.add_amendments()->set_text("it was said to go on."); });
  EXPECT_THAT(Problems(Run()), IsEmpty());
}

TEST_F(AuditEventsTest, BytesThatAreNoEventAreTold) {
  EventRecord record = Events()[0];
  record.event = "no event";
  Write({.events = {&record, 1}});
  EXPECT_THAT(Problems(Run()), ElementsAre(HasSubstr("the stored bytes are no event"),
                                           HasSubstr("stored none, by the cells")));
}

TEST_F(AuditEventsTest, ARowThatIsNotTheEventOfItsBytesIsTold) {
  EventRecord record = Events()[0];
  record.onset = CellTime(21);
  Write({.events = {&record, 1}});
  EXPECT_THAT(Problems(Run()), ElementsAre(HasSubstr("stored as another one than it says")));
}

TEST_F(AuditEventsTest, NamesTheHistoryThatTheCellsDoNotComeTo) {
  // Hour 30 is final: whoever changes its cells leaves the history behind.
  const VerdictRecord row = CellRow("whatsapp", 30, CellsOf({{"CN-BJ", 0.7}, {"CN-SH", 0}}));
  Write({.verdicts = {&row, 1}});
  const std::vector<std::string> problems = Problems(Run());
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_THAT(problems[0], HasSubstr("TIMELINE whatsapp"));
  EXPECT_THAT(problems[1], HasSubstr("EVENT whatsapp"));
}

TEST_F(AuditEventsTest, VerdictsThatNoEventsWereToldFromYetAreNoProblem) {
  std::vector<VerdictRecord> rows;
  for (int hour = 90; hour < 120; ++hour) {
    rows.push_back(CellRow("whatsapp", hour, CellsOf(kClosed)));
  }
  const std::vector<TimelineRecord> behind = timelines_.Behind();
  Write({.verdicts = rows, .timelines = behind});
  const AuditReport report = Run();
  EXPECT_THAT(Problems(report), IsEmpty());
  EXPECT_EQ(report.events_behind(), 1U);
  Write({.verdicts = rows});
  Tell(rows, 119);
  EXPECT_THAT(Problems(Run()), IsEmpty());
  EXPECT_EQ(Run().events_behind(), 0U);
}

TEST_F(AuditEventsTest, ATargetWithRowsAndNoHistoryYetIsJudgedByItsRows) {
  std::vector<VerdictRecord> rows;
  for (int hour = 0; hour < 40; ++hour) {
    rows.push_back(CellRow("wechat", hour, CellsOf(hour < 20 ? kClosed : kOpen)));
  }
  Write({.verdicts = rows});
  const AuditReport report = Run();
  EXPECT_THAT(Problems(report), ElementsAre(HasSubstr("EVENT wechat stored none, by the cells")));
  EXPECT_EQ(report.timelines_compared(), 2U);
}

TEST_F(AuditEventsTest, HistoriesByOtherRulesAreCounted) {
  std::vector<VerdictRecord> rows = *store_.ReadVerdicts("CN", CellTime(0), CellTime(60));
  for (VerdictRecord& row : rows) row.ruleset_version = "other";
  Write({.verdicts = rows});
  std::vector<TimelineRecord> timelines = *store_.ReadTimelines("CN");
  for (TimelineRecord& record : timelines) {
    if (!record.target_id.empty()) record.timeline = "of other rules";
  }
  Write({.timelines = timelines});
  const AuditReport report = Run();
  EXPECT_EQ(report.events_other_rules(), 1U) << "the one before";
  EXPECT_EQ(report.timelines_compared(), 0U);
  EXPECT_EQ(report.timelines_other_rules(), 2U);
  // Other rules in between: nobody knows where the history began.
  rows = *store_.ReadVerdicts("CN", CellTime(0), CellTime(20));
  for (VerdictRecord& row : rows) row.ruleset_version = std::string(kRulesetVersion);
  Write({.verdicts = rows});
  EXPECT_THAT(Problems(Run()), IsEmpty());
  EXPECT_EQ(Run().events_other_rules(), 2U);
}

}  // namespace
}  // namespace sightline
