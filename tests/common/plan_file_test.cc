#include "common/plan_file.h"

#include <gmock/gmock.h>

#include "common/plan.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;

TEST(PlanFileTest, TakesTextAndSignedPlansAndSaysWhereTheyAreWrong) {
  const v1::Plan plan = TestPlan();
  const auto text = ParsePlanFile(plan.DebugString());
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_FALSE(text->signed_plan.has_value());
  const auto signed_plan =
      ParsePlanFile(SignPlan(plan, SigningKey::Generate()).SerializeAsString());
  ASSERT_TRUE(signed_plan.ok());
  EXPECT_TRUE(signed_plan->signed_plan.has_value());
  EXPECT_THAT(std::string(ParsePlanFile("version: 1\nnonsense: 2\n").status().message()),
              HasSubstr("line 2"));
  EXPECT_THAT(std::string(ParsePlanFile("version: 0").status().message()), HasSubstr("version"));
}

}  // namespace
}  // namespace sightline
