#include "collector/reader_http.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "collector/gzip.h"
#include "collector/query.h"
#include "collector/response_cache.h"
#include "common/crypto.h"
#include "common/plan.h"
#include "tests/collector/said_world.h"
#include "tests/common/fake_clock.h"

namespace sightline {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ReaderHttpTest : public testing::Test {
 protected:
  // A plan is published and three hours are judged.
  void Begin() {
    ASSERT_TRUE(plans_.Publish(SignPlan(world_.plan, key_)).ok());
    world_.Say(0, false);
    world_.Say(1, true);
    world_.Say(2, true);
    Refresh();
  }
  void Refresh() {
    ASSERT_TRUE(chronicle_.Refresh(world_.plan).ok());
    world_.Show(board_);
  }

  HttpResponse Get(const std::string& path, const std::string& query = "",
                   const std::map<std::string, std::string>& headers = {}) {
    return handler_({"GET", path, query, headers});
  }
  template <typename Message>
  Message Parsed(const HttpResponse& response) {
    EXPECT_EQ(response.status, 200) << response.sent_body();
    Message message;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(response.sent_body(), &message).ok())
        << response.sent_body();
    return message;
  }
  static std::string Header(const HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }

  SaidWorld world_;
  FakeClock clock_{kTestNow};
  const SigningKey key_ = SigningKey::Generate();
  PlanBook plans_{world_.store, key_.public_key(), clock_};
  Board board_;
  Chronicle chronicle_{world_.store};
  const RegionNames regions_ = *RegionNames::Load();
  RegionTranslations translations_;
  HttpHandler handler_ =
      ReaderHttpHandler({plans_, regions_, translations_, board_, chronicle_, clock_});
};

TEST_F(ReaderHttpTest, EveryCallMirrorsItsMessage) {
  Begin();
  EXPECT_EQ(Get("/api/v1/countries").sent_body(), "{\"countries\":[\"CN\"]}");
  EXPECT_EQ(Parsed<v1::ListTargetsResponse>(Get("/api/v1/targets")).targets_size(), 5);
  const auto regions =
      Parsed<v1::ListRegionsResponse>(Get("/api/v1/regions", "country=CN&language_code=zh-CN"));
  EXPECT_EQ(regions.regions(0).region(), "CN-BJ");
  const auto summary =
      Parsed<v1::GetSummaryResponse>(Get("/api/v1/summary", "country=CN&target_ids=whatsapp"));
  ASSERT_EQ(summary.verdicts_size(), 1);
  EXPECT_EQ(summary.verdicts(0).scope(), v1::SCOPE_LOCAL);
  const auto timeline = Parsed<v1::GetTimelineResponse>(
      Get("/api/v1/timeline",
          "country=CN&target_id=whatsapp&start_time=2024-04-06T00%3A00:00Z&step=3600s&"
          "read_mask=scopes,regions.states"));
  EXPECT_THAT(timeline.scopes(),
              testing::ElementsAre(v1::SCOPE_NOWHERE, v1::SCOPE_LOCAL, v1::SCOPE_LOCAL));
  EXPECT_EQ(timeline.regions_size(), 2);
  EXPECT_EQ(Parsed<v1::ListEventsResponse>(Get("/api/v1/events", "country=CN")).events_size(), 0);
  EXPECT_EQ(Parsed<v1::ListAnnotationsResponse>(Get("/api/v1/annotations", "country=CN"))
                .annotations_size(),
            0);
  const std::string changes = Get("/api/v1/changes", "country=CN&target_ids=whatsapp").sent_body();
  EXPECT_THAT(changes,
              AllOf(HasSubstr("\"kinds\":[\"CHANGE_KIND_OPENED\"]"), Not(HasSubstr("signal"))));
}

