#include "agent/probe/resolver_set.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sightline/v1/plan.pb.h"

namespace sightline::probe {
namespace {

constexpr char kResolvConf[] = "nameserver 192.168.1.1\n";

v1::Plan PlanWith(const std::vector<std::string>& resolvers) {
  v1::Plan plan;
  for (const std::string& resolver : resolvers) plan.add_resolvers(resolver);
  return plan;
}

std::vector<std::string> Names(const std::vector<NamedResolver>& resolvers) {
  std::vector<std::string> names;
  for (const NamedResolver& resolver : resolvers) names.push_back(resolver.name);
  return names;
}

TEST(ResolverSetTest, HoldsWhatThePlanNames) {
  v1::Plan plan = PlanWith({"9.9.9.9:53", "[2620:fe::fe]:5353"});
  plan.set_ask_system_resolver(true);
  plan.set_injection_control("8.7.6.5:53");
  plan.add_forged_ranges("2001::/32");
  plan.add_forged_ranges("31.13.0.0/16");
  const auto set = MakeResolverSet(plan, ReservedRange, kResolvConf);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(Names(set->plan), (std::vector<std::string>{"9.9.9.9:53", "[2620:fe::fe]:5353"}));
  EXPECT_EQ(set->plan[1].address.port, 5353);
  EXPECT_TRUE(set->plan[1].address.address.v6);
  ASSERT_TRUE(set->injection_control.has_value());
  EXPECT_EQ(set->injection_control->name, "8.7.6.5:53");
  ASSERT_TRUE(set->system.has_value());
  EXPECT_EQ(FormatIpAddress(set->system->address.address), "192.168.1.1");
  ASSERT_EQ(set->forged_ranges.size(), 2U);
  EXPECT_EQ(set->forged_ranges[0].text, "2001::/32");
}

TEST(ResolverSetTest, WithoutTheWishNobodyElseIsAsked) {
  const auto set = MakeResolverSet(PlanWith({"9.9.9.9:53"}), ReservedRange, kResolvConf);
  ASSERT_TRUE(set.ok());
  EXPECT_FALSE(set->system.has_value());
  EXPECT_FALSE(set->injection_control.has_value());
}

TEST(ResolverSetTest, UnusableEntriesAreLeftOut) {
  v1::Plan plan = PlanWith({"nonsense", "10.0.0.1:53", "9.9.9.9:53", "1.1.1.1:0", "1.1.1.1:53"});
  plan.set_injection_control("192.168.1.1:53");
  plan.add_forged_ranges("nonsense");
  plan.add_forged_ranges("2001::/32");
  plan.set_ask_system_resolver(true);
  const auto set = MakeResolverSet(plan, ReservedRange, "search lan\n");
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(Names(set->plan), (std::vector<std::string>{"9.9.9.9:53", "1.1.1.1:53"}));
  EXPECT_FALSE(set->injection_control.has_value());
  EXPECT_FALSE(set->system.has_value());
  ASSERT_EQ(set->forged_ranges.size(), 1U);
  EXPECT_EQ(set->forged_ranges[0].text, "2001::/32");
}

TEST(ResolverSetTest, FirstAndThreeFurtherResolversAtMost) {
  const auto set = MakeResolverSet(
      PlanWith({"1.1.1.1:53", "1.1.1.2:53", "1.1.1.3:53", "1.1.1.4:53", "1.1.1.5:53"}),
      ReservedRange, "");
  ASSERT_TRUE(set.ok());
  ASSERT_EQ(set->plan.size(), kPlanResolversMax);
  EXPECT_EQ(set->plan[3].name, "1.1.1.4:53");
}

TEST(ResolverSetTest, WithoutAnyUsableResolverItSaysWhy) {
  for (const auto& resolvers : std::vector<std::vector<std::string>>{{}, {"10.0.0.1:53"}}) {
    v1::Plan plan = PlanWith(resolvers);
    plan.set_ask_system_resolver(true);
    const auto set = MakeResolverSet(plan, ReservedRange, kResolvConf);
    ASSERT_FALSE(set.ok());
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string reason = resolvers.empty() ? "names no resolver" : "10.0.0.0/8";
    EXPECT_NE(set.status().message().find(reason), absl::string_view::npos) << set.status();
  }
}

TEST(SystemResolverTest, FirstNameserverThatIsAnAddressCounts) {
  struct Case {
    std::string text;
    std::string address;
  };
  const std::vector<Case> cases = {
      {"nameserver 192.168.1.1\nnameserver 9.9.9.9\n", "192.168.1.1"},
      {"nameserver 2620:fe::fe", "2620:fe::fe"},
      {"search lan\r\noptions ndots:5\r\nnameserver\t127.0.0.53\r\n", "127.0.0.53"},
      {"# nameserver 1.1.1.1\n;nameserver 1.1.1.1\n  nameserver 9.9.9.9 # ours\n", "9.9.9.9"},
      {"nameserver fe80::1%eth0\nnameserver 9.9.9.9\n", "9.9.9.9"},
      {"nameserver\nnameserver dns.lan\nnameserver 9.9.9.9:53\nnameservers 1.1.1.1\n", ""},
      {"", ""},
      {std::string("nameserver 9.9.9.9\0x\n", 21), ""},
  };
  for (const Case& in : cases) {
    const std::optional<NamedResolver> found = SystemResolver(in.text);
    ASSERT_EQ(found.has_value(), !in.address.empty()) << in.text;
    if (!found.has_value()) continue;
    EXPECT_EQ(FormatIpAddress(found->address.address), in.address) << in.text;
    EXPECT_EQ(found->address.port, 53);
    EXPECT_EQ(found->name, "system");
  }
}

}  // namespace
}  // namespace sightline::probe
