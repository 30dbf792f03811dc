#include "collector/cli/event_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/cli/moment.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

using ::testing::HasSubstr;

absl::Time At(const std::string& text) { return *ParseMoment("--since", text); }

Events TwoEvents() {
  Events events;
  v1::Event& opening = *events.Add();
  opening.set_event_id("whatsapp.CN-BJ.opening.20240408T010000Z");
  opening.set_target_id("whatsapp");
  opening.set_country("CN");
  opening.set_region("CN-BJ");
  opening.set_kind(v1::EVENT_KIND_OPENING);
  opening.set_end(v1::EVENT_END_ONGOING);
  opening.set_duration(v1::EVENT_DURATION_LONG_RUN);
  *opening.mutable_onset_time() = ToProto(At("2024-04-08"));
  *opening.mutable_detect_time() = ToProto(At("2024-04-08 01:00"));
  opening.set_rate_mean(0.617);
  opening.set_windows_observed(384);
  opening.set_windows_different(384);
  opening.set_lasts_probability(0.75);
  opening.add_amendments()->set_text("said before");
  v1::Event& closing = *events.Add();
  closing.set_event_id("odd, \"id\"");
  closing.set_target_id("signal");
  closing.set_country("CN");
  closing.set_asn(4134);
  closing.set_kind(v1::EVENT_KIND_CLOSING);
  closing.set_end(v1::EVENT_END_WITHDRAWN);
  closing.set_duration(v1::EVENT_DURATION_GLITCH);
  *closing.mutable_onset_time() = ToProto(At("2024-04-08 00:00:30"));
  *closing.mutable_detect_time() = ToProto(At("2024-04-08 00:01"));
  *closing.mutable_end_time() = ToProto(At("2024-04-08 00:02"));
  return events;
}

TEST(EventTextTest, TableHasALineForEach) {
  EXPECT_EQ(EventTable(TwoEvents(), false),
            "Target    Where   What     Onset (UTC)          Told (UTC)        Over (UTC)        "
            "Lasted                Rate\n"
            "whatsapp  CN-BJ   opening  2024-04-08 00:00     2024-04-08 01:00  ongoing           "
            "long run, amended 1x  62 %\n"
            "signal    AS4134  closing  2024-04-08 00:00:30  2024-04-08 00:01  2024-04-08 00:02  "
            "withdrawn              0 %\n");
  EXPECT_EQ(EventTable({}, false), "");
}

TEST(EventTextTest, CsvIsQuotedAndLeavesOutWhatIsNotSet) {
  EXPECT_EQ(EventCsv(TwoEvents()),
            "event_id,target_id,country,region,asn,kind,onset_time,detect_time,end,end_time,"
            "duration,sustained_time,long_run_time,lasts_probability,windows_observed,"
            "windows_different,rate_mean,amendments\r\n"
            "whatsapp.CN-BJ.opening.20240408T010000Z,whatsapp,CN,CN-BJ,,OPENING,"
            "2024-04-08T00:00:00+00:00,2024-04-08T01:00:00+00:00,ONGOING,,LONG_RUN,,,0.75,384,384,"
            "0.617,1\r\n"
            "\"odd, \"\"id\"\"\",signal,CN,,4134,CLOSING,2024-04-08T00:00:30+00:00,"
            "2024-04-08T00:01:00+00:00,WITHDRAWN,2024-04-08T00:02:00+00:00,GLITCH,,,0,0,0,0,0\r\n");
}

TEST(MomentTest, ReadsUtcAndZones) {
  const absl::Time day = absl::FromUnixSeconds(1'712'534'400);  // 2024-04-08
  EXPECT_EQ(At("2024-04-08"), day);
  EXPECT_EQ(At("2024-04-08 13:00"), day + absl::Hours(13));
  EXPECT_EQ(At("2024-04-08 13:00:05"), day + absl::Hours(13) + absl::Seconds(5));
  EXPECT_EQ(At("2024-04-08T13:00:00Z"), day + absl::Hours(13));
  EXPECT_EQ(At("2024-04-08T13:00:00.5+08:00"), day + absl::Hours(5) + absl::Milliseconds(500));
}

TEST(MomentTest, WhatIsNoTimeIsNamedWithItsFlag) {
  for (const char* text : {"", "yesterday", "2024-13-01", "2024-04-08 25:00", "infinite-past",
                           "infinite-future", "08.04.2024", "2024-04-08T13:00:00"}) {
    const auto time = ParseMoment("--until", text);
    ASSERT_FALSE(time.ok()) << text;
    EXPECT_THAT(std::string(time.status().message()), HasSubstr("--until: \"")) << text;
  }
}

}  // namespace
}  // namespace sightline::cli
