#include "collector/told_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/cells_world.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int kNever = -1;

v1::Event Opening(const std::string& region, int onset, int detect, int end = kNever) {
  v1::Event event;
  event.set_region(region);
  event.set_kind(v1::EVENT_KIND_OPENING);
  *event.mutable_onset_time() = ToProto(CellTime(onset));
  *event.mutable_detect_time() = ToProto(CellTime(detect));
  event.set_end(end == kNever ? v1::EVENT_END_ONGOING : v1::EVENT_END_REVERSED);
  if (end != kNever) *event.mutable_end_time() = ToProto(CellTime(end));
  event.set_lasts_probability(end == kNever ? 0.5 : 0);
  return event;
}

class ToldEventsTest : public testing::Test {
 protected:
  ToldEventsTest() {
    facts_.target_id = "whatsapp";
    facts_.country = "CN";
    facts_.goes_on = true;
    facts_.told_until = CellTime(20);
    facts_.amend_time = CellTime(30);
  }

  // Tells `now`, of new windows alone.
  void Tell(std::vector<v1::Event> now) {
    facts_.now = std::move(now);
    facts_.then.reset();
    facts_.told = Retell(facts_);
  }
  // Tells `now`, where late data say `then` of the windows that had been told.
  void TellLate(std::vector<v1::Event> then, std::vector<v1::Event> now) {
    facts_.now = std::move(now);
    facts_.then = std::move(then);
    facts_.changed_window = CellTime(4);
    facts_.told = Retell(facts_);
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const v1::Event& event : facts_.told) names.push_back(event.event_id());
    return names;
  }
  std::vector<std::string> Amendments(size_t i = 0) const {
    std::vector<std::string> texts;
    for (const v1::EventAmendment& each : facts_.told.at(i).amendments()) {
      EXPECT_EQ(FromProto(each.amend_time()), CellTime(30));
      EXPECT_EQ(FromProto(each.window_start_time()), CellTime(4));
      texts.push_back(each.text());
    }
    return texts;
  }

  Retelling facts_;
};

TEST_F(ToldEventsTest, NameSaysTargetPlaceKindAndOnset) {
  v1::Event closing = Opening("", 3, 6);
  closing.set_asn(4134);
  closing.set_kind(v1::EVENT_KIND_CLOSING);
  Tell({Opening("CN-BJ", 1, 3), closing});
  EXPECT_THAT(Names(), ElementsAre("whatsapp.CN-BJ.opening.20240406T010000Z",
                                   "whatsapp.CN.AS4134.closing.20240406T030000Z"));
  EXPECT_EQ(facts_.told[0].target_id(), "whatsapp");
  EXPECT_EQ(facts_.told[0].country(), "CN");
  EXPECT_THAT(Amendments(), IsEmpty());
}

TEST_F(ToldEventsTest, ProgressIsNoAmendment) {
  Tell({Opening("CN-BJ", 1, 3)});
  v1::Event longer = Opening("CN-BJ", 1, 3);
  longer.set_windows_observed(9);
  *longer.mutable_sustained_time() = ToProto(CellTime(73));
  Tell({longer});
  longer.set_end(v1::EVENT_END_REVERSED);
  *longer.mutable_end_time() = ToProto(CellTime(90));
  Tell({longer});
  EXPECT_THAT(Names(), ElementsAre("whatsapp.CN-BJ.opening.20240406T010000Z"));
  EXPECT_TRUE(SameContent(facts_.told[0], longer));
  EXPECT_THAT(Amendments(), IsEmpty());
}

TEST_F(ToldEventsTest, LateDataThatSayTheSameAmendNothing) {
  Tell({Opening("CN-BJ", 1, 3)});
  v1::Event ended = Opening("CN-BJ", 1, 3, 25);
  TellLate({Opening("CN-BJ", 1, 3)}, {ended});
  EXPECT_THAT(Amendments(), IsEmpty()) << "it ended after what had been told";
  EXPECT_TRUE(SameContent(facts_.told[0], ended));
}

