// Leases, checkpoints, and what the fold found, on both stores.
#include <atomic>
#include <thread>

#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::Pair;

class StoreFoldTest : public StoreTest {
 protected:
  StoreFoldTest() : store_(Open()) {}

  // Makes `node` the holder of the lease, from nobody.
  LeaseRecord Take(const std::string& node) {
    const LeaseRecord lease = {node, 1, 1};
    EXPECT_TRUE(*store_->MoveLease("fold", {}, lease));
    return lease;
  }

  // Writes verdicts alone.
  absl::Status Write(const LeaseRecord& held, const std::vector<VerdictRecord>& verdicts,
                     const FoldCheckpoint* checkpoint = nullptr) {
    return store_->WriteFold("fold", held, {.verdicts = verdicts, .checkpoint = checkpoint});
  }

  static VerdictRecord Verdict(const std::string& target, const std::string& country, int hour,
                               const std::string& text = "") {
    return {target,
            country,
            TestTime() + absl::Hours(hour),
            absl::Hours(1),
            "rules 1",
            EveryByte() + text,
            text + EveryByte()};
  }

  std::vector<VerdictRecord> All(const std::string& country) {
    auto verdicts = store_->ReadVerdicts(country, absl::UnixEpoch(), TestTime() + absl::Hours(999));
    EXPECT_TRUE(verdicts.ok()) << verdicts.status();
    return *std::move(verdicts);
  }

  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(All, StoreFoldTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

TEST_P(StoreFoldTest, LeaseMovesOnlyFromWhatItIs) {
  EXPECT_EQ(*store_->ReadLease("fold"), LeaseRecord());
  const LeaseRecord first = {"n1", 1, 1};
  const LeaseRecord beat = {"n1", 1, 2};
  const LeaseRecord other = {"n2", 2, 1};
  EXPECT_FALSE(*store_->MoveLease("fold", first, beat));
  EXPECT_TRUE(*store_->MoveLease("fold", {}, first));
  EXPECT_FALSE(*store_->MoveLease("fold", {}, other));
  EXPECT_TRUE(*store_->MoveLease("fold", first, beat));
  EXPECT_FALSE(*store_->MoveLease("fold", first, other));
  EXPECT_EQ(*Open()->ReadLease("fold"), beat);
  EXPECT_TRUE(*store_->MoveLease("fold", beat, other));
  EXPECT_EQ(*store_->ReadLease("fold"), other);
  EXPECT_EQ(*store_->ReadLease("another"), LeaseRecord());
  EXPECT_EQ(CodeOf(store_->MoveLease("fold", other, {"no name", 3, 1})),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(StoreFoldTest, OneOfEightThatRaceForALeaseGetsIt) {
  constexpr int kThreads = 8;
  LeaseRecord seen;
  for (uint64_t term = 1; term <= 10; ++term) {
    std::atomic<int> winners = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        const auto moved = store_->MoveLease("fold", seen, {absl::StrCat("n", i), term, 1});
        if (!moved.ok()) {
          EXPECT_TRUE(absl::IsAborted(moved.status())) << moved.status();
        } else if (*moved) {
          ++winners;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(winners, 1);
    seen = *store_->ReadLease("fold");
    EXPECT_EQ(seen.term, term);
  }
}

TEST_P(StoreFoldTest, VerdictsComeBackByteForByteInOrder) {
  const LeaseRecord lease = Take("n1");
  ASSERT_OK(Write(lease, {Verdict("b", "CN", 1), Verdict("a", "CN", 1), Verdict("z", "CN", 0),
                          Verdict("a", "IR", 1)}));
  const auto all = All("CN");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].target_id, "z");
  EXPECT_EQ(all[1].target_id, "a");
  EXPECT_EQ(all[2].target_id, "b");
  const VerdictRecord sent = Verdict("a", "CN", 1);
  EXPECT_EQ(all[1].country, sent.country);
  EXPECT_EQ(all[1].window_start, sent.window_start);
  EXPECT_EQ(all[1].window_length, sent.window_length);
  EXPECT_EQ(all[1].ruleset_version, sent.ruleset_version);
  EXPECT_EQ(all[1].verdict, sent.verdict);
  EXPECT_EQ(all[1].cells, sent.cells);
  EXPECT_EQ(
      store_->ReadVerdicts("CN", TestTime() + absl::Hours(1), TestTime() + absl::Hours(2))->size(),
      2u);
  EXPECT_TRUE(store_->ReadVerdicts("CN", TestTime() + absl::Hours(2), TestTime() + absl::Hours(9))
                  ->empty());
}

TEST_P(StoreFoldTest, VerdictOfTheSameWindowReplacesTheOneBefore) {
  const LeaseRecord lease = Take("n1");
  ASSERT_OK(Write(lease, {Verdict("a", "CN", 1, "first")}));
  ASSERT_OK(Write(lease, {Verdict("a", "CN", 1, "second"), Verdict("a", "CN", 2, "third")}));
  const auto all = All("CN");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].cells, Verdict("a", "CN", 1, "second").cells);
  EXPECT_EQ(all[0].verdict, Verdict("a", "CN", 1, "second").verdict);
}

TEST_P(StoreFoldTest, OldestAndNewestVerdictAreThoseOfTheCountry) {
  EXPECT_FALSE(store_->OldestVerdict("CN")->has_value());
  EXPECT_FALSE(store_->NewestVerdict("CN")->has_value());
  const LeaseRecord lease = Take("n1");
  ASSERT_OK(Write(lease, {Verdict("a", "CN", 1), Verdict("a", "CN", 5), Verdict("a", "IR", 9)}));
  EXPECT_EQ(**store_->NewestVerdict("CN"), TestTime() + absl::Hours(5));
  EXPECT_EQ(**store_->NewestVerdict("IR"), TestTime() + absl::Hours(9));
  EXPECT_EQ(**store_->OldestVerdict("CN"), TestTime() + absl::Hours(1));
  EXPECT_EQ(**store_->OldestVerdict("IR"), TestTime() + absl::Hours(9));
  EXPECT_FALSE(store_->NewestVerdict("RU")->has_value());
}

TEST_P(StoreFoldTest, CellsAreReadWithoutTheVerdicts) {
  const LeaseRecord lease = Take("n1");
  ASSERT_OK(Write(lease, {Verdict("a", "CN", 1), Verdict("b", "CN", 2), Verdict("a", "IR", 1)}));
  const auto rows =
      store_->ReadCells("CN", TestTime() + absl::Hours(1), TestTime() + absl::Hours(2));
  ASSERT_OK(rows.status());
  ASSERT_EQ(rows->size(), 1u);
  const VerdictRecord sent = Verdict("a", "CN", 1);
  EXPECT_EQ(rows->front().target_id, sent.target_id);
  EXPECT_EQ(rows->front().country, sent.country);
  EXPECT_EQ(rows->front().window_start, sent.window_start);
  EXPECT_EQ(rows->front().window_length, sent.window_length);
  EXPECT_EQ(rows->front().ruleset_version, sent.ruleset_version);
  EXPECT_EQ(rows->front().cells, sent.cells);
  EXPECT_EQ(rows->front().verdict, "");
}

EventRecord TestEvent(const std::string& id, const std::string& country, absl::Time onset,
                      absl::Time end) {
  return {id, absl::StrCat("target of ", id), country, onset, end, EveryByte() + id};
}

std::vector<std::string> IdsOf(const absl::StatusOr<std::vector<EventRecord>>& events) {
  EXPECT_TRUE(events.ok()) << events.status();
  std::vector<std::string> ids;
  for (const EventRecord& event : *events) ids.push_back(event.event_id);
  return ids;
}

TEST_P(StoreFoldTest, EventsAreThoseThatOverlapInOrderOfOnset) {
  const LeaseRecord lease = Take("n1");
  const auto hour = [](int i) { return TestTime() + absl::Hours(i); };
  const std::vector<EventRecord> events = {
      TestEvent("b", "CN", hour(2), absl::InfiniteFuture()),
      TestEvent("z", "CN", hour(1), hour(3)),
      TestEvent("a", "CN", hour(2), hour(5)),
      TestEvent("x", "IR", hour(2), hour(5)),
  };
  ASSERT_OK(store_->WriteFold("fold", lease, {.events = events}));
  const auto ids = [&](absl::Time from, absl::Time until) {
    return IdsOf(Open()->ReadEvents("CN", from, until));
  };
  EXPECT_THAT(ids(absl::InfinitePast(), absl::InfiniteFuture()), ElementsAre("z", "a", "b"));
  EXPECT_THAT(ids(hour(1), hour(2)), ElementsAre("z"));
  EXPECT_THAT(ids(hour(3), hour(4)), ElementsAre("a", "b")) << "z is over";
  EXPECT_THAT(ids(hour(4), hour(999)), ElementsAre("a", "b"));
  EXPECT_THAT(ids(hour(5), hour(6)), ElementsAre("b"));
  EXPECT_THAT(ids(hour(0), hour(1)), ElementsAre()) << "z has not begun";
  const auto read = store_->ReadEvents("CN", hour(5), hour(6));
  EXPECT_EQ(read->front().target_id, events[0].target_id);
  EXPECT_EQ(read->front().country, "CN");
  EXPECT_EQ(read->front().onset, hour(2));
  EXPECT_EQ(read->front().end, absl::InfiniteFuture());
  EXPECT_EQ(read->front().event, events[0].event);
}

TEST_P(StoreFoldTest, EventOfTheSameNameReplacesTheOneBefore) {
  const LeaseRecord lease = Take("n1");
  std::vector<EventRecord> events = {TestEvent("a", "CN", TestTime(), absl::InfiniteFuture()),
                                     TestEvent("b", "CN", TestTime(), absl::InfiniteFuture())};
  ASSERT_OK(store_->WriteFold("fold", lease, {.events = events}));
  events = {TestEvent("a", "CN", TestTime() + absl::Hours(1), TestTime() + absl::Hours(2))};
  events[0].event = "amended";
  ASSERT_OK(store_->WriteFold("fold", lease, {.events = events}));
  const auto read = Value(store_->ReadEvents("CN", TestTime(), absl::InfiniteFuture()));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].event_id, "b");
  EXPECT_EQ(read[1].onset, events[0].onset);
  EXPECT_EQ(read[1].end, events[0].end);
  EXPECT_EQ(read[1].event, "amended");
}

