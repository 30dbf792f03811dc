#include "agent/probe/json_count.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sightline::probe {
namespace {

std::optional<uint64_t> CountIn(absl::string_view text) {
  JsonCount count("resultCount");
  count.Feed(text);
  return count.count();
}

TEST(JsonCountTest, TheNumberOfTheObjectItself) {
  EXPECT_EQ(CountIn(R"({"resultCount":1,"results":[]})"), 1u);
  EXPECT_EQ(CountIn("\n\n{ \"results\" : [ {} ] , \"resultCount\" : 0 }\n "), 0u);
  EXPECT_EQ(CountIn(R"({"results":[{"resultCount":7}],"a":{"resultCount":8},"resultCount":2})"),
            2u);
  EXPECT_EQ(CountIn(R"({"result\u0043ount":18446744073709551615})"), UINT64_MAX);
}

TEST(JsonCountTest, WhatDoesNotTell) {
  for (const char* text : {"",
                           " ",
                           "{}",
                           "[]",
                           "1",
                           "null",
                           "{\"resultCount\":1",
                           "{\"resultCount\":1}}",
                           "{\"resultCount\":1} {}",
                           "{\"resultCount\":-1}",
                           "{\"resultCount\":1.0}",
                           "{\"resultCount\":1e3}",
                           "{\"resultCount\":\"1\"}",
                           "{\"resultCount\":null}",
                           "{\"resultCount\":true}",
                           "{\"resultCount\":[1]}",
                           "{\"resultCount\":{\"n\":1}}",
                           "{\"resultCount\":1,\"resultCount\":1}",
                           "{\"resultCount\":[],\"resultCount\":1}",
                           "{\"resultcount\":1}",
                           "{\"resultCounts\":1}",
                           "{\"resultCoun\":1}",
                           "[{\"resultCount\":1}]",
                           "{\"a\":{\"resultCount\":1}}",
                           "{\"resultCount\":1,}",
                           "{'resultCount':1}",
                           "<html>",
                           "{\"resultCount\":18446744073709551616}",
                           "{\"a\":\"\xff\",\"resultCount\":1}"}) {
    EXPECT_EQ(CountIn(text), std::nullopt) << text;
  }
}

TEST(JsonCountTest, NestingHasAnEnd) {
  EXPECT_EQ(CountIn("{\"a\":" + std::string(100'000, '[')), std::nullopt);
  const std::string deep = std::string(20, '[') + std::string(20, ']');
  EXPECT_EQ(CountIn("{\"a\":" + deep + ",\"resultCount\":3}"), 3u);
}

TEST(JsonCountTest, HoweverThePiecesFall) {
  const std::string text = R"( {"a":[1,{"resultCount":9}],"resultCount" : 1234 ,"z":"\u00e9\""} )";
  ASSERT_EQ(CountIn(text), 1234u);
  for (size_t first = 0; first <= text.size(); ++first) {
    for (size_t second = first; second <= text.size(); ++second) {
      JsonCount count("resultCount");
      count.Feed(absl::string_view(text).substr(0, first));
      count.Feed(absl::string_view(text).substr(first, second - first));
      count.Feed(absl::string_view(text).substr(second));
      ASSERT_EQ(count.count(), 1234u) << first << " " << second;
    }
  }
}

TEST(JsonCountTest, GarbageIsNoNumber) {
  std::mt19937_64 random(3);
  const std::string good = R"({"resultCount":1,"results":[{"a":"b"}]})";
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    CountIn(text);  // ends, and reads nothing beyond it
  }
  EXPECT_EQ(CountIn(good), 1u);
}

}  // namespace
}  // namespace sightline::probe
