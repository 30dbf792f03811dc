#include "collector/chronicle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "collector/notes.h"
#include "tests/collector/said_world.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

v1::GetTimelineRequest Ask(int from, int until) {
  v1::GetTimelineRequest request;
  request.set_country("CN");
  request.set_target_id("whatsapp");
  *request.mutable_start_time() = ToProto(CellTime(from));
  *request.mutable_end_time() = ToProto(CellTime(until));
  return request;
}

class ChronicleTest : public testing::Test {
 protected:
  void Refresh() { ASSERT_TRUE(chronicle_.Refresh(world_.plan).ok()); }

  std::vector<int> Scopes(int from, int until) {
    const auto read = chronicle_.Timeline(Ask(from, until));
    EXPECT_TRUE(read.ok()) << read.status();
    if (!read.ok()) return {};
    return {read->scopes().begin(), read->scopes().end()};
  }

  SaidWorld world_;
  Chronicle chronicle_{world_.store, {.columns_kept = absl::Hours(10), .changes_kept = 3}};
};

TEST_F(ChronicleTest, BeforeItWasReadNothingIsSaid) {
  EXPECT_TRUE(absl::IsUnavailable(chronicle_.Timeline(Ask(0, 1)).status()));
  EXPECT_TRUE(absl::IsUnavailable(chronicle_.EventsOf("CN").status()));
  EXPECT_EQ(chronicle_.Version("CN"), 0u);
  Refresh();
  EXPECT_TRUE(absl::IsUnavailable(chronicle_.Timeline(Ask(0, 1)).status())) << "no window yet";
  EXPECT_EQ(*chronicle_.NewestChange("CN"), 0);
}

TEST_F(ChronicleTest, NewAndRewrittenWindowsAreSeen) {
  world_.Say(0, false);
  Refresh();
  const uint64_t version = chronicle_.Version("CN");
  Refresh();
  EXPECT_EQ(chronicle_.Version("CN"), version) << "nothing is new";
  world_.Say(1, true);
  world_.Say(2, true);
  Refresh();
  EXPECT_GT(chronicle_.Version("CN"), version);
  EXPECT_THAT(Scopes(0, 4), ElementsAre(v1::SCOPE_NOWHERE, v1::SCOPE_LOCAL, v1::SCOPE_LOCAL, 0));
  world_.Say(1, false);  // late reports
  Refresh();
  EXPECT_THAT(Scopes(0, 3), ElementsAre(v1::SCOPE_NOWHERE, v1::SCOPE_NOWHERE, v1::SCOPE_LOCAL));
}

TEST_F(ChronicleTest, TheSameComesFromTheStore) {
  for (int hour = 0; hour < 8; ++hour) world_.Say(hour, hour % 3 == 0);
  Refresh();
  v1::GetTimelineRequest request = Ask(-2, 9);
  *request.mutable_step() = ToProto(absl::Hours(2));
  const auto range = chronicle_.RangeOf(request);
  ASSERT_TRUE(range.ok());
  const auto stored = StoredTimeline(world_.store, request, *range, kCellHour);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->SerializeAsString(), chronicle_.Timeline(request)->SerializeAsString());
  EXPECT_EQ(stored->regions_size(), 2);
}

TEST_F(ChronicleTest, ItForgetsWhatIsTooOldAndSaysSo) {
  for (int hour = 0; hour < 5; ++hour) world_.Say(hour, true);
  Refresh();
  EXPECT_TRUE(chronicle_.ReachOf("CN")->has_all);
  for (int hour = 5; hour < 30; ++hour) world_.Say(hour, true);
  Refresh();
  const auto reach = *chronicle_.ReachOf("CN");
  EXPECT_FALSE(reach.has_all);
  EXPECT_EQ(reach.kept_from, CellTime(19));
  EXPECT_EQ(Scopes(18, 21), (std::vector<int>{0, v1::SCOPE_LOCAL, v1::SCOPE_LOCAL}));
  Chronicle late(world_.store, {.columns_kept = absl::Hours(10)});
  ASSERT_TRUE(late.Refresh(world_.plan).ok());
  EXPECT_FALSE(late.ReachOf("CN")->has_all);
  EXPECT_EQ(late.Timeline(Ask(18, 30))->SerializeAsString(),
            chronicle_.Timeline(Ask(18, 30))->SerializeAsString());
}

TEST_F(ChronicleTest, OnlyTheNewestChangesAreInMemory) {
  for (int hour = 0; hour < 6; ++hour) world_.Say(hour, hour % 2 == 1);
  Refresh();
  const int64_t newest = *chronicle_.NewestChange("CN");
  EXPECT_EQ(newest, 7) << "two first statements, and five turns of whatsapp";
  const auto changes = chronicle_.Changes("CN", newest - 2, 10);
  ASSERT_TRUE(changes.ok());
  EXPECT_THAT(*changes, SizeIs(2));
  EXPECT_EQ(changes->back().change_seq(), newest);
  EXPECT_THAT(*chronicle_.Changes("CN", newest - 3, 1), SizeIs(1));
  EXPECT_THAT(*chronicle_.Changes("CN", newest, 10), IsEmpty());
  EXPECT_TRUE(absl::IsOutOfRange(chronicle_.Changes("CN", newest - 4, 10).status()));
}

TEST_F(ChronicleTest, NotesAreSeenWhenTheyComeAndGo) {
  world_.Say(0, true);
  Refresh();
  v1::CreateAnnotationRequest request;
  request.mutable_annotation()->set_country("CN");
  request.mutable_annotation()->set_text("removed from the App Store");
  *request.mutable_annotation()->mutable_time() = ToProto(CellTime(0));
  const auto note = CreateAnnotation(world_.store, world_.plan, request, CellTime(1));
  ASSERT_TRUE(note.ok()) << note.status();
  Refresh();
  EXPECT_THAT(**chronicle_.AnnotationsOf("CN"), SizeIs(1));
  v1::DeleteAnnotationRequest gone;
  gone.set_country("CN");
  gone.set_annotation_id(note->annotation_id());
  ASSERT_TRUE(DeleteAnnotation(world_.store, gone).ok());
  Refresh();
  EXPECT_THAT(**chronicle_.AnnotationsOf("CN"), IsEmpty());
}

TEST_F(ChronicleTest, WindowsOfAnotherLengthBeginAnew) {
  world_.Say(0, true);
  Refresh();
  VerdictRecord row = CellRow("whatsapp", 1, CellsOf({{"CN-BJ", 0}}));
  row.window_length = absl::Minutes(30);
  row.verdict = SaidWorld::Verdict("whatsapp", false).SerializeAsString();
  const std::vector<VerdictRecord> rows = {row};
  ASSERT_TRUE(world_.store.WriteFold("fold", world_.lease, {.verdicts = rows}).ok());
  Refresh();
  EXPECT_EQ(chronicle_.ReachOf("CN")->window_length, absl::Minutes(30));
  EXPECT_THAT(Scopes(0, 2), ElementsAre(0, 0, v1::SCOPE_NOWHERE, 0));
}

TEST_F(ChronicleTest, AStoreThatFailsIsAskedAgain) {
  world_.Say(0, true);
  world_.store.FailWith(absl::UnavailableError("gone"));
  EXPECT_FALSE(chronicle_.Refresh(world_.plan).ok());
  world_.store.FailWith(absl::OkStatus());
  Refresh();
  EXPECT_THAT(Scopes(0, 1), ElementsAre(v1::SCOPE_LOCAL));
}

}  // namespace
}  // namespace sightline
