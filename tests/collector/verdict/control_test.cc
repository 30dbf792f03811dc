#include "collector/verdict/control.h"

#include <gtest/gtest.h>

namespace sightline {
namespace {

constexpr Contrast kYes = Contrast::kReached;
constexpr Contrast kNo = Contrast::kNotReached;
constexpr Contrast kDontKnow = Contrast::kUnknown;

TEST(ControlTest, EveryRowOfTheTable) {
  const struct {
    Contrast outside;
    Contrast anchors;
    bool reached;
    Ruling ruling;
    const char* why;
  } cases[] = {
      {kYes, kYes, false, Ruling::kBlocked, "both contrasts work, the target does not"},
      {kNo, kYes, false, Ruling::kServiceDown, "it fails where nobody blocks it"},
      {kDontKnow, kYes, false, Ruling::kNoControl, "nobody outside to compare with"},
      {kYes, kNo, false, Ruling::kOwnOutage, "the agent's own line is out"},
      {kNo, kNo, false, Ruling::kOwnOutage, "the agent's own line is out"},
      {kDontKnow, kNo, false, Ruling::kOwnOutage, "the agent's own line is out"},
      {kYes, kYes, true, Ruling::kOpen, "reached"},
      {kNo, kYes, true, Ruling::kOpen, "being reached proves itself"},
      {kDontKnow, kYes, true, Ruling::kOpen, "being reached proves itself"},
      {kYes, kNo, true, Ruling::kOwnOutage, "successes of a line count only if failures would"},
      {kYes, kDontKnow, false, Ruling::kNoAnchor, "an outage cannot be excluded"},
      {kYes, kDontKnow, true, Ruling::kNoAnchor, "successes count only if failures would"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Rule(c.outside, c.anchors, c.reached), c.ruling) << c.why;
  }
}

TEST(ControlTest, AnchorsAreTheOtherDomesticAnchors) {
  const CheckOutcome open{Outcome::kOpen, {}, {}};
  const CheckOutcome blocked{Outcome::kBlocked, "tcp", "connection_reset"};
  const size_t anchors[] = {1, 2};
  EXPECT_EQ(AnchorsOf(anchors, {blocked, open, blocked}, 0), kYes);
  EXPECT_EQ(AnchorsOf(anchors, {open, blocked, blocked}, 0), kNo);
  EXPECT_EQ(AnchorsOf(anchors, {blocked, open, blocked}, 1), kNo)
      << "the target under judgement is never its own anchor";
  EXPECT_EQ(AnchorsOf(anchors, {open, {}, {}}, 0), kDontKnow) << "untested is not tried";
  EXPECT_EQ(AnchorsOf({}, {open, open, open}, 0), kDontKnow) << "there is none";
}

TEST(ControlTest, AControlThatReachesNothingIsOutItself) {
  const CheckOutcome open{Outcome::kOpen, {}, {}};
  const CheckOutcome blocked{Outcome::kBlocked, "tcp", "connection_reset"};
  EXPECT_EQ(LineOfControl({blocked, open}), kYes);
  EXPECT_EQ(LineOfControl({blocked, blocked}), kNo);
}

}  // namespace
}  // namespace sightline
