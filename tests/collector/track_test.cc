#include "collector/track.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/collector/cells_world.h"

namespace sightline {
namespace {

using testing::ElementsAre;

// Cells by hour: two regions that open and close at random, and silent hours now and then, days of
// them too.
std::map<int, std::string> RandomHistory(std::mt19937& random, int hours) {
  std::map<int, std::string> history;
  OpenShare shares = {{"CN-BJ", 0.05}, {"CN-SH", 0.05}};
  int silent_until = 0;
  for (int i = 0; i < hours; ++i) {
    if (random() % 30 == 0) shares["CN-BJ"] = shares["CN-BJ"] > 0.5 ? 0.05 : 0.8;
    if (random() % 60 == 0) shares["CN-SH"] = shares["CN-SH"] > 0.5 ? 0.05 : 0.8;
    if (random() % 200 == 0) silent_until = i + static_cast<int>(random() % 120);
    if (i < silent_until || random() % 10 == 0) continue;
    history[i] = CellsOf(shares);
  }
  return history;
}

internal::v1::Cells Parsed(const std::string& bytes) {
  internal::v1::Cells cells;
  EXPECT_TRUE(cells.ParseFromString(bytes));
  return cells;
}

// Straight from the first window to `until`, with every silent one.
TrackState Straight(const std::map<int, std::string>& history, int until) {
  TrackState state{Timeline(kCellHour), {}};
  for (int i = 0; i <= until; ++i) {
    const auto found = history.find(i);
    state.timeline.Step(CellTime(i), Parsed(found == history.end() ? "" : found->second));
    for (v1::Event& event : state.timeline.TakeEnded()) state.ended.push_back(event);
  }
  return state;
}

std::vector<std::string> BytesOf(const std::vector<v1::Event>& events) {
  std::vector<std::string> bytes;
  for (const v1::Event& event : events) bytes.push_back(event.SerializeAsString());
  return bytes;
}

void ExpectSame(const TrackState& one, const TrackState& other) {
  EXPECT_EQ(BytesOf(one.Events()), BytesOf(other.Events()));
  EXPECT_EQ(one.timeline.Serialize(), other.timeline.Serialize());
}

TEST(TrackTest, SilentWindowsAreTheSameWhetherTheyAreNamedOrNot) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::map<int, std::string> history = RandomHistory(random, 1500);
  Timeline sparse(kCellHour);
  size_t ended = 0;
  for (const auto& [hour, cells] : history) {
    sparse.Step(CellTime(hour), Parsed(cells));
    ended += sparse.TakeEnded().size();
  }
  const TrackState dense = Straight(history, history.rbegin()->first);
  EXPECT_EQ(sparse.Serialize(), dense.timeline.Serialize());
  EXPECT_EQ(ended, dense.ended.size());
  EXPECT_GT(ended, 3U) << "the history must be worth the name";
}

TEST(TrackTest, WindowsMayComeInAnyOrderAndChange) {
  for (int run = 0; run < 5; ++run) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const std::map<int, std::string> history = RandomHistory(random, 200);
    std::vector<int> hours;
    for (const auto& [hour, cells] : history) hours.push_back(hour);
    std::shuffle(hours.begin(), hours.end(), random);
    Track track{Timeline(kCellHour)};
    for (const int hour : hours) {
      // First something else, looked at now and then, so that there are states to be thrown away.
      if (random() % 3 == 0) track.Put(CellTime(hour), CellsOf({{"CN-BJ", 0.5}}));
      if (random() % 8 == 0) track.At(CellTime(static_cast<int>(random() % 200)));
      EXPECT_TRUE(track.Put(CellTime(hour), history.at(hour)));
      EXPECT_FALSE(track.Put(CellTime(hour), history.at(hour)));
    }
    for (const int until : {150, 199, 20, 199}) {
      ExpectSame(track.At(CellTime(until)), Straight(history, until));
    }
  }
}

TEST(TrackTest, TheBaseMovesOnWithoutATrace) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::map<int, std::string> history = RandomHistory(random, 800);
  Track track{Timeline(kCellHour)};
  std::vector<v1::Event> ended;
  for (int i = 0; i < 800; ++i) {
    const auto found = history.find(i);
    if (found != history.end()) track.Put(CellTime(i), found->second);
    if (i < 75) continue;
    if (random() % 7 == 0) track.At(CellTime(i));
    const TrackState base = track.At(CellTime(i - 75 + static_cast<int>(random() % 3)));
    if (base.timeline.last() <= track.base().last()) continue;
    ended.insert(ended.end(), base.ended.begin(), base.ended.end());
    track.MoveBase(base);
    // As after a restart.
    if (random() % 20 == 0) {
      Track again{*Timeline::Parse(track.base().Serialize(), kCellHour)};
      for (int k = i - 75; k <= i; ++k) {
        if (history.contains(k)) again.Put(CellTime(k), history.at(k));
      }
      track = again;
    }
  }
  EXPECT_FALSE(track.Put(CellTime(700), CellsOf({{"CN-BJ", 0.5}}))) << "it is final";
  TrackState last = track.At(CellTime(799));
  last.ended.insert(last.ended.begin(), ended.begin(), ended.end());
  ExpectSame(last, Straight(history, 799));
}

TEST(TrackTest, AWindowThatIsSilentAgainLeavesNothing) {
  Track track{Timeline(kCellHour)};
  EXPECT_FALSE(track.Put(CellTime(0), ""));
  EXPECT_TRUE(track.Put(CellTime(0), CellsOf({{"CN-BJ", 0}})));
  EXPECT_TRUE(track.Put(CellTime(0), ""));
  EXPECT_FALSE(track.first().has_value());
  ExpectSame(track.At(CellTime(3)), Straight({}, 3));
}

}  // namespace
}  // namespace sightline
