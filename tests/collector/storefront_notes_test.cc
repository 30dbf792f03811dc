// Notes that a fold leader makes of what controls saw in app stores.
#include "collector/storefront_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/fold_fixture.h"
#include "tests/common/test_storefront.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kGrace = absl::Minutes(6);

v1::Plan StorePlan() {
  v1::Plan plan = SixCityPlan();
  plan.mutable_targets(0)->set_display_name("WhatsApp");
  AddStorefront(plan, "whatsapp");
  return plan;
}

class StorefrontNotesTest : public testing::Test {
 protected:
  StorefrontNotesTest() {
    world_.Join("CN-BJ", 4134);
    for (int i = 0; i < 3; ++i) world_.Join("DE", 3320, v1::AGENT_ROLE_CONTROL);
    log_.Enroll();
    log_.PublishPlan();
  }

  static absl::Time Hour(int i) { return kTestNow + i * kHour; }
  // A round of everybody in the hour `i`, in which everybody, volunteers too, says so of the store.
  void Round(int i, v1::Listing listing, v1::LayerState app = v1::LAYER_STATE_OK) {
    const size_t begin = world_.entries.size();
    world_.Round(Hour(i), NormalSight);
    for (size_t entry = begin; entry < world_.entries.size(); ++entry) {
      v1::Batch& batch = world_.entries[entry].batch;
      v1::Observation& observation = *batch.add_observations();
      observation.set_check_id("whatsapp-app-store");
      observation.mutable_layers()->set_app(app);
      observation.set_listing(listing);
      world_.entries[entry].record.batch = batch.SerializeAsString();
    }
    log_.Append({"n1"});
  }
  // Folds up to the end of the hour `i`.
  void Settle(int i) { ASSERT_TRUE(site_.Settle(Hour(i + 1) + kGrace).ok()); }

  std::vector<v1::Annotation> Notes() {
    std::vector<v1::Annotation> notes;
    const auto records = site_.store.ReadAnnotations("CN");
    EXPECT_TRUE(records.ok()) << records.status();
    for (const AnnotationRecord& record : *records) {
      EXPECT_TRUE(notes.emplace_back().ParseFromString(record.annotation));
    }
    return notes;
  }
  std::vector<std::string> Texts() {
    std::vector<std::string> texts;
    for (const v1::Annotation& note : Notes()) texts.push_back(note.text());
    return texts;
  }

  World world_{StorePlan()};
  FoldSite site_;
  WorldLog log_{world_, site_.store};
};

TEST_F(StorefrontNotesTest, AnAppThatLeavesTheStoreIsANote) {
  ASSERT_TRUE(site_.Start().ok());
  for (int i = 0; i < 3; ++i) Round(i, v1::LISTING_PRESENT);
  Settle(2);
  EXPECT_THAT(Texts(), ElementsAre("WhatsApp is in the App Store of CN, when first looked up"));
  Round(3, v1::LISTING_ABSENT);
  Settle(3);
  EXPECT_EQ(Notes().size(), 1u) << "one window could be a slip of the store's";
  Round(4, v1::LISTING_ABSENT);
  Settle(4);
  ASSERT_EQ(Notes().size(), 2u);
  const v1::Annotation note = Notes()[1];
  EXPECT_EQ(note.text(), "WhatsApp is no longer in the App Store of CN");
  EXPECT_EQ(note.annotation_id(), "storefront.whatsapp.app-store.absent.20240406T030000Z");
  EXPECT_EQ(note.country(), "CN");
  EXPECT_EQ(note.target_id(), "whatsapp");
  EXPECT_EQ(FromProto(note.time()), Hour(3));
  EXPECT_EQ(FromProto(note.create_time()), Hour(5));
  EXPECT_EQ(note.source(), v1::ANNOTATION_SOURCE_STOREFRONT);
  for (int i = 5; i < 7; ++i) Round(i, v1::LISTING_PRESENT);
  Settle(6);
  EXPECT_EQ(Texts().back(), "WhatsApp is back in the App Store of CN");
}

