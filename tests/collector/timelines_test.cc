#include "collector/timelines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "tests/collector/cells_world.h"
#include "tests/collector/memory_store.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const OpenShare kClosed = {{"CN-BJ", 0}, {"CN-SH", 0}};
const OpenShare kOpen = {{"CN-BJ", 1}, {"CN-SH", 0}};

class TimelinesTest : public testing::Test {
 protected:
  TimelinesTest() { Begin(); }

  // With an empty store.
  void Begin() {
    owned_ = std::make_unique<MemoryStore>();
    EXPECT_TRUE(*store().MoveLease("fold", {}, lease_));
    Restart();
  }
  MemoryStore& store() { return *owned_; }

  void Restart() {
    timelines_ = std::make_unique<Timelines>(store(), kCellHour);
    EXPECT_TRUE(timelines_->Load("CN", [] {}).ok());
  }

  // The rows are stored and put, as the publisher does it; events are told up to `until`.
  void Tell(const std::vector<VerdictRecord>& rows, int until,
            std::optional<int> final_until = std::nullopt) {
    timelines_->Put(rows);
    Timelines::Point point;
    point.until = CellTime(until);
    if (final_until.has_value()) point.final_until = CellTime(*final_until);
    point.positions = {{"n1", static_cast<uint64_t>(until)}};
    point.read_until = CellTime(until + 1);
    const Timelines::Rows history = timelines_->Advance(point);
    events_written_ = history.events.size();
    timelines_written_ = history.timelines.size();
    if (!write_) return;
    EXPECT_TRUE(
        store()
            .WriteFold("fold", lease_,
                       {.verdicts = rows, .events = history.events, .timelines = history.timelines})
            .ok());
    timelines_->Commit();
  }
  void Tell(int hour, const OpenShare& shares, std::optional<int> final_until = std::nullopt) {
    Tell({CellRow("whatsapp", hour, CellsOf(shares))}, hour, final_until);
  }
  // Closed up to hour 9 and open from hour 10 up to `last`.
  void TellOpening(int last) {
    for (int hour = 0; hour <= last; ++hour) Tell(hour, hour < 10 ? kClosed : kOpen);
  }

  std::vector<v1::Event> Stored() {
    std::vector<v1::Event> events;
    const auto records = *store().ReadEvents("CN", absl::InfinitePast(), absl::InfiniteFuture());
    for (const EventRecord& record : records) {
      events.push_back(EventOf(record));
      EXPECT_EQ(record.event_id, events.back().event_id());
      EXPECT_EQ(record.onset, FromProto(events.back().onset_time()));
    }
    return events;
  }
  std::vector<std::string> Briefs() {
    std::vector<std::string> briefs;
    for (const v1::Event& event : Stored()) briefs.push_back(Brief(event));
    return briefs;
  }
  std::vector<std::string> StoredBytes() {
    std::vector<std::string> bytes;
    for (const v1::Event& event : Stored()) bytes.push_back(event.SerializeAsString());
    return bytes;
  }
  std::map<std::string, TimelineRecord> StoredTimelines() {
    std::map<std::string, TimelineRecord> timelines;
    const std::vector<TimelineRecord> records = *store().ReadTimelines("CN");
    for (const TimelineRecord& record : records) {
      timelines[record.target_id] = record;
    }
    return timelines;
  }

  std::unique_ptr<MemoryStore> owned_;
  const LeaseRecord lease_ = {"n1", 1, 1};
  std::unique_ptr<Timelines> timelines_;
  bool write_ = true;
  size_t events_written_ = 0;
  size_t timelines_written_ = 0;
};

TEST_F(TimelinesTest, AnOpeningBecomesARowAndGrowsUnderItsName) {
  TellOpening(9);
  EXPECT_EQ(events_written_, 0U);
  TellOpening(14);
  EXPECT_THAT(Briefs(),
              ElementsAre("whatsapp.CN-BJ.opening.20240406T100000Z OPENING 10.. ONGOING GLITCH"));
  EXPECT_EQ(store().ReadEvents("CN", CellTime(99), CellTime(100))->size(), 1U) << "it goes on";
  for (int hour = 15; hour < 30; ++hour) Tell(hour, hour < 20 ? kOpen : kClosed);
  EXPECT_THAT(
      Briefs(),
      ElementsAre("whatsapp.CN-BJ.opening.20240406T100000Z OPENING 10..20 REVERSED TEMPORARY"));
  EXPECT_THAT(Stored()[0].amendments(), IsEmpty());
  EXPECT_TRUE(store().ReadEvents("CN", CellTime(20), CellTime(100))->empty());
  Tell(30, kClosed);
  EXPECT_EQ(events_written_, 0U) << "nothing is written that did not change";
}

