#include "collector/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/memory_store.h"
#include "tests/collector/test_agent.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(DirectoryTest, TargetsComeInPagesAndInOrder) {
  v1::ListTargetsRequest request;
  request.set_page_size(2);
  std::vector<std::string> seen;
  int pages = 0;
  do {
    const auto page = ListTargets(TestPlan(), request);
    ASSERT_TRUE(page.ok());
    for (const v1::TargetInfo& target : page->targets()) seen.push_back(target.target_id());
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(seen, ElementsAre("example", "signal", "wechat", "weibo", "whatsapp"));
}

TEST(DirectoryTest, RegionsHaveNamesAndUnknownCountriesAreNamed) {
  const RegionNames names = *RegionNames::Load();
  v1::ListRegionsRequest request;
  request.set_country("CN");
  RegionTranslations translations;
  const auto regions = ListRegions(TestPlan(), names, translations, request);
  ASSERT_TRUE(regions.ok());
  EXPECT_EQ(regions->regions(0).region(), "CN-BJ");
  EXPECT_EQ(regions->regions(0).display_name(), "Beijing Shi");
  request.set_country("XX");
  EXPECT_THAT(std::string(ListRegions(TestPlan(), names, translations, request).status().message()),
              HasSubstr("\"XX\" is not under observation; known: CN"));
}

TEST(DirectoryTest, RegionsHaveNamesInTheLanguageAskedFor) {
  const RegionNames names = *RegionNames::Load();
  RegionTranslations translations;
  v1::ListRegionsRequest request;
  request.set_country("CN");
  const auto first = [&](const std::string& language) {
    request.set_language_code(language);
    const auto regions = ListRegions(TestPlan(), names, translations, request);
    return regions.ok() ? regions->regions(0).display_name()
                        : std::string(regions.status().message());
  };
  for (const char* chinese : {"zh", "zh-CN", "zh-Hans", "zh-hans-cn", "ZH-cn", "zh-Hans-SG"}) {
    EXPECT_EQ(first(chinese), "北京市") << chinese;
  }
  // No such language, no translation of this name, English.
  for (const char* other : {"", "en", "en-GB", "xx", "x-klingon"}) {
    EXPECT_EQ(first(other), other[0] == 'x' && other[1] == '-'
                                ? "language_code: \"x-klingon\" is no BCP 47 tag such as \"zh-CN\""
                                : "Beijing Shi")
        << other;
  }
  for (const char* bad : {"../../etc", "zh_CN", "zh-", "-", "z", "zh-CN/../../x",
                          "zh-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa"}) {
    EXPECT_THAT(first(bad), HasSubstr("is no BCP 47 tag")) << bad;
  }
}

TEST(DirectoryTest, BadPagesAreNamed) {
  v1::ListTargetsRequest request;
  request.set_page_size(-1);
  EXPECT_THAT(std::string(ListTargets(TestPlan(), request).status().message()),
              HasSubstr("page_size"));
  request.set_page_size(0);
  request.set_page_token("!");
  EXPECT_THAT(std::string(ListTargets(TestPlan(), request).status().message()),
              HasSubstr("page_token"));
}

TEST(DirectoryTest, AgentsComeInPages) {
  MemoryStore store;
  for (int i = 0; i < 5; ++i) store.AddAgent(TestAgent().Record());
  v1::ListAgentsRequest request;
  request.set_page_size(5);
  EXPECT_EQ(ListAgents(store, request)->next_page_token(), "");
  request.set_page_size(3);
  const auto first = ListAgents(store, request);
  ASSERT_EQ(first->agents_size(), 3);
  request.set_page_token(first->next_page_token());
  const auto second = ListAgents(store, request);
  ASSERT_EQ(second->agents_size(), 2);
  EXPECT_LT(first->agents(2).agent_id(), second->agents(0).agent_id());
}

TEST(DirectoryTest, TargetsOfASummaryAreSelectedByName) {
  v1::GetSummaryResponse summary;
  for (const char* target : {"signal", "whatsapp"}) {
    summary.add_verdicts()->set_target_id(target);
  }
  v1::GetSummaryRequest request;
  EXPECT_EQ(SelectTargets(summary, request)->verdicts_size(), 2);
  request.add_target_ids("whatsapp");
  EXPECT_EQ(SelectTargets(summary, request)->verdicts(0).target_id(), "whatsapp");
  request.add_target_ids("telegram");
  EXPECT_THAT(std::string(SelectTargets(summary, request).status().message()),
              HasSubstr("no target \"telegram\"; known: signal, whatsapp"));
}

}  // namespace
}  // namespace sightline