TEST_F(StorefrontNotesTest, AnotherLeaderKnowsWhatWasNoted) {
  ASSERT_TRUE(site_.Start().ok());
  for (int i = 0; i < 2; ++i) Round(i, v1::LISTING_PRESENT);
  Settle(1);
  ASSERT_EQ(Notes().size(), 1u);
  site_.Crash();
  for (int i = 2; i < 4; ++i) Round(i, v1::LISTING_ABSENT);
  ASSERT_TRUE(site_.Start().ok());
  Settle(3);
  EXPECT_THAT(Texts(), ElementsAre("WhatsApp is in the App Store of CN, when first looked up",
                                   "WhatsApp is no longer in the App Store of CN"));
}

TEST_F(StorefrontNotesTest, TheLogReadAgainGivesTheSameNotes) {
  for (int i = 0; i < 2; ++i) Round(i, v1::LISTING_PRESENT);
  for (int i = 2; i < 4; ++i) Round(i, v1::LISTING_ABSENT);
  for (int run = 0; run < 2; ++run) {
    ASSERT_TRUE(site_.Start().ok());
    Settle(3);
    EXPECT_THAT(Texts(), ElementsAre("WhatsApp is in the App Store of CN, when first looked up",
                                     "WhatsApp is no longer in the App Store of CN"));
    site_.Crash();
  }
}

TEST_F(StorefrontNotesTest, WithoutProofNothingIsSeen) {
  ASSERT_TRUE(site_.Start().ok());
  for (int i = 0; i < 3; ++i) Round(i, v1::LISTING_ABSENT, v1::LAYER_STATE_BLOCKED);
  for (int i = 3; i < 6; ++i) Round(i, v1::LISTING_UNSPECIFIED);
  Settle(5);
  EXPECT_THAT(Texts(), IsEmpty());
}

TEST_F(StorefrontNotesTest, VolunteersSeeNothingInStores) {
  World world(StorePlan());
  for (int i = 0; i < 4; ++i) world.Join("CN-BJ", 4134);
  world.Round(Hour(0), NormalSight);
  const RoundPlan plan(world.plan);
  for (Entry& entry : world.entries) {
    v1::Observation& observation = *entry.batch.add_observations();
    observation.set_check_id("whatsapp-app-store");
    observation.mutable_layers()->set_app(v1::LAYER_STATE_OK);
    observation.set_listing(v1::LISTING_ABSENT);
    EXPECT_THAT(MakeRound(entry.record, entry.batch, &plan, entry.agent).sightings, IsEmpty());
    entry.agent.role = v1::AGENT_ROLE_CONTROL;
    EXPECT_EQ(MakeRound(entry.record, entry.batch, &plan, entry.agent).sightings.size(), 1u);
  }
}

TEST_F(StorefrontNotesTest, WhatIsSeenInStoresChangesNoVerdict) {
  const auto rows = [&](bool stores) {
    World world(StorePlan());
    world.JoinSixCities();
    world.Round(Hour(0), NormalSight);
    for (Entry& entry : world.entries) {
      if (!stores) continue;
      v1::Observation& observation = *entry.batch.add_observations();
      observation.set_check_id("whatsapp-app-store");
      observation.mutable_layers()->set_app(v1::LAYER_STATE_BLOCKED);
      observation.set_listing(v1::LISTING_ABSENT);
    }
    return world.Summary().SerializeAsString();
  };
  EXPECT_EQ(rows(true), rows(false));
}

TEST_F(StorefrontNotesTest, ANoteThatTheStoreRefusedIsWrittenLater) {
  StorefrontNotes notes(site_.store, kHour);
  sightline::Round round;
  round.sightings.push_back({"CN", "whatsapp", "app-store", false});
  for (const char control : {'a', 'b'}) {
    round.agent_id = std::string(32, control);
    for (int i = 0; i < 2; ++i) {
      round.round_time = Hour(i);
      notes.Hear(round);
    }
  }
  ASSERT_TRUE(notes.Write(Hour(-1), world_.plan, {"CN"}).ok());
  site_.store.FailWith(absl::UnavailableError("away"));
  EXPECT_EQ(notes.Write(Hour(1), world_.plan, {"CN"}).code(), absl::StatusCode::kUnavailable);
  site_.store.FailWith(absl::OkStatus());
  EXPECT_TRUE(notes.Write(Hour(2), world_.plan, {"CN"}).ok());
  EXPECT_THAT(Texts(), ElementsAre("WhatsApp is not in the App Store of CN, when first looked up"));
}

}  // namespace
}  // namespace sightline
