#include "collector/bucket.h"

#include <gtest/gtest.h>

#include "tests/collector/memory_store.h"

namespace sightline {
namespace {

TEST(BucketTest, OneSlash24IsOneOrigin) {
  EXPECT_EQ(PrefixOf("ipv4:30.11.1.2:3456"), PrefixOf("ipv4:30.11.1.99:1"));
  EXPECT_NE(PrefixOf("ipv4:30.11.1.2:3456"), PrefixOf("ipv4:30.11.2.2:3456"));
}

TEST(BucketTest, OneSlash48IsOneOrigin) {
  EXPECT_EQ(PrefixOf("ipv6:%5B2a00:1:2:3::1%5D:443"), PrefixOf("ipv6:[2a00:1:2:ffff::9]:1"));
  EXPECT_NE(PrefixOf("ipv6:[2a00:1:2::1]:443"), PrefixOf("ipv6:[2a00:1:3::1]:443"));
}

TEST(BucketTest, Ipv4WithinIpv6IsTheSameOrigin) {
  EXPECT_EQ(PrefixOf("ipv6:[::ffff:30.11.1.2]:443"), PrefixOf("ipv4:30.11.1.2:3456"));
}

TEST(BucketTest, WhatIsNoAddressHasNoPrefix) {
  EXPECT_EQ(PrefixOf("unix:/run/socket"), "");
  EXPECT_EQ(PrefixOf("ipv4:nonsense:1"), "");
  EXPECT_EQ(PrefixOf(""), "");
}

TEST(BucketTest, TheNetworkAndTheKeyChangeTheBucket) {
  const Origin origin{"CN", 4134, "\x1e\x0b\x01"};
  const Origin other_network{"CN", 4837, "\x1e\x0b\x01"};
  EXPECT_EQ(BucketOf(origin, "key").size(), kBucketBytes);
  EXPECT_EQ(BucketOf(origin, "key"), BucketOf(origin, "key"));
  EXPECT_NE(BucketOf(origin, "key"), BucketOf(other_network, "key"));
  EXPECT_NE(BucketOf(origin, "key"), BucketOf(origin, "yek"));
}

TEST(BucketTest, AKeyServesOneDay) {
  MemoryStore store;
  BucketKeys keys(store);
  const absl::Time midnight = absl::FromUnixSeconds(1'712'361'600);
  EXPECT_EQ(DayOf(midnight), DayOf(midnight + absl::Hours(24) - absl::Nanoseconds(1)));
  EXPECT_EQ(DayOf(midnight) - 1, DayOf(midnight - absl::Nanoseconds(1)));
  EXPECT_EQ(*keys.KeyFor(midnight), *keys.KeyFor(midnight + absl::Hours(23)));
  EXPECT_NE(*keys.KeyFor(midnight), *keys.KeyFor(midnight + absl::Hours(24)));
  store.FailWith(absl::UnavailableError("gone"));
  EXPECT_TRUE(keys.KeyFor(midnight).ok()) << "a key once read needs no store";
}

}  // namespace
}  // namespace sightline
