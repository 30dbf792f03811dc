#include "agent/probe/page.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <array>
#include <random>
#include <string>
#include <vector>

namespace sightline::probe {
namespace {

std::string TitleOf(const std::string& html) {
  TitleFinder finder;
  finder.Feed(html);
  return finder.Title();
}

TEST(TitleFinderTest, TakesTheFirstTitle) {
  EXPECT_EQ(TitleOf("<html><head><title>WhatsApp Web</title><title>No</title>"), "WhatsApp Web");
  EXPECT_EQ(TitleOf("<TITLE>Loud</TiTlE>"), "Loud");
  EXPECT_EQ(TitleOf("<title></title><title>No</title>"), "") << "the first one is empty";
  EXPECT_EQ(TitleOf("<title>a</title >"), "a");
  EXPECT_EQ(TitleOf("<title>a</title/>"), "a");
}

TEST(TitleFinderTest, AttributesAreSkipped) {
  EXPECT_EQ(TitleOf("<title id=x>T</title>"), "T");
  EXPECT_EQ(TitleOf("<title\n id=\"a>b\" c='>'>T</title>"), "T");
  EXPECT_EQ(TitleOf("<title/>T</title>"), "T");
}

TEST(TitleFinderTest, WhatIsNoTitle) {
  for (const char* html :
       {"", "<", "<title", "<title>", "<title>never ends", "<title>never ends</titl",
        "<title>never ends</titles>", "<titles>other</titles>", "<title a=\">T</title>",
        "title>T</title>", "< title>T</title>"}) {
    EXPECT_EQ(TitleOf(html), "") << html;
  }
}

TEST(TitleFinderTest, GarbageWithinAndAround) {
  EXPECT_EQ(TitleOf("<<<title>a <b>c</b> </ti </titl</title>"), "a <b>c</b> </ti </titl");
  EXPECT_EQ(TitleOf("<ti<title>T<</title>"), "T<");
  EXPECT_EQ(TitleOf("<title<title>T</title>"), "T");
  EXPECT_EQ(TitleOf("<title>1 &lt; 2 &amp; 3</title>"), "1 &lt; 2 &amp; 3");
}

TEST(TitleFinderTest, WhiteSpaceCollapses) {
  EXPECT_EQ(TitleOf("<title>\r\n\t two \f\n words  </title>"), "two words");
  EXPECT_EQ(TitleOf(std::string("<title>a\0b\x1b[31mc\x7f</title>", 25)), "a b [31mc")
      << "control characters reach neither a terminal nor a database";
}

TEST(TitleFinderTest, HoweverThePiecesFall) {
  const std::string html = "<p><<title lang='e>n'>\xd0\x9f\xd1\x80 \xe2\x82\xac </tit </title>";
  const std::string title = "\xd0\x9f\xd1\x80 \xe2\x82\xac </tit";
  for (size_t first = 0; first <= html.size(); ++first) {
    for (size_t second = first; second <= html.size(); ++second) {
      TitleFinder finder;
      finder.Feed(html.substr(0, first));
      finder.Feed(html.substr(first, second - first));
      finder.Feed(html.substr(second));
      ASSERT_EQ(finder.Title(), title) << first << " " << second;
    }
  }
}

TEST(TitleFinderTest, OnlyTheBeginningOfThePageCounts) {
  const std::string title = "<title>T</title>";
  const std::string fits(kTitleWithinBytes - title.size(), 'x');
  EXPECT_EQ(TitleOf(fits + title), "T");
  EXPECT_EQ(TitleOf(fits + "x" + title), "");
}

TEST(TitleFinderTest, LongTitleIsCutAtTheEndOfACharacter) {
  EXPECT_EQ(TitleOf("<title>" + std::string(60'000, 'x') + "</title>"), std::string(128, 'x'));
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "\xe2\x82\xac";
  EXPECT_EQ(TitleOf("<title>" + wide + "</title>"), wide.substr(0, 126));
  const std::string last = std::string(124, 'x') + "\xf0\x9f\x98\x80";
  EXPECT_EQ(TitleOf("<title>" + last + "yz</title>"), last);
}

TEST(ToValidUtf8Test, WhatIsNotValidIsReplaced) {
  const std::string r = "\xef\xbf\xbd";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\xff", r},
      {"\xc0\xaf", r + r},
      {"\xc2", r},
      {"a\xe2\x82z", "a" + r + r + "z"},
      {"\xe0\x80\xaf", r + r + r},
      {"\xed\xa0\x80", r + r + r},
      {"\xf4\x90\x80\x80", r + r + r + r},
      {"\xf5\x80\x80\x80", r + r + r + r},
      {"\xc2\x9b"
       "31m",
       r + "31m"},
      {"\xc2\xa0", "\xc2\xa0"},
      {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
      {"\xee\x80\x80", "\xee\x80\x80"},
  };
  for (const auto& [in, out] : cases) EXPECT_EQ(ToValidUtf8(in, 100), out);
  EXPECT_EQ(ToValidUtf8("\xff\xff", 5), r) << "the second one does not fit";
}

TEST(TextSearchTest, HoweverThePiecesFall) {
  const unsigned seed = std::random_device()();
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string body(random() % 40, 'a');
    for (char& c : body) c = static_cast<char>('a' + random() % 2);
    std::string text(random() % 6, 'a');
    for (char& c : text) c = static_cast<char>('a' + random() % 2);
    TextSearch search(text);
    for (size_t at = 0; at < body.size();) {
      const size_t size = random() % 8;
      search.Feed(absl::string_view(body).substr(at, size));
      at += size;
    }
    ASSERT_EQ(search.found(), body.find(text) != std::string::npos)
        << body << " " << text << " seed " << seed;
  }
}

TEST(PageReaderTest, DigestOfWhatWasRead) {
  PageReader page("");
  EXPECT_EQ(page.Sha256Prefix(), "");
  page.Feed("");
  EXPECT_EQ(page.Sha256Prefix(), "") << "no body, no digest";
  const std::string body(700 * 1024, 'x');
  page.Feed(absl::string_view(body).substr(0, 100'000));
  EXPECT_FALSE(page.full());
  page.Feed(absl::string_view(body).substr(100'000));
  page.Feed("more");
  EXPECT_TRUE(page.full());
  EXPECT_EQ(page.body_bytes(), kBodyBytesMax);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), kBodyBytesMax, hash.data());
  EXPECT_EQ(page.Sha256Prefix(), std::string(hash.begin(), hash.begin() + 8));
  EXPECT_EQ(page.Sha256Prefix().size(), 8U) << "asking twice is allowed";
}

TEST(PageReaderTest, EachExpectationCounts) {
  const std::string body = "<title>WhatsApp Web</title>needle";
  PageReader page("needle");
  page.Feed(body);
  v1::Check check;
  EXPECT_TRUE(PageExpected(check, page));
  check.set_title_contains("WhatsApp");
  check.set_body_bytes_min(33);
  check.set_body_bytes_max(33);
  EXPECT_TRUE(PageExpected(check, page));
  check.set_body_bytes_min(34);
  EXPECT_FALSE(PageExpected(check, page));
  check.set_body_bytes_min(0);
  check.set_body_bytes_max(32);
  EXPECT_FALSE(PageExpected(check, page));
  check.set_body_bytes_max(0);
  check.set_title_contains("Blocked");
  EXPECT_FALSE(PageExpected(check, page));
  check.clear_title_contains();
  PageReader other("haystack");
  other.Feed(body);
  EXPECT_FALSE(PageExpected(check, other));
}

}  // namespace
}  // namespace sightline::probe
