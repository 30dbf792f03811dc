#include "collector/feed_http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "common/plan.h"
#include "tests/collector/said_world.h"
#include "tests/common/fake_clock.h"

namespace sightline {
namespace {

using testing::HasSubstr;
using testing::Not;

class FeedHttpTest : public testing::Test {
 protected:
  void Begin() {
    ASSERT_TRUE(plans_.Publish(SignPlan(world_.plan, key_)).ok());
    world_.Say(0, false);
    v1::Event event;
    event.set_event_id("whatsapp.CN-BJ.opening.20240406T010000Z");
    event.set_target_id("whatsapp");
    event.set_country("CN");
    event.set_region("CN-BJ");
    event.set_kind(v1::EVENT_KIND_OPENING);
    event.set_end(v1::EVENT_END_ONGOING);
    *event.mutable_onset_time() = ToProto(CellTime(1));
    *event.mutable_detect_time() = ToProto(CellTime(2));
    const std::vector<EventRecord> events = {{event.event_id(), "whatsapp", "CN", CellTime(1),
                                              absl::InfiniteFuture(), event.SerializeAsString()}};
    ASSERT_TRUE(world_.store.WriteFold("fold", world_.lease, {.events = events}).ok());
    ASSERT_TRUE(chronicle_.Refresh(world_.plan).ok());
  }

  HttpResponse Get(const std::string& path, const std::map<std::string, std::string>& headers = {},
                   const std::string& public_url = "") {
    return FeedHttpHandler({plans_, regions_, chronicle_, clock_, "abcd", public_url})(
        {"GET", path, "", headers});
  }

  SaidWorld world_;
  FakeClock clock_{kTestNow};
  const SigningKey key_ = SigningKey::Generate();
  PlanBook plans_{world_.store, key_.public_key(), clock_};
  const RegionNames regions_ = *RegionNames::Load();
  Chronicle chronicle_{world_.store};
};

TEST_F(FeedHttpTest, TheFeedOfACountryHasItsEvents) {
  Begin();
  const HttpResponse feed = Get("/feed/CN.atom", {{"host", "sightline.example:9464"}});
  EXPECT_EQ(feed.status, 200) << feed.body;
  EXPECT_THAT(feed.content_type, HasSubstr("application/atom+xml"));
  EXPECT_THAT(feed.body, HasSubstr("http://sightline.example:9464/feed/CN.atom"));
  EXPECT_THAT(feed.body, HasSubstr("Beijing"));
  EXPECT_THAT(Get("/feed/CN.atom", {}, "https://public.example").body,
              HasSubstr("https://public.example/#/CN/whatsapp"));
  EXPECT_THAT(Get("/feed/CN.atom", {{"host", "\"><script>"}}).body, Not(HasSubstr("script")));
  std::string tag;
  for (const auto& [name, value] : feed.headers) {
    if (name == "ETag") tag = value;
  }
  const HttpResponse again =
      Get("/feed/CN.atom", {{"host", "sightline.example:9464"}, {"if-none-match", tag}});
  EXPECT_EQ(again.status, 304);
}

TEST_F(FeedHttpTest, WhatIsNotThereIsSaid) {
  EXPECT_EQ(Get("/feed/CN.atom").status, 503);
  Begin();
  EXPECT_EQ(Get("/feed/XX.atom").status, 404);
  EXPECT_EQ(Get("/feed/CN").status, 404);
}

}  // namespace
}  // namespace sightline