TEST_F(ToldEventsTest, AnotherOnsetKeepsTheNameAndSaysWhatHadBeenSaid) {
  Tell({Opening("CN-BJ", 5, 7)});
  TellLate({Opening("CN-BJ", 4, 6)}, {Opening("CN-BJ", 4, 6)});
  EXPECT_THAT(Names(), ElementsAre("whatsapp.CN-BJ.opening.20240406T050000Z"));
  EXPECT_EQ(FromProto(facts_.told[0].onset_time()), CellTime(4));
  EXPECT_THAT(Amendments(),
              ElementsAre("it was said to have begun at 6 April 2024, 05:00 UTC and to be known "
                          "since 6 April 2024, 07:00 UTC."));
}

TEST_F(ToldEventsTest, AnEndThatWasNoneAndOneThatWasMissed) {
  Tell({Opening("CN-BJ", 1, 3, 8)});
  TellLate({Opening("CN-BJ", 1, 3)}, {Opening("CN-BJ", 1, 3)});
  EXPECT_FALSE(facts_.told[0].has_end_time());
  TellLate({Opening("CN-BJ", 1, 3, 6)}, {Opening("CN-BJ", 1, 3, 6)});
  EXPECT_THAT(Amendments(), ElementsAre("it was said to have ended at 6 April 2024, 08:00 UTC.",
                                        "it was said to go on."));
}

TEST_F(ToldEventsTest, WhatWasNotSustainedAfterAllSaysSo) {
  v1::Event sustained = Opening("CN-BJ", 1, 3);
  *sustained.mutable_sustained_time() = ToProto(CellTime(73));
  Tell({sustained});
  TellLate({Opening("CN-BJ", 1, 3)}, {Opening("CN-BJ", 1, 3)});
  TellLate({sustained}, {sustained});
  EXPECT_THAT(Amendments(),
              ElementsAre("it was said to be sustained since 9 April 2024, 01:00 UTC.",
                          "it was said not to be sustained."));
}

TEST_F(ToldEventsTest, WhatNeverWasIsWithdrawnAndComesBackUnderItsName) {
  Tell({Opening("CN-BJ", 1, 3), Opening("CN-SH", 1, 3)});
  TellLate({Opening("CN-SH", 1, 3)}, {Opening("CN-SH", 1, 3)});
  ASSERT_EQ(facts_.told.size(), 2U);
  EXPECT_EQ(Brief(facts_.told[0]),
            "whatsapp.CN-BJ.opening.20240406T010000Z OPENING 1..20 WITHDRAWN UNSPECIFIED");
  EXPECT_EQ(facts_.told[0].lasts_probability(), 0);
  EXPECT_EQ(ToRecord(facts_.told[0]).end, CellTime(20));
  EXPECT_THAT(Amendments(1), IsEmpty());
  Tell({Opening("CN-SH", 1, 3)});
  EXPECT_EQ(facts_.told[0].amendments_size(), 1) << "once is enough";
  TellLate({Opening("CN-BJ", 2, 4), Opening("CN-SH", 1, 3)},
           {Opening("CN-BJ", 2, 4), Opening("CN-SH", 1, 3)});
  EXPECT_EQ(Brief(facts_.told[1]),
            "whatsapp.CN-BJ.opening.20240406T010000Z OPENING 2.. ONGOING UNSPECIFIED");
  EXPECT_THAT(Amendments(1),
              ElementsAre("late reports show that it never was.", "it had been withdrawn."));
}

TEST_F(ToldEventsTest, WhatLateDataShowOfThePastSaysThatItIsNew) {
  Tell({});
  TellLate({Opening("CN-BJ", 4, 6, 9)}, {Opening("CN-BJ", 4, 6, 9), Opening("CN-SH", 18, 21)});
  EXPECT_THAT(Amendments(0), ElementsAre("it was not known before; late reports show it."));
  EXPECT_THAT(Amendments(1), IsEmpty()) << "it is known of new windows";
  facts_.told.clear();
  facts_.goes_on = false;
  TellLate({Opening("CN-BJ", 4, 6, 9)}, {Opening("CN-BJ", 4, 6, 9)});
  EXPECT_THAT(Amendments(0), IsEmpty()) << "nobody told this history before";
}