TEST_F(TimelinesTest, LateCellsAmendWhatHadBeenSaid) {
  TellOpening(20);
  const std::string before = Briefs().at(0);
  Tell({CellRow("whatsapp", 8, CellsOf(kOpen)), CellRow("whatsapp", 9, CellsOf(kOpen))}, 20);
  EXPECT_THAT(Briefs(),
              ElementsAre("whatsapp.CN-BJ.opening.20240406T100000Z OPENING 8.. ONGOING TEMPORARY"));
  const v1::Event event = Stored()[0];
  ASSERT_EQ(event.amendments_size(), 1);
  EXPECT_THAT(event.amendments(0).text(),
              HasSubstr("it was said to have begun at 6 April 2024, 10:00 UTC"));
  EXPECT_EQ(FromProto(event.amendments(0).window_start_time()), CellTime(8));
  EXPECT_EQ(FromProto(event.amendments(0).amend_time()), CellTime(21));
  Tell(21, kOpen);
  EXPECT_EQ(Stored()[0].amendments_size(), 1) << "time that passes is none";
}

TEST_F(TimelinesTest, WhatLateCellsTakeBackIsWithdrawnAndComesAgain) {
  TellOpening(13);
  std::vector<VerdictRecord> closed;
  std::vector<VerdictRecord> open;
  for (int hour = 10; hour <= 13; ++hour) {
    closed.push_back(CellRow("whatsapp", hour, CellsOf(kClosed)));
    open.push_back(CellRow("whatsapp", hour, CellsOf(kOpen)));
  }
  Tell(closed, 13);
  EXPECT_THAT(
      Briefs(),
      ElementsAre("whatsapp.CN-BJ.opening.20240406T100000Z OPENING 10..14 WITHDRAWN GLITCH"));
  Restart();
  Tell(open, 13);
  EXPECT_THAT(Briefs(),
              ElementsAre("whatsapp.CN-BJ.opening.20240406T100000Z OPENING 10.. ONGOING GLITCH"));
  EXPECT_EQ(Stored()[0].amendments_size(), 2);
}

TEST_F(TimelinesTest, WindowsBeyondTheLastOneThatWasAllowedAreNotLookedAt) {
  TellOpening(9);
  std::vector<VerdictRecord> rows;
  for (int hour = 10; hour <= 20; ++hour) rows.push_back(CellRow("whatsapp", hour, CellsOf(kOpen)));
  Tell(rows, 9);
  EXPECT_THAT(Briefs(), IsEmpty());
  Tell({}, 20);
  EXPECT_THAT(
      Briefs(),
      ElementsAre("whatsapp.CN-BJ.opening.20240406T100000Z OPENING 10.. ONGOING TEMPORARY"));
  EXPECT_THAT(Stored()[0].amendments(), IsEmpty()) << "nothing had been said of them";
  Tell({}, 3);
  EXPECT_EQ(events_written_, 0U) << "it never goes back";
}

TEST_F(TimelinesTest, TheStoreHasOneTimelineOfATargetAndTheEndOfTheCountry) {
  Tell(3, kClosed);
  EXPECT_EQ(StoredTimelines().at("whatsapp").timeline, "") << "it begins";
  EXPECT_EQ(StoredTimelines().at("whatsapp").window_start, CellTime(2));
  Tell({CellRow("whatsapp", 1, CellsOf(kClosed))}, 3);
  EXPECT_EQ(StoredTimelines().at("whatsapp").window_start, CellTime(0)) << "earlier than thought";
  EXPECT_EQ(StoredTimelines().at("").window_start, CellTime(3));
  Tell(4, kClosed);
  EXPECT_EQ(timelines_written_, 1U) << "the end alone";
  for (int hour = 5; hour < 100; ++hour) Tell(hour, kClosed, hour - 73);
  EXPECT_EQ(StoredTimelines().at("whatsapp").window_start, CellTime(99 - 73));
  EXPECT_TRUE(Timeline::Parse(StoredTimelines().at("whatsapp").timeline, kCellHour).ok());
  EXPECT_EQ(StoredTimelines().size(), 2U);
  Restart();
  EXPECT_EQ(timelines_->told_positions(), (LogPositions{{"n1", 99}}));
}

