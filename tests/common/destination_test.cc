#include "common/destination.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sightline {
namespace {

absl::string_view AllowAll(const IpAddress&) { return {}; }

TEST(DestinationTest, ReservedAddressesAreToldByTheirRange) {
  struct Case {
    const char* address;
    const char* range;
  };
  const std::vector<Case> cases = {
      {"0.0.0.0", "0.0.0.0/8"},
      {"10.1.2.3", "10.0.0.0/8"},
      {"100.64.0.1", "100.64.0.0/10"},
      {"100.127.255.255", "100.64.0.0/10"},
      {"127.0.0.1", "127.0.0.0/8"},
      {"169.254.1.1", "169.254.0.0/16"},
      {"172.16.0.1", "172.16.0.0/12"},
      {"172.31.255.255", "172.16.0.0/12"},
      {"192.0.2.7", "192.0.2.0/24"},
      {"192.168.1.1", "192.168.0.0/16"},
      {"198.18.0.1", "198.18.0.0/15"},
      {"198.19.255.255", "198.18.0.0/15"},
      {"198.51.100.1", "198.51.100.0/24"},
      {"203.0.113.9", "203.0.113.0/24"},
      {"224.0.0.1", "224.0.0.0/4"},
      {"239.255.255.250", "224.0.0.0/4"},
      {"255.255.255.255", "240.0.0.0/4"},
      {"::", "::/128"},
      {"::1", "::1/128"},
      {"::ffff:8.8.8.8", "::ffff:0:0/96"},
      {"::8.8.8.8", "::/96"},
      {"64:ff9b::808:808", "64:ff9b::/96"},
      {"2001::1", "2001::/23"},
      {"2001:db8::1", "2001:db8::/32"},
      {"2002:808:808::1", "2002::/16"},
      {"fd00::1", "fc00::/7"},
      {"fe80::1", "fe80::/10"},
      {"ff02::1", "ff00::/8"},
      {"4000::1", "::/0 outside 2000::/3"},
  };
  for (const Case& in : cases) {
    const auto address = ParseIpAddress(in.address);
    ASSERT_TRUE(address.has_value()) << in.address;
    EXPECT_EQ(ReservedRange(*address), in.range) << in.address;
  }
}

TEST(DestinationTest, PublicAddressesPass) {
  for (const char* text :
       {"1.1.1.1", "9.255.255.255", "11.0.0.1", "30.0.1.2", "100.63.255.255", "100.128.0.0",
        "172.15.255.255", "172.32.0.0", "192.0.1.1", "198.17.255.255", "198.20.0.0",
        "223.255.255.255", "2606:4700::1111", "2a00:1450::1"}) {
    const auto address = ParseIpAddress(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(ReservedRange(*address), "") << text;
    EXPECT_EQ(FormatIpAddress(*address), text);
  }
}

TEST(DestinationTest, OnlyWholeLiteralsAreAddresses) {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4x", "[::1]", "fe80::1%eth0",
                           "example.com", "1.2.3.4:80", "0x7f.1"}) {
    EXPECT_FALSE(ParseIpAddress(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseIpAddress(absl::string_view("1.2.3.4\0", 8)).has_value());
}

TEST(DestinationTest, ResolversAreAddressAndPort) {
  const auto v4 = ParseResolver("9.9.9.9:53", ReservedRange);
  ASSERT_TRUE(v4.ok()) << v4.status();
  EXPECT_EQ(FormatIpAddress(v4->address), "9.9.9.9");
  EXPECT_EQ(v4->port, 53);
  const auto v6 = ParseResolver("[2620:fe::fe]:5353", ReservedRange);
  ASSERT_TRUE(v6.ok()) << v6.status();
  EXPECT_EQ(v6->port, 5353);
  for (const char* text : {"9.9.9.9", "9.9.9.9:0", "9.9.9.9:65536", "9.9.9.9:-1", "9.9.9.9:x",
                           "2620:fe::fe:53", "[9.9.9.9]:53", "dns.example:53", ":53", ""}) {
    EXPECT_EQ(ParseResolver(text, AllowAll).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(DestinationTest, APrivateResolverIsRefusedWithItsRange) {
  const absl::Status status = ParseResolver("192.168.0.1:53", ReservedRange).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("192.168.0.0/16"), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace sightline
