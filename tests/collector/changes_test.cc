#include "collector/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/message.h"

namespace sightline {
namespace {

using internal::v1::Statement;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr v1::AccessState kOpen = v1::ACCESS_STATE_OPEN;
constexpr v1::AccessState kPartial = v1::ACCESS_STATE_PARTIAL;
constexpr v1::AccessState kBlocked = v1::ACCESS_STATE_BLOCKED;
constexpr v1::AccessState kUnknown = v1::ACCESS_STATE_UNKNOWN;
constexpr v1::AccessState kDisputed = v1::ACCESS_STATE_DISPUTED;

absl::Time Hour(int i) { return absl::FromUnixSeconds(1'712'361'600) + absl::Hours(i); }

// Beijing and Shanghai.
v1::TargetVerdict Verdict(v1::Scope scope, v1::AccessState beijing, v1::AccessState shanghai) {
  v1::TargetVerdict verdict;
  verdict.set_target_id("whatsapp");
  verdict.set_display_name("WhatsApp");
  verdict.set_scope(scope);
  verdict.set_service_state(v1::SERVICE_STATE_UP);
  const std::pair<const char*, v1::AccessState> regions[] = {{"Beijing", beijing},
                                                             {"Shanghai", shanghai}};
  for (const auto& [name, state] : regions) {
    v1::RegionAccess& region = *verdict.add_regions();
    region.set_region(name[0] == 'B' ? "CN-BJ" : "CN-SH");
    region.set_display_name(name);
    region.mutable_access()->set_state(state);
  }
  return verdict;
}

// Says one verdict after the other, an hour each.
class Speaker {
 public:
  std::optional<v1::Change> Say(const v1::TargetVerdict& verdict,
                                const std::vector<EventStep>& steps = {}) {
    const Statement* before = last_.has_value() ? &*last_ : nullptr;
    Statement now = StatementOf(verdict, Hour(hour_++), before);
    std::optional<v1::Change> change = ChangeBetween(before, now, verdict, steps);
    last_ = std::move(now);
    return change;
  }

 private:
  std::optional<Statement> last_;
  int hour_ = 0;
};

std::vector<std::string> Kinds(const std::optional<v1::Change>& change) {
  std::vector<std::string> kinds;
  if (!change.has_value()) return kinds;
  for (const int kind : change->kinds()) {
    kinds.push_back(ShortName(static_cast<v1::ChangeKind>(kind)));
  }
  return kinds;
}

v1::Event Opening(v1::EventDuration duration, v1::EventEnd end = v1::EVENT_END_ONGOING) {
  v1::Event event;
  event.set_event_id("whatsapp.CN-BJ.opening.20240406T000000Z");
  event.set_target_id("whatsapp");
  event.set_region("CN-BJ");
  event.set_kind(v1::EVENT_KIND_OPENING);
  *event.mutable_onset_time() = ToProto(Hour(0));
  event.set_end(end);
  event.set_duration(duration);
  return event;
}

TEST(ChangesTest, TheFirstStatementIsAChangeAndTheSameAgainIsNone) {
  Speaker speaker;
  const auto first = speaker.Say(Verdict(v1::SCOPE_NOWHERE, kBlocked, kBlocked));
  EXPECT_THAT(Kinds(first), ElementsAre("OTHER"));
  EXPECT_EQ(first->previous_scope(), v1::SCOPE_UNSPECIFIED);
  EXPECT_EQ(first->regions_size(), 2);
  EXPECT_EQ(first->text(), "WhatsApp: NOWHERE, open in 0 regions.");
  EXPECT_EQ(speaker.Say(Verdict(v1::SCOPE_NOWHERE, kBlocked, kBlocked)), std::nullopt);
}

TEST(ChangesTest, OpensWidensNarrowsAndCloses) {
  Speaker speaker;
  speaker.Say(Verdict(v1::SCOPE_NOWHERE, kBlocked, kBlocked));
  const auto opened = speaker.Say(Verdict(v1::SCOPE_LOCAL, kPartial, kBlocked));
  EXPECT_THAT(Kinds(opened), ElementsAre("OPENED"));
  EXPECT_EQ(opened->text(), "WhatsApp opened in Beijing.");
  EXPECT_EQ(opened->previous_scope(), v1::SCOPE_NOWHERE);
  EXPECT_EQ(FromProto(opened->window_start_time()), Hour(1));
  EXPECT_THAT(opened->open_regions(), ElementsAre("CN-BJ"));
  ASSERT_EQ(opened->regions_size(), 1);
  EXPECT_EQ(opened->regions(0).previous_state(), kBlocked);
  const auto widened = speaker.Say(Verdict(v1::SCOPE_WIDESPREAD, kPartial, kOpen));
  EXPECT_THAT(Kinds(widened), ElementsAre("WIDENED"));
  EXPECT_EQ(widened->text(), "WhatsApp opened in Shanghai as well; it is open in 2 regions.");
  const auto narrowed = speaker.Say(Verdict(v1::SCOPE_LOCAL, kBlocked, kOpen));
  EXPECT_THAT(Kinds(narrowed), ElementsAre("NARROWED"));
  EXPECT_EQ(narrowed->text(), "WhatsApp closed in Beijing; it is still open in 1 region.");
  const auto closed = speaker.Say(Verdict(v1::SCOPE_NOWHERE, kBlocked, kBlocked));
  EXPECT_THAT(Kinds(closed), ElementsAre("CLOSED"));
  EXPECT_THAT(closed->closed_regions(), ElementsAre("CN-SH"));
}

TEST(ChangesTest, ARegionMoreAndAnotherLessIsBoth) {
  Speaker speaker;
  speaker.Say(Verdict(v1::SCOPE_LOCAL, kOpen, kBlocked));
  const auto moved = speaker.Say(Verdict(v1::SCOPE_LOCAL, kBlocked, kOpen));
  EXPECT_THAT(Kinds(moved), ElementsAre("WIDENED", "NARROWED"));
}

TEST(ChangesTest, OpenToPartialIsNeitherWiderNorNarrower) {
  Speaker speaker;
  speaker.Say(Verdict(v1::SCOPE_LOCAL, kOpen, kBlocked));
  EXPECT_THAT(Kinds(speaker.Say(Verdict(v1::SCOPE_LOCAL, kPartial, kBlocked))),
              ElementsAre("OTHER"));
}

TEST(ChangesTest, AGapOfEvidenceNeitherClosesNorOpens) {
  Speaker speaker;
  speaker.Say(Verdict(v1::SCOPE_LOCAL, kOpen, kBlocked));
  EXPECT_THAT(Kinds(speaker.Say(Verdict(v1::SCOPE_UNDETERMINED, kUnknown, kUnknown))),
              ElementsAre("OTHER"));
  EXPECT_THAT(Kinds(speaker.Say(Verdict(v1::SCOPE_LOCAL, kOpen, kBlocked))), ElementsAre("OTHER"));
  speaker.Say(Verdict(v1::SCOPE_UNDETERMINED, kUnknown, kUnknown));
  const auto closed = speaker.Say(Verdict(v1::SCOPE_NOWHERE, kBlocked, kBlocked));
  EXPECT_THAT(Kinds(closed), ElementsAre("CLOSED"));
  EXPECT_THAT(closed->closed_regions(), ElementsAre("CN-BJ")) << "Shanghai never was open";
}

TEST(ChangesTest, WhatWasNeverKnownToBeBlockedDoesNotOpen) {
  Speaker speaker;
  speaker.Say(Verdict(v1::SCOPE_UNDETERMINED, kUnknown, kUnknown));
  EXPECT_THAT(Kinds(speaker.Say(Verdict(v1::SCOPE_WIDESPREAD, kOpen, kOpen))),
              ElementsAre("OTHER"));
}

TEST(ChangesTest, DisputesAndTheServiceItself) {
  Speaker speaker;
  speaker.Say(Verdict(v1::SCOPE_LOCAL, kOpen, kBlocked));
  const auto disputed = speaker.Say(Verdict(v1::SCOPE_UNDETERMINED, kDisputed, kBlocked));
  EXPECT_THAT(Kinds(disputed), ElementsAre("DISPUTED"));
  EXPECT_THAT(disputed->text(), HasSubstr("Reports on WhatsApp from Beijing contradict"));
  EXPECT_EQ(speaker.Say(Verdict(v1::SCOPE_UNDETERMINED, kDisputed, kBlocked)), std::nullopt);
  v1::TargetVerdict down = Verdict(v1::SCOPE_UNDETERMINED, kDisputed, kBlocked);
  down.set_service_state(v1::SERVICE_STATE_DOWN);
  EXPECT_THAT(Kinds(speaker.Say(down)), ElementsAre("SERVICE"));
  down.set_service_state(v1::SERVICE_STATE_UP);
  EXPECT_THAT(Kinds(speaker.Say(down)), ElementsAre("SERVICE"));
  down.set_service_state(v1::SERVICE_STATE_UNKNOWN);
  EXPECT_THAT(Kinds(speaker.Say(down)), ElementsAre("OTHER")) << "too few controls";
}

TEST(ChangesTest, EventsBeginLastAndEndOnce) {
  Speaker speaker;
  const v1::TargetVerdict verdict = Verdict(v1::SCOPE_LOCAL, kOpen, kBlocked);
  speaker.Say(verdict);
  const EventStep began = {std::nullopt, Opening(v1::EVENT_DURATION_GLITCH)};
  const EventStep grew = {Opening(v1::EVENT_DURATION_GLITCH),
                          Opening(v1::EVENT_DURATION_TEMPORARY)};
  const EventStep sustained = {Opening(v1::EVENT_DURATION_TEMPORARY),
                               Opening(v1::EVENT_DURATION_SUSTAINED)};
  const EventStep long_run = {Opening(v1::EVENT_DURATION_SUSTAINED),
                              Opening(v1::EVENT_DURATION_LONG_RUN)};
  const EventStep ended = {Opening(v1::EVENT_DURATION_LONG_RUN),
                           Opening(v1::EVENT_DURATION_LONG_RUN, v1::EVENT_END_REVERSED)};
  EXPECT_TRUE(IsTold(began));
  EXPECT_FALSE(IsTold(grew));
  EXPECT_TRUE(IsTold(sustained));
  EXPECT_TRUE(IsTold(long_run));
  EXPECT_TRUE(IsTold(ended));
  EXPECT_FALSE(IsTold({ended.now, ended.now}));
  EXPECT_THAT(Kinds(speaker.Say(verdict, {began})), ElementsAre("EVENT"));
  const auto lasting = speaker.Say(verdict, {sustained});
  EXPECT_THAT(Kinds(lasting), ElementsAre("SUSTAINED"));
  EXPECT_EQ(lasting->text(),
            "The opening in Beijing since 2024-04-06 00:00 UTC has lasted for 3 days.");
  EXPECT_EQ(lasting->events_size(), 1);
  EXPECT_THAT(Kinds(speaker.Say(verdict, {long_run})), ElementsAre("SUSTAINED"));
  EXPECT_THAT(Kinds(speaker.Say(verdict, {ended})), ElementsAre("EVENT"));
}

TEST(ChangesTest, ACorrectionSaysWhatHadBeenSaid) {
  const v1::TargetVerdict nowhere = Verdict(v1::SCOPE_NOWHERE, kBlocked, kBlocked);
  const v1::TargetVerdict local = Verdict(v1::SCOPE_LOCAL, kOpen, kBlocked);
  const auto correction = CorrectionOf(&nowhere, local, Hour(5));
  EXPECT_THAT(Kinds(correction), ElementsAre("CORRECTED"));
  EXPECT_EQ(FromProto(correction->window_start_time()), Hour(5));
  EXPECT_EQ(correction->previous_scope(), v1::SCOPE_NOWHERE);
  EXPECT_THAT(correction->opened_regions(), IsEmpty());
  EXPECT_EQ(correction->text(),
            "Late reports changed what is said about WhatsApp at 2024-04-06 05:00 UTC: LOCAL, was "
            "NOWHERE.");
  EXPECT_EQ(CorrectionOf(&local, local, Hour(5)), std::nullopt);
  EXPECT_THAT(Kinds(CorrectionOf(nullptr, local, Hour(5))), ElementsAre("CORRECTED"));
}

TEST(ChangesTest, ManyRegionsAreCounted) {
  v1::TargetVerdict blocked;
  blocked.set_target_id("signal");
  for (int i = 0; i < 9; ++i) {
    v1::RegionAccess& region = *blocked.add_regions();
    region.set_region(std::string("CN-") + static_cast<char>('A' + i));
    region.mutable_access()->set_state(kBlocked);
  }
  v1::TargetVerdict open = blocked;
  for (v1::RegionAccess& region : *open.mutable_regions()) {
    region.mutable_access()->set_state(kOpen);
  }
  Speaker speaker;
  speaker.Say(blocked);
  EXPECT_EQ(speaker.Say(open)->text(), "signal opened in CN-A, CN-B, CN-C, CN-D, CN-E and 4 more.");
}

}  // namespace
}  // namespace sightline