TEST_F(ReaderHttpTest, TheSameVersionIsNotSentAgain) {
  Begin();
  const HttpResponse first = Get("/api/v1/summary", "country=CN");
  const std::string tag = Header(first, "ETag");
  EXPECT_EQ(Header(first, "Cache-Control"), "no-cache");
  const HttpResponse again = Get("/api/v1/summary", "country=CN", {{"if-none-match", tag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.sent_body(), "");
  EXPECT_EQ(Header(again, "ETag"), tag);
  world_.Say(3, false);
  Refresh();
  EXPECT_EQ(Get("/api/v1/summary", "country=CN", {{"if-none-match", tag}}).status, 304)
      << "asked twice within a blink";
  clock_.Advance(absl::Seconds(1));
  const HttpResponse other = Get("/api/v1/summary", "country=CN", {{"if-none-match", tag}});
  EXPECT_EQ(other.status, 200);
  EXPECT_NE(Header(other, "ETag"), tag);
}

TEST_F(ReaderHttpTest, WhoeverTakesGzipGetsIt) {
  Begin();
  const std::string plain = Get("/api/v1/summary", "country=CN").sent_body();
  const HttpResponse packed =
      Get("/api/v1/summary", "country=CN", {{"accept-encoding", "br, gzip;q=0.8"}});
  EXPECT_EQ(Header(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(*Gunzip(packed.sent_body(), 1 << 20), plain);
  EXPECT_LT(packed.sent_body().size(), plain.size() / 2);
  EXPECT_EQ(
      Get("/api/v1/summary", "country=CN", {{"accept-encoding", "gzip;q=0, identity"}}).sent_body(),
      plain);
}

TEST_F(ReaderHttpTest, WhatIsWrongIsNamed) {
  EXPECT_EQ(Get("/api/v1/targets").status, 503);
  EXPECT_THAT(Get("/api/v1/targets").sent_body(), HasSubstr("no plan"));
  Begin();
  const auto refused = [&](const std::string& call, const std::string& query, int status) {
    const HttpResponse response = Get("/api/v1/" + call, query);
    EXPECT_EQ(response.status, status) << response.sent_body();
    EXPECT_EQ(response.content_type, "application/json");
    return response.sent_body();
  };
  EXPECT_THAT(refused("summary", "country=XX", 404), HasSubstr("\"code\":\"NOT_FOUND\""));
  EXPECT_THAT(refused("summary", "county=CN", 400), HasSubstr("known: country, target_ids"));
  EXPECT_THAT(refused("summary", "country=CN&country=IR", 400), HasSubstr("is there twice"));
  EXPECT_THAT(refused("summary", "country=CN&time=2024-04-06T00:00:00Z", 400), HasSubstr("time: "));
  EXPECT_THAT(refused("summary", "country=%00", 400), HasSubstr("control character"));
  EXPECT_THAT(refused("timeline", "country=CN&target_id=tg", 404), HasSubstr("target_id"));
  EXPECT_THAT(refused("timeline", "country=CN&target_id=signal&step=1x", 400),
              HasSubstr("step: must be a number of seconds"));
  EXPECT_THAT(refused("timeline", "country=CN&target_id=signal&start_time=soon", 400),
              HasSubstr("start_time: is no Timestamp"));
  EXPECT_THAT(refused("timeline",
                      "country=CN&target_id=signal&start_time=2023-04-06T00:00:00Z&"
                      "end_time=2024-04-06T00:00:00Z",
                      400),
              HasSubstr("are more than the 60000"));
  EXPECT_THAT(refused("events", "country=CN&page_size=x", 400), HasSubstr("page_size: must be"));
  EXPECT_THAT(refused("nothing", "", 404), HasSubstr("/api/v1/countries"));
  EXPECT_EQ(Get("/api/v2/summary").status, 404);
  EXPECT_THAT(refused("events", "country=CN&target_ids=%22%5C", 404), HasSubstr("\\\""));
}

TEST(ResponseCacheTest, TheLongestUnusedGoesFirst) {
  ResponseCache cache(100);
  const auto body = [](size_t bytes) {
    return MadeBody{"", std::make_shared<const std::string>(bytes, 'x'), nullptr, {}};
  };
  cache.Put("a", body(39));
  cache.Put("b", body(39));
  EXPECT_NE(cache.Find("a"), nullptr);
  cache.Put("c", body(39));
  EXPECT_EQ(cache.Find("b"), nullptr);
  EXPECT_NE(cache.Find("a"), nullptr);
  EXPECT_EQ(cache.bytes(), 80u);
  cache.Put("d", body(100));
  EXPECT_EQ(cache.Find("d"), nullptr);
  EXPECT_NE(cache.Find("c"), nullptr) << "one that is too large pushes nothing out";
  cache.Put("a", body(9));
  EXPECT_EQ(cache.bytes(), 50u);
}

TEST(GzipTest, ComesBackAndRefusesBombs) {
  const std::string text(100'000, 'x');
  const std::string packed = Gzip(text);
  EXPECT_LT(packed.size(), 1000u);
  EXPECT_EQ(*Gunzip(packed, text.size()), text);
  EXPECT_FALSE(Gunzip(packed, text.size() - 1).ok());
  EXPECT_FALSE(Gunzip(packed.substr(0, packed.size() / 2), 1 << 20).ok());
  EXPECT_FALSE(Gunzip("", 10).ok());
}

}  // namespace
}  // namespace sightline