TEST_P(StoreFoldTest, TimelinesComeBackByTargetAndReplaceEachOther) {
  EXPECT_TRUE(Value(store_->ReadTimelines("CN")).empty());
  const LeaseRecord lease = Take("n1");
  std::vector<TimelineRecord> timelines = {{"b", "CN", TestTime(), EveryByte()},
                                           {"a", "CN", TestTime(), ""},
                                           {"a", "IR", TestTime(), "of Iran"},
                                           {"", "CN", TestTime(), "how far"}};
  ASSERT_OK(store_->WriteFold("fold", lease, {.timelines = timelines}));
  timelines = {{"a", "CN", TestTime() + absl::Hours(1), "next"}};
  ASSERT_OK(store_->WriteFold("fold", lease, {.timelines = timelines}));
  const auto read = Value(Open()->ReadTimelines("CN"));
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].target_id, "");
  EXPECT_EQ(read[0].timeline, "how far");
  EXPECT_EQ(read[1].target_id, "a");
  EXPECT_EQ(read[1].window_start, TestTime() + absl::Hours(1));
  EXPECT_EQ(read[1].timeline, "next");
  EXPECT_EQ(read[2].country, "CN");
  EXPECT_EQ(read[2].timeline, EveryByte());
}

TEST_P(StoreFoldTest, CheckpointKeepsWhatDidNotChangeAndForgetsWhatIsOld) {
  EXPECT_TRUE(store_->ReadCheckpoint()->positions.empty());
  const LeaseRecord lease = Take("n1");
  FoldCheckpoint first;
  first.positions = {{"n1", 10}, {"n2", 20}};
  first.windows = {{TestTime(), "w0"}, {TestTime() + absl::Hours(1), EveryByte()}};
  ASSERT_OK(Write(lease, {}, &first));
  FoldCheckpoint second;
  second.positions = {{"n2", 21}};
  second.windows = {{TestTime() + absl::Hours(2), "w2"}};
  second.keep_from = TestTime() + absl::Hours(1);
  ASSERT_OK(Write(lease, {}, &second));
  const auto read = Open()->ReadCheckpoint();
  ASSERT_OK(read.status());
  EXPECT_THAT(read->positions, ElementsAre(Pair("n1", 10), Pair("n2", 21)));
  EXPECT_THAT(read->windows, ElementsAre(Pair(TestTime() + absl::Hours(1), EveryByte()),
                                         Pair(TestTime() + absl::Hours(2), "w2")));
}