TEST_F(ToldEventsTest, EvidenceThatSufficesOnlyNowMovesWhenItWasKnown) {
  Tell({Opening("CN-BJ", 4, 6)});
  TellLate({}, {Opening("CN-BJ", 4, 21)});
  EXPECT_THAT(Amendments(), ElementsAre("it was said to be known since 6 April 2024, 06:00 UTC."));
  EXPECT_EQ(FromProto(facts_.told[0].detect_time()), CellTime(21));
}

TEST_F(ToldEventsTest, OfTwoPartsTheLongerOneIsTheSame) {
  Tell({Opening("CN-BJ", 3, 5, 18)});
  const std::vector<v1::Event> parts = {Opening("CN-BJ", 3, 5, 6), Opening("CN-BJ", 9, 11, 18)};
  TellLate(parts, parts);
  EXPECT_THAT(Names(), ElementsAre("whatsapp.CN-BJ.opening.20240406T030000Z.2",
                                   "whatsapp.CN-BJ.opening.20240406T030000Z"))
      << "the name of the other is taken";
}

TEST_F(ToldEventsTest, NamesOfOldEventsAreNotGivenAgain) {
  facts_.names_taken = {"whatsapp.CN-BJ.opening.20240406T010000Z"};
  Tell({Opening("CN-BJ", 1, 3)});
  EXPECT_THAT(Names(), ElementsAre("whatsapp.CN-BJ.opening.20240406T010000Z.2"));
}

TEST_F(ToldEventsTest, AnEventOfAnotherPlaceOrKindIsAnother) {
  Tell({Opening("CN-BJ", 1, 3)});
  v1::Event closing = Opening("CN-BJ", 1, 3);
  closing.set_kind(v1::EVENT_KIND_CLOSING);
  v1::Event network = Opening("", 1, 3);
  network.set_asn(4134);
  TellLate({}, {closing, network, Opening("CN-SH", 1, 3)});
  EXPECT_EQ(facts_.told.size(), 4U);
}

TEST_F(ToldEventsTest, WhatWentOnUnderOtherRulesIsLostFromSightAndNotWithdrawn) {
  facts_.goes_on = false;
  Tell({Opening("CN-BJ", 1, 3), Opening("CN-SH", 2, 4, 9), Opening("CN-TJ", 12, 14)});
  facts_.begin = CellTime(10);
  TellLate({}, {});
  EXPECT_EQ(Brief(facts_.told[0]),
            "whatsapp.CN-BJ.opening.20240406T010000Z OPENING 1..10 LOST_SIGHT UNSPECIFIED");
  EXPECT_EQ(facts_.told[1].end(), v1::EVENT_END_REVERSED) << "over before that: as it was";
  EXPECT_EQ(facts_.told[1].amendments_size(), 0);
  EXPECT_EQ(facts_.told[2].end(), v1::EVENT_END_WITHDRAWN) << "seen by these rules, and not found";
}

TEST_F(ToldEventsTest, AmendmentsAreBoundedAndTheFirstStays) {
  Tell({Opening("CN-BJ", 5, 7)});
  for (int i = 0; i < 2 * kAmendmentsKept; ++i) {
    const std::vector<v1::Event> events = {Opening("CN-BJ", i % 2 == 0 ? 4 : 5, 7)};
    TellLate(events, events);
  }
  EXPECT_EQ(facts_.told[0].amendments_size(), kAmendmentsKept);
  EXPECT_EQ(Amendments().front(), "it was said to have begun at 6 April 2024, 05:00 UTC.");
}

}  // namespace
}  // namespace sightline
