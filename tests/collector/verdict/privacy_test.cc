#include "collector/verdict/privacy.h"

#include <gtest/gtest.h>

#include <random>

#include "collector/verdict/posterior.h"

namespace sightline {
namespace {

using Listed = std::vector<bool>;

TEST(PrivacyTest, NoCellIsListedThatGivesASmallOneAway) {
  EXPECT_EQ(Publishable({}, 0), Listed());
  EXPECT_EQ(Publishable({8, 4}, 0), Listed({true, true}));
  EXPECT_EQ(Publishable({3}, 0), Listed({false}));
  EXPECT_EQ(Publishable({8, 2, 2}, 0), Listed({true, false, false})) << "the rest is 4 together";
  EXPECT_EQ(Publishable({8, 2}, 0), Listed({false, false})) << "10 - 8 would give 2 away";
  EXPECT_EQ(Publishable({8, 6, 2}, 0), Listed({true, false, false})) << "the smallest goes too";
  EXPECT_EQ(Publishable({5, 5, 1}, 0), Listed({true, false, false})) << "of equal ones the last";
  EXPECT_EQ(Publishable({8, 6}, 1), Listed({true, false})) << "an unlisted one is a rest as well";
}

TEST(PrivacyTest, SubtractionNeverFindsASmallRest) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::vector<uint32_t> sizes(random() % 6);
    for (uint32_t& size : sizes) size = random() % 10;
    const uint32_t unlisted = random() % 6;
    const std::vector<bool> listed = Publishable(sizes, unlisted);
    uint32_t rest = unlisted;
    bool any = false;
    for (size_t i = 0; i < sizes.size(); ++i) {
      any |= listed[i];
      ASSERT_TRUE(!listed[i] || sizes[i] >= kBucketsMin);
      if (!listed[i]) rest += sizes[i];
    }
    ASSERT_TRUE(!any || rest == 0 || rest >= kBucketsMin);
  }
}

}  // namespace
}  // namespace sightline