TEST_P(StoreFoldTest, LeaderWhoLostItsLeaseWritesNothing) {
  const LeaseRecord stale = Take("n1");
  ASSERT_TRUE(*store_->MoveLease("fold", stale, {"n2", 2, 1}));
  FoldCheckpoint checkpoint;
  checkpoint.positions = {{"n1", 10}};
  const std::vector<EventRecord> events = {
      TestEvent("a", "CN", TestTime(), absl::InfiniteFuture())};
  const std::vector<TimelineRecord> timelines = {{"a", "CN", TestTime(), "bytes"}};
  EXPECT_EQ(CodeOf(store_->WriteFold("fold", stale, {.events = events, .timelines = timelines})),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Value(store_->ReadEvents("CN", TestTime(), absl::InfiniteFuture())).empty());
  EXPECT_TRUE(Value(store_->ReadTimelines("CN")).empty());
  for (const LeaseRecord& held :
       {stale, LeaseRecord{"n2", 1, 1}, LeaseRecord{"n1", 2, 1}, LeaseRecord{"n3", 3, 1}}) {
    EXPECT_EQ(CodeOf(Write(held, {Verdict("a", "CN", 1)}, &checkpoint)),
              absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_EQ(CodeOf(store_->WriteFold("other", stale, {.checkpoint = &checkpoint})),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(All("CN").empty());
  EXPECT_TRUE(store_->ReadCheckpoint()->positions.empty());
  // The beat moves while somebody writes: it is no part of what is checked.
  EXPECT_TRUE(Write({"n2", 2, 77}, {Verdict("a", "CN", 1)}, &checkpoint).ok());
}

// Leaders come and go; each writes what only its own term could have written.
TEST_P(StoreFoldTest, WritesOfTwoLeadersNeverMix) {
  LeaseRecord lease = Take("n1");
  std::thread taker([&] {
    const auto other = Open();
    LeaseRecord seen = *other->ReadLease("fold");
    for (uint64_t term = 2; term <= 20; ++term) {
      const LeaseRecord next = {term % 2 == 0 ? "n2" : "n1", term, 1};
      EXPECT_TRUE(*other->MoveLease("fold", seen, next));
      seen = next;
    }
  });
  int refused = 0;
  bool was_refused = false;
  while (!was_refused) {
    const absl::Status status = Write(lease, {Verdict("a", "CN", 1), Verdict("b", "CN", 1)});
    was_refused = absl::IsFailedPrecondition(status);
    EXPECT_TRUE(status.ok() || was_refused || absl::IsAborted(status)) << status;
    refused += was_refused ? 1 : 0;
  }
  taker.join();
  EXPECT_EQ(CodeOf(store_->WriteFold("fold", lease, {})), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->ReadLease("fold")->term, 20u);
}

}  // namespace
}  // namespace sightline
