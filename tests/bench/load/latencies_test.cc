#include "tests/bench/load/latencies.h"

#include <gtest/gtest.h>

namespace sightline::load {
namespace {

TEST(LatenciesTest, QuantileIsTheLeastValueThatEnoughValuesDoNotExceed) {
  Latencies latencies;
  for (int ms = 100; ms >= 1; --ms) latencies.Add(absl::Milliseconds(ms));
  EXPECT_EQ(latencies.QuantileMs(0.5), 50);
  EXPECT_EQ(latencies.QuantileMs(0.99), 99);
  EXPECT_EQ(latencies.QuantileMs(0.991), 100);
  EXPECT_EQ(latencies.QuantileMs(1), 100);
  EXPECT_EQ(latencies.QuantileMs(0), 1);
}

TEST(LatenciesTest, MergeAfterAQuantileCountsBoth) {
  Latencies one;
  one.Add(absl::Milliseconds(5));
  EXPECT_EQ(one.QuantileMs(1), 5);
  Latencies other;
  other.Add(absl::Milliseconds(2));
  other.Add(absl::Milliseconds(9));
  one.Merge(other);
  EXPECT_EQ(one.count(), 3u);
  EXPECT_EQ(one.QuantileMs(0.5), 5);
  EXPECT_EQ(one.QuantileMs(1), 9);
}

TEST(LatenciesTest, WhatDoesNotFitCountsAsTheLimit) {
  Latencies latencies;
  latencies.Add(absl::Seconds(-1));
  EXPECT_EQ(latencies.QuantileMs(1), 0);
  latencies.Add(absl::Hours(100));
  EXPECT_EQ(latencies.QuantileMs(1), 4294967.295);
}

TEST(LatenciesTest, NoneIsZero) {
  EXPECT_EQ(Latencies().ToJson(),
            R"({"count": 0, "p50_ms": 0.000, "p90_ms": 0.000, "p99_ms": 0.000, "max_ms": 0.000})");
}

}  // namespace
}  // namespace sightline::load
