#include "agent/consent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Language Of(const std::map<std::string, std::string>& environment) {
  return LanguageOf([&](const char* name) -> const char* {
    const auto it = environment.find(name);
    return it == environment.end() ? nullptr : it->second.c_str();
  });
}

absl::Status Answer(const std::string& typed,
                    Question question = {Language::kEnglish, false, true}) {
  std::istringstream in(typed);
  std::ostringstream out;
  return Ask(question, "text", "no consent", in, out);
}

TEST(ConsentTest, LanguageIsThatOfTheFirstVariableThatIsSet) {
  EXPECT_EQ(Of({}), Language::kEnglish);
  EXPECT_EQ(Of({{"LANG", "zh_CN.UTF-8"}}), Language::kChinese);
  EXPECT_EQ(Of({{"LC_ALL", ""}, {"LC_MESSAGES", "zh_CN"}, {"LANG", "C"}}), Language::kChinese);
  EXPECT_EQ(Of({{"LC_ALL", "en_US.UTF-8"}, {"LANG", "zh_CN.UTF-8"}}), Language::kEnglish);
  EXPECT_EQ(Of({{"LC_MESSAGES", "de_DE"}, {"LANG", "zh_CN"}}), Language::kEnglish);
}

TEST(ConsentTest, LanguageByNameIsEnglishOrChinese) {
  EXPECT_EQ(*ParseLanguage("zh"), Language::kChinese);
  EXPECT_EQ(*ParseLanguage("en"), Language::kEnglish);
  EXPECT_THAT(std::string(ParseLanguage("fr").status().message()), HasSubstr("en or zh"));
}

// Every language tells the same: the risk first, then all that a volunteer must know.
TEST(ConsentTest, RiskComesFirstAndNothingIsLeftOut) {
  const std::string english = ConsentText(Language::kEnglish, "CN-BJ", "/home/li/agent");
  const std::string chinese = ConsentText(Language::kChinese, "CN-BJ", "/home/li/agent");
  EXPECT_LT(english.find("Risk."), english.find("Probed."));
  EXPECT_LT(chinese.find("风险"), chinese.find("探测"));
  for (const char* word : {"Risk.", "Probed.", "Sent.", "Kept.", "Pause.", "Leave.", "forbidden",
                           "legal", "answer no", "Your address is", "random name"}) {
    EXPECT_THAT(english, HasSubstr(word));
  }
  for (const char* word : {"风险", "探测", "发送", "保存", "暂停", "退出", "禁止", "法律", "否",
                           "您的地址绝不会写进报告", "随机名称"}) {
    EXPECT_THAT(chinese, HasSubstr(word));
  }
  for (const std::string& text : {english, chinese}) {
    for (const char* fact : {"CN-BJ", "/home/li/agent", "1200", "128 MiB", "1024 MiB",
                             "sightline-agent pause", "sightline-agent forget"}) {
      EXPECT_THAT(text, HasSubstr(fact));
    }
    EXPECT_EQ(text.find('$'), std::string::npos);
  }
}

TEST(ConsentTest, ForgetTextSaysWhatStays) {
  EXPECT_THAT(ForgetText(Language::kEnglish, "/a"), HasSubstr("stay in the collector's log"));
  EXPECT_THAT(ForgetText(Language::kChinese, "/a"), HasSubstr("保留"));
}

TEST(ConsentTest, OnlyAClearYesCounts) {
  for (const char* yes : {"yes\n", " YES \n", "y\n", "Y", "是\n", " 是 \n"}) {
    EXPECT_TRUE(Answer(yes).ok()) << yes;
  }
  for (const char* no : {"", "\n", "no\n", "否\n", "yes please\n", "不是\n", "yy\n"}) {
    const absl::Status status = Answer(no);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << no;
    EXPECT_EQ(status.message(), "no consent");
  }
}

TEST(ConsentTest, QuestionIsInTheLanguageOfTheText) {
  std::istringstream in("是\n");
  std::ostringstream out;
  EXPECT_TRUE(Ask({Language::kChinese, false, true}, "正文", "", in, out).ok());
  EXPECT_THAT(out.str(), StartsWith("正文您同意吗"));
}

TEST(ConsentTest, WithoutATerminalOnlyTheFlagCounts) {
  EXPECT_THAT(std::string(Answer("yes\n", {Language::kEnglish, false, false}).message()),
              HasSubstr("--accept"));
  EXPECT_TRUE(Answer("", {Language::kEnglish, true, false}).ok());
}

}  // namespace
}  // namespace sightline::agent