TEST_F(TimelinesTest, WhatWasNotWrittenIsGivenAgain) {
  TellOpening(9);
  std::vector<VerdictRecord> rows;
  for (int hour = 10; hour <= 12; ++hour) rows.push_back(CellRow("whatsapp", hour, CellsOf(kOpen)));
  write_ = false;
  Tell(rows, 12);
  EXPECT_EQ(events_written_, 1U);
  Tell({}, 12);
  EXPECT_EQ(events_written_, 1U);
  EXPECT_THAT(Briefs(), IsEmpty());
  write_ = true;
  Tell(rows, 12);
  EXPECT_THAT(Briefs(),
              ElementsAre("whatsapp.CN-BJ.opening.20240406T100000Z OPENING 10.. ONGOING GLITCH"));
  EXPECT_THAT(Stored()[0].amendments(), IsEmpty());
}

TEST_F(TimelinesTest, ATargetThatNobodyAsksForAnyMoreIsLostFromSight) {
  TellOpening(20);
  // Struck out, and then in no row at all.
  Tell({CellRow("whatsapp", 20, "")}, 20);
  for (int hour = 21; hour < 100; ++hour) Tell({CellRow("signal", hour, CellsOf(kClosed))}, hour);
  EXPECT_THAT(
      Briefs(),
      ElementsAre("whatsapp.CN-BJ.opening.20240406T100000Z OPENING 10..20 LOST_SIGHT TEMPORARY"));
}

TEST_F(TimelinesTest, RowsOfOtherRulesOrLengthsAreSilent) {
  std::vector<VerdictRecord> rows;
  for (int hour = 0; hour < 20; ++hour) {
    rows.push_back(CellRow("whatsapp", hour, CellsOf(hour < 10 ? kClosed : kOpen)));
    if (hour % 2 == 0) {
      rows.back().ruleset_version = "other";
    } else {
      rows.back().window_length = absl::Minutes(10);
    }
  }
  ASSERT_TRUE(store().WriteFold("fold", lease_, {.verdicts = rows}).ok());
  Restart();
  Tell({}, 20);
  EXPECT_THAT(Briefs(), IsEmpty());
  // What was no evidence has become none since: a history of open windows has no opening.
  for (int hour = 21; hour < 40; ++hour) Tell(hour, kOpen);
  EXPECT_THAT(Briefs(), IsEmpty());
}

TEST_F(TimelinesTest, AHistoryOfOtherRulesIsBegunAnew) {
  TellOpening(20);
  for (int hour = 21; hour < 100; ++hour) Tell(hour, kOpen, hour - 73);
  TimelineRecord old = StoredTimelines().at("whatsapp");
  old.timeline = "of other rules";
  std::vector<VerdictRecord> rows = *store().ReadVerdicts("CN", CellTime(0), CellTime(100));
  for (VerdictRecord& row : rows) row.ruleset_version = "other";
  ASSERT_TRUE(store().WriteFold("fold", lease_, {.verdicts = rows, .timelines = {&old, 1}}).ok());
  Restart();
  // The fold judges anew what it still has.
  rows.clear();
  for (int hour = 60; hour <= 100; ++hour)
    rows.push_back(CellRow("whatsapp", hour, CellsOf(kOpen)));
  Tell(rows, 100);
  EXPECT_THAT(
      Briefs(),
      ElementsAre("whatsapp.CN-BJ.opening.20240406T100000Z OPENING 10..60 LOST_SIGHT SUSTAINED"));
  const std::vector<std::string> bytes = StoredBytes();
  for (int hour = 101; hour < 140; ++hour) {
    if (hour % 7 == 0) Restart();
    Tell(hour, hour < 120 ? kOpen : kClosed, hour < 110 ? std::nullopt : std::optional(hour - 73));
  }
  EXPECT_EQ(StoredBytes()[0], bytes[0]) << "once is enough";
  EXPECT_EQ(Briefs()[1], "whatsapp.CN-BJ.closing.20240411T000000Z CLOSING 120.. ONGOING TEMPORARY");
}

