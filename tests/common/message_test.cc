#include "common/message.h"

#include <gtest/gtest.h>

#include "sightline/v1/ingest.pb.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {
namespace {

TEST(MessageTest, ShortNamesLoseTheirPrefix) {
  EXPECT_EQ(ShortName(v1::SCOPE_BY_NETWORK), "BY_NETWORK");
  EXPECT_EQ(ShortName(v1::REFUSAL_REASON_BAD_SIGNATURE), "BAD_SIGNATURE");
  EXPECT_EQ(ShortName(static_cast<v1::Scope>(77)), "77");
}

TEST(MessageTest, JsonKeepsFieldNamesAndDefaults) {
  v1::Access access;
  access.set_state(v1::ACCESS_STATE_OPEN);
  const std::string json = ToJson(access, false);
  EXPECT_NE(json.find("\"state\":\"ACCESS_STATE_OPEN\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"buckets_open\":0"), std::string::npos) << json;
}

TEST(MessageTest, TextErrorsHaveAPlace) {
  v1::Plan plan;
  EXPECT_EQ(ParseText("version: 1\nverison: 2", &plan).message(),
            "line 2, column 8: Message type \"sightline.v1.Plan\" has no field named \"verison\".");
}

TEST(MessageTest, TimesAndDurationsSurvive) {
  const absl::Time time = absl::FromUnixMillis(1'712'361'600'123);
  EXPECT_EQ(FromProto(ToProto(time)), time);
  const absl::Time before_1970 = absl::FromUnixMillis(-1'500);
  EXPECT_EQ(FromProto(ToProto(before_1970)), before_1970);
  EXPECT_EQ(ToProto(before_1970).nanos(), 500'000'000);
  EXPECT_EQ(FromProto(ToProto(absl::Milliseconds(2'500))), absl::Milliseconds(2'500));
}

}  // namespace
}  // namespace sightline
