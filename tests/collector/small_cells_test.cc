// What fewer than four origins say stays among them, whichever way a reader comes.

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <set>
#include <string>

#include "collector/chronicle.h"
#include "collector/export/cells_csv.h"
#include "collector/feed_http.h"
#include "collector/reader_http.h"
#include "collector/stored_verdicts.h"
#include "collector/verdict_metrics.h"
#include "common/plan.h"
#include "tests/collector/fold_fixture.h"
#include "tests/common/fake_clock.h"

namespace sightline {
namespace {

constexpr uint32_t kSmallNetwork = 9929;

class SmallCellsTest : public testing::Test {
 protected:
  // Two cities with twelve origins, a third with `origins`, all of a network that is nowhere else;
  // `open` of these reach the service. Every way of reading, by its name.
  static std::map<std::string, std::string> WhatReadersGet(int origins, int open) {
    World world;
    for (int i = 0; i < 12; ++i) {
      world.Join("CN-BJ", 4134 + static_cast<uint32_t>(i) % 2);
      world.Join("CN-GD", 4134);
    }
    for (int i = 0; i < 3; ++i) world.Join("DE", 3320, v1::AGENT_ROLE_CONTROL);
    const size_t first = world.agents.size();
    for (int i = 0; i < origins; ++i) world.Join("CN-SH", kSmallNetwork);
    std::set<std::string> reaching;
    for (int i = 0; i < open; ++i) {
      reaching.insert(world.agents[first + static_cast<size_t>(i)].registry.agent_id);
    }
    for (int hour = 0; hour < 4; ++hour) {
      world.Round(kTestNow + hour * kHour, OpenWhere("whatsapp", [&](const TestAgent& agent) {
                    return reaching.count(agent.registry.agent_id) > 0;
                  }));
    }
    return Read(world);
  }

  static std::map<std::string, std::string> Read(World& world) {
    const absl::Time now = kTestNow + 4 * kHour + absl::Minutes(10);
    const FakeClock clock(now);
    const SigningKey key = *SigningKey::FromSeed(std::string(32, 'o'));
    FoldSite site;
    PlanBook plans(site.store, key.public_key(), clock);
    EXPECT_TRUE(plans.Publish(SignPlan(world.plan, key)).ok());
    WorldLog log(world, site.store);
    log.Enroll();
    log.Append({"n1"});
    EXPECT_TRUE(site.Start().ok());
    EXPECT_TRUE(site.Settle(now).ok());
    Board board;
    EXPECT_TRUE(ShowStored(site.store, world.plan, FollowerOptions(), board).ok());
    Chronicle chronicle(site.store);
    EXPECT_TRUE(chronicle.Refresh(world.plan).ok());
    const RegionNames& regions = TestNames();
    RegionTranslations translations;
    const HttpHandler reader =
        ReaderHttpHandler({plans, regions, translations, board, chronicle, clock});
    const HttpHandler feed = FeedHttpHandler({plans, regions, chronicle, clock, "d", ""});
    std::map<std::string, std::string> got;
    const auto get = [&](const HttpHandler& handler, const char* path, const char* query) {
      const HttpResponse response = handler({"GET", path, query, {}});
      EXPECT_EQ(response.status, 200) << path << ": " << response.sent_body();
      got[path] = response.sent_body();
    };
    get(reader, "/api/v1/summary", "country=CN");
    get(reader, "/api/v1/timeline",
        "country=CN&target_id=whatsapp&start_time=2024-04-06T00:00:00Z&step=3600s");
    get(reader, "/api/v1/events", "country=CN");
    get(reader, "/api/v1/changes", "country=CN");
    get(feed, "/feed/CN.atom", "");
    got["metrics"] = prometheus::TextSerializer().Serialize(CollectVerdictMetrics(board));
    std::string csv;
    EXPECT_TRUE(WriteCellsCsv(site.store, {}, [&](absl::string_view rows) {
                  csv.append(rows.data(), rows.size());
                  return absl::OkStatus();
                }).ok());
    got["cells"] = csv;
    // Changes, webhooks' messages among them, are made of these.
    const auto changes = site.store.ReadChanges("CN", 0, 1000);
    for (const ChangeRecord& change : *changes) got["changes in the store"] += change.change;
    const auto rows = site.store.ReadVerdicts("CN", absl::InfinitePast(), absl::InfiniteFuture());
    for (const VerdictRecord& row : *rows) got["verdicts in the store"] += row.verdict;
    return got;
  }
};

TEST_F(SmallCellsTest, NoWayOfReadingTellsWhatThreeOriginsSaw) {
  const auto all_blocked = WhatReadersGet(3, 0);
  const auto one_open = WhatReadersGet(3, 1);
  const auto all_open = WhatReadersGet(3, 3);
  for (const auto& [way, text] : all_blocked) {
    EXPECT_FALSE(text.empty() && way != "changes in the store") << way;
    EXPECT_EQ(text, one_open.at(way)) << way;
    EXPECT_EQ(text, all_open.at(way)) << way;
  }
}

TEST_F(SmallCellsTest, FourOriginsAreTold) {
  const auto blocked = WhatReadersGet(4, 0);
  const auto open = WhatReadersGet(4, 4);
  for (const char* way : {"/api/v1/summary", "/api/v1/timeline", "metrics", "cells"}) {
    EXPECT_NE(blocked.at(way), open.at(way)) << way << ": or the test above could not fail";
  }
}

}  // namespace
}  // namespace sightline