// Random histories with late cells, told window by window.
struct Story {
  explicit Story(unsigned seed) : random(seed) {
    OpenShare shares = {{"CN-BJ", 0.05}, {"CN-SH", 0.05}};
    for (int hour = 0; hour < 400; ++hour) {
      if (random() % 25 == 0) shares["CN-BJ"] = shares["CN-BJ"] > 0.5 ? 0.05 : 0.9;
      if (random() % 40 == 0) shares["CN-SH"] = shares["CN-SH"] > 0.5 ? 0.05 : 0.9;
      const bool late = random() % 4 == 0;
      const int after = late ? static_cast<int>(random() % 72) : 0;
      if (late) arrivals[hour].push_back(CellRow("whatsapp", hour, CellsOf({{"CN-BJ", 0.05}})));
      for (const char* target : {"signal", "whatsapp"}) {
        arrivals[hour + after].push_back(CellRow(target, hour, CellsOf(shares)));
      }
    }
  }
  std::mt19937 random;
  std::map<int, std::vector<VerdictRecord>> arrivals;  // by when they are known
};

TEST_F(TimelinesTest, RestartsChangeNothing) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Story story(seed);
  std::vector<std::string> told;
  for (const bool restarts : {false, true}) {
    Begin();
    for (const auto& [hour, rows] : story.arrivals) {
      const std::optional<int> final_until =
          hour < 80 ? std::nullopt : std::optional<int>(hour - 75);
      Tell(rows, hour, final_until);
      if (restarts && story.random() % 3 == 0) Restart();
    }
    if (!restarts) told = StoredBytes();
  }
  EXPECT_EQ(StoredBytes(), told);
  EXPECT_GT(told.size(), 10U);
  const auto amended = std::count_if(told.begin(), told.end(), [](const std::string& bytes) {
    v1::Event event;
    return event.ParseFromString(bytes) && event.amendments_size() > 0;
  });
  EXPECT_GT(amended, 0);
}

TEST_F(TimelinesTest, InTheEndTheEventsAreThoseOfTheCells) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Story story(seed);
  for (const auto& [hour, rows] : story.arrivals) {
    const std::optional<int> final_until = hour < 80 ? std::nullopt : std::optional<int>(hour - 75);
    write_ = story.random() % 4 != 0;  // the store does not answer
    if (!write_) {
      Tell(rows, hour, final_until);
      write_ = true;
    }
    Tell(rows, hour, final_until);
  }
  const int last = story.arrivals.rbegin()->first;
  const std::vector<VerdictRecord> rows = *store().ReadCells("CN", CellTime(0), CellTime(last));
  std::vector<std::string> expected;
  for (const char* target : {"signal", "whatsapp"}) {
    TrackState state{Timeline(kCellHour), {}};
    for (const VerdictRecord& row : rows) {
      if (row.target_id != target) continue;
      internal::v1::Cells cells;
      ASSERT_TRUE(cells.ParseFromString(row.cells));
      state.timeline.Step(row.window_start, cells);
      for (v1::Event& event : state.timeline.TakeEnded()) state.ended.push_back(event);
    }
    state.timeline.Step(CellTime(last), {});
    for (v1::Event& event : state.timeline.TakeEnded()) state.ended.push_back(event);
    for (const v1::Event& event : state.Events()) {
      expected.push_back(absl::StrCat(target, event.SerializeAsString()));
    }
  }
  std::vector<std::string> stored;
  for (v1::Event event : Stored()) {
    if (event.end() == v1::EVENT_END_WITHDRAWN) continue;
    const std::string target = event.target_id();
    event.clear_event_id();
    event.clear_target_id();
    event.clear_country();
    event.clear_amendments();
    stored.push_back(absl::StrCat(target, event.SerializeAsString()));
  }
  EXPECT_THAT(stored, testing::UnorderedElementsAreArray(expected));
}

}  // namespace
}  // namespace sightline
