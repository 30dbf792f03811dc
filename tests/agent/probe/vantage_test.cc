#include "agent/probe/vantage.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

namespace sightline::probe {
namespace {

constexpr int64_t kRoundMs = 1'800'000'000'000;

Glimpse Seen(v1::Egress egress, const std::string& interface, const char* domestic = nullptr,
             const char* foreign = nullptr) {
  Glimpse glimpse{egress, interface, {}, {}};
  if (domestic != nullptr) glimpse.domestic_echo = ParseIpAddress(domestic);
  if (foreign != nullptr) glimpse.foreign_echo = ParseIpAddress(foreign);
  return glimpse;
}

Glimpse Echoes(const char* domestic, const char* foreign) {
  return Seen(v1::EGRESS_DIRECT, "eth0", domestic, foreign);
}

void AddTarget(v1::Plan& plan, const std::string& name, v1::TargetKind kind,
               v1::CheckProtocol protocol) {
  v1::Target& target = *plan.add_targets();
  target.set_target_id(name);
  target.set_kind(kind);
  v1::Check& check = *target.add_features()->add_checks();
  check.set_check_id(name);
  check.set_protocol(protocol);
}

v1::Plan AnchorPlan() {
  v1::Plan plan;
  AddTarget(plan, "home", v1::TARGET_KIND_DOMESTIC_ANCHOR, v1::CHECK_PROTOCOL_HTTPS);
  AddTarget(plan, "abroad", v1::TARGET_KIND_FOREIGN_ANCHOR, v1::CHECK_PROTOCOL_TCP);
  AddTarget(plan, "service", v1::TARGET_KIND_SERVICE, v1::CHECK_PROTOCOL_HTTPS);
  return plan;
}

// An exchange over verified TLS that took 100 ms and ended the observation `end_ms` into the round.
v1::Observation Dated(int64_t date_s, uint32_t end_ms) {
  v1::Observation observation;
  observation.set_check_id("service");
  observation.set_start_offset_ms(end_ms - 300);
  observation.set_duration_ms(300);
  v1::Attempt& attempt = *observation.add_attempts();
  attempt.mutable_tls()->set_verified(true);
  attempt.mutable_http()->set_status(200);
  attempt.mutable_http()->set_exchange_us(100'000);
  attempt.mutable_http()->set_date_s(date_s);
  return observation;
}

v1::Observation Connected(const std::string& check_id, uint32_t connect_us, bool verified) {
  v1::Observation observation;
  observation.set_check_id(check_id);
  observation.add_attempts()->set_connect_us(connect_us);
  observation.mutable_attempts(0)->mutable_tls()->set_verified(verified);
  return observation;
}

v1::Vantage Describe(const std::vector<Glimpse>& glimpses) {
  return DescribeVantage(AnchorPlan(), glimpses, {}, nullptr, kRoundMs, {});
}

v1::Vantage Describe(const std::vector<v1::Observation>& observations) {
  return DescribeVantage(AnchorPlan(), {}, observations, nullptr, kRoundMs, {});
}

TEST(VantageTest, NothingSeenSaysNothing) {
  EXPECT_EQ(Describe(std::vector<Glimpse>()).ByteSizeLong(), 0u);
  EXPECT_EQ(Describe({Glimpse(), Glimpse()}).ByteSizeLong(), 0u);
}

TEST(VantageTest, FactsOfTheMachineAreCarried) {
  const v1::Vantage vantage =
      DescribeVantage({}, {}, {}, nullptr, kRoundMs, {true, v1::PRESENCE_PRESENT});
  EXPECT_TRUE(vantage.proxy_configured());
  EXPECT_EQ(vantage.tcp_timestamps(), v1::PRESENCE_PRESENT);
}

TEST(VantageTest, RouteAndItsChange) {
  const Glimpse wifi = Seen(v1::EGRESS_DIRECT, "wlan0");
  const Glimpse cable = Seen(v1::EGRESS_DIRECT, "eth0");
  const Glimpse vpn = Seen(v1::EGRESS_TUN, "tun0");
  const Glimpse none = Seen(v1::EGRESS_NONE, "");
  const struct {
    std::vector<Glimpse> glimpses;
    v1::Egress egress;
    bool changed;
    const char* why;
  } kCases[] = {
      {{wifi, wifi, wifi}, v1::EGRESS_DIRECT, false, "stays"},
      {{wifi, cable, cable}, v1::EGRESS_DIRECT, true, "another interface of the same kind"},
      {{wifi, vpn, wifi}, v1::EGRESS_TUN, true, "a VPN that came and went is told"},
      {{Seen(v1::EGRESS_TUN, "x"), Seen(v1::EGRESS_DIRECT, "x")}, v1::EGRESS_TUN, true, "kind"},
      {{none, wifi}, v1::EGRESS_DIRECT, true, "the line came up"},
      {{none, none}, v1::EGRESS_NONE, false, "no line"},
      {{wifi, Glimpse(), wifi}, v1::EGRESS_DIRECT, false, "not found out is no change"},
  };
  for (const auto& in : kCases) {
    const v1::Vantage vantage = Describe(in.glimpses);
    EXPECT_EQ(vantage.egress(), in.egress) << in.why;
    EXPECT_EQ(vantage.route_changed(), in.changed) << in.why;
  }
}

TEST(VantageTest, AddressesOverTimeAndFromBothSides) {
  constexpr v1::Agreement kSame = v1::AGREEMENT_SAME;
  constexpr v1::Agreement kDifferent = v1::AGREEMENT_DIFFERENT;
  constexpr v1::Agreement kUnknown = v1::AGREEMENT_UNSPECIFIED;
  constexpr char kA[] = "198.51.100.1";
  constexpr char kB[] = "198.51.100.2";
  constexpr char kV6[] = "2001:db8::1";
  const struct {
    std::vector<Glimpse> glimpses;
    v1::Agreement stable;
    v1::Agreement agree;
    const char* why;
  } kCases[] = {
      {{Echoes(kA, kA)}, kUnknown, kSame, "one look shows no time"},
      {{Echoes(kA, kA), Echoes(kA, kA), Echoes(kA, kA)}, kSame, kSame, "all equal"},
      {{Echoes(kA, kA), Echoes(kB, kB), Echoes(kA, kA)}, kDifferent, kSame, "moved and back"},
      {{Echoes(kA, nullptr), Echoes(nullptr, nullptr), Echoes(kB, nullptr)},
       kDifferent,
       kUnknown,
       "moved while nobody answered"},
      {{Echoes(kA, nullptr), Echoes(nullptr, kA)}, kUnknown, kUnknown, "never the same side"},
      {{Echoes(kA, kB), Echoes(kA, kB)}, kSame, kDifferent, "split tunnel"},
      {{Echoes(kA, kA), Echoes(kA, kB)}, kDifferent, kDifferent, "tunnel came up abroad only"},
      {{Echoes(kA, kV6), Echoes(kA, kV6)}, kSame, kUnknown, "families do not compare"},
  };
  for (const auto& in : kCases) {
    const v1::Vantage vantage = Describe(in.glimpses);
    EXPECT_EQ(vantage.address_stable(), in.stable) << in.why;
    EXPECT_EQ(vantage.echoes_agree(), in.agree) << in.why;
  }
}

// Serialised and as text, in which addresses could hide as bytes, words or numbers.
TEST(VantageTest, HoldsNoAddressAndNoInterface) {
  const std::vector<Glimpse> glimpses = {
      Seen(v1::EGRESS_TUN, "tun0", "198.51.100.7", "203.0.113.9"),
      Seen(v1::EGRESS_DIRECT, "eth0", "198.51.100.8", "2001:db8:77::5")};
  v1::Observation portal = Dated(kRoundMs / 1000, 5000);
  portal.mutable_attempts(0)->set_address("198.51.100.7");
  const v1::Vantage vantage = DescribeVantage(AnchorPlan(), glimpses, {portal}, &portal, kRoundMs,
                                              {true, v1::PRESENCE_PRESENT});
  const std::string bytes = vantage.SerializeAsString();
  const std::string text = vantage.DebugString();
  ASSERT_FALSE(bytes.empty());
  for (const Glimpse& glimpse : glimpses) {
    for (const auto& echo : {glimpse.domestic_echo, glimpse.foreign_echo}) {
      const auto size = echo->v6 ? 16 : 4;
      const std::string binary(echo->bytes.begin(), echo->bytes.begin() + size);
      const std::string reversed(binary.rbegin(), binary.rend());
      for (const std::string& secret : {binary, reversed, FormatIpAddress(*echo)}) {
        EXPECT_EQ(bytes.find(secret), std::string::npos) << FormatIpAddress(*echo);
        EXPECT_EQ(text.find(secret), std::string::npos) << FormatIpAddress(*echo);
      }
    }
    EXPECT_EQ(bytes.find(glimpse.interface), std::string::npos);
  }
}

TEST(VantageTest, FakeIpIsWhatTheSystemResolverSays) {
  v1::Observation observation;
  v1::DnsEvidence& lookup = *observation.add_other_lookups();
  lookup.add_responses()->add_addresses("198.18.0.0/15");
  lookup.set_source(v1::DNS_SOURCE_INJECTION_CONTROL);
  EXPECT_FALSE(Describe({observation}).fake_ip_dns());
  lookup.set_source(v1::DNS_SOURCE_SYSTEM);
  EXPECT_TRUE(Describe({v1::Observation(), observation}).fake_ip_dns());
  lookup.mutable_responses(0)->set_addresses(0, "10.0.0.0/8");
  EXPECT_FALSE(Describe({observation}).fake_ip_dns());
}

TEST(VantageTest, ClockThatIsRight) {
  // The server answered in the middle of the exchange, half a second into its second.
  const v1::Vantage vantage = Describe({Dated(kRoundMs / 1000 + 4, 4550)});
  EXPECT_EQ(vantage.clock_offset_ms(), 0);
  EXPECT_EQ(vantage.clock_offset_error_ms(), 550u);
}

TEST(VantageTest, ClockThatIsFastOrSlow) {
  EXPECT_EQ(Describe({Dated(kRoundMs / 1000 - 56, 4550)}).clock_offset_ms(), 60'000);
  EXPECT_EQ(Describe({Dated(kRoundMs / 1000 + 64, 4550)}).clock_offset_ms(), -60'000);
}

TEST(VantageTest, OneWrongServerDoesNotMoveTheClock) {
  const v1::Vantage vantage =
      Describe({Dated(kRoundMs / 1000 + 4, 4550), Dated(kRoundMs / 1000 + 9000, 4550),
                Dated(kRoundMs / 1000 + 4, 4850)});
  EXPECT_EQ(vantage.clock_offset_ms(), 0);
  EXPECT_EQ(vantage.clock_offset_error_ms(), 850u) << "550 and the median distance";
}

// Whatever phase of its second a server is in, the truth lies within the error.
TEST(VantageTest, TruthLiesWithinTheError) {
  for (const int64_t truth_ms : std::vector<int64_t>{-86'400'000, -1, 0, 777, 31'536'000'000}) {
    for (uint32_t end_ms = 1000; end_ms < 2000; end_ms += 7) {
      for (int64_t delay_ms : {0, 50, 100}) {  // When within the exchange the server answered.
        const int64_t server_ms = kRoundMs + end_ms - 100 + delay_ms - truth_ms;
        const v1::Vantage vantage = Describe({Dated(server_ms / 1000, end_ms)});
        EXPECT_LE(std::abs(vantage.clock_offset_ms() - truth_ms), vantage.clock_offset_error_ms())
            << truth_ms << " " << end_ms << " " << delay_ms;
      }
    }
  }
}

TEST(VantageTest, OnlyProvenServersThatEndTheObservationTellTheTime) {
  const int64_t date_s = kRoundMs / 1000 - 60;
  v1::Observation unverified = Dated(date_s, 4550);
  unverified.mutable_attempts(0)->mutable_tls()->set_verified(false);
  v1::Observation broken = Dated(date_s, 4550);
  broken.mutable_attempts(0)->mutable_http()->set_failure("eof_error");
  v1::Observation followed = Dated(date_s, 4550);
  followed.add_attempts()->set_connect_failure("generic_timeout_error");
  v1::Observation compared = Dated(date_s, 4550);
  compared.add_contrasts();
  v1::Observation redirected = Dated(date_s, 4550);
  redirected.add_redirects();
  for (const v1::Observation& observation :
       {unverified, broken, followed, compared, redirected, Dated(0, 4550), Dated(-5, 4550),
        Dated(std::numeric_limits<int64_t>::max(), 4550)}) {
    EXPECT_EQ(Describe({observation}).clock_offset_error_ms(), 0u) << observation.DebugString();
    EXPECT_EQ(Describe({observation}).clock_offset_ms(), 0) << observation.DebugString();
  }
  *redirected.mutable_redirects(0)->add_attempts() = redirected.attempts(0);
  EXPECT_NE(Describe({redirected}).clock_offset_error_ms(), 0u) << "the last hop counts";
}

TEST(VantageTest, ShortestConnectToEachSide) {
  const v1::Vantage vantage = Describe(
      {Connected("home", 9000, true), Connected("home", 7000, true), Connected("home", 10, false),
       Connected("abroad", 150'000, false), Connected("abroad", 0, false),
       Connected("service", 5, true), Connected("unknown", 1, true)});
  EXPECT_EQ(vantage.domestic_connect_us(), 7000u) << "an unproven server may be a proxy nearby";
  EXPECT_EQ(vantage.foreign_connect_us(), 150'000u);
}

TEST(VantageTest, CaptivePortalIsAnUnexpectedAnswer) {
  const auto portal = [](const v1::Observation& observation) {
    return DescribeVantage({}, {}, {}, &observation, kRoundMs, {}).captive_portal();
  };
  v1::Observation observation;
  EXPECT_EQ(portal(observation), v1::PRESENCE_UNSPECIFIED);
  observation.add_attempts()->set_connect_failure("generic_timeout_error");
  EXPECT_EQ(portal(observation), v1::PRESENCE_UNSPECIFIED);
  v1::HttpEvidence& http = *observation.add_attempts()->mutable_http();
  http.set_status(302);
  EXPECT_EQ(portal(observation), v1::PRESENCE_PRESENT);
  http.set_failure("connection_reset");
  EXPECT_EQ(portal(observation), v1::PRESENCE_UNSPECIFIED);
  http.clear_failure();
  http.set_status(204);
  http.set_expected(true);
  EXPECT_EQ(portal(observation), v1::PRESENCE_ABSENT);
}

TEST(VantageTest, TimestampsAsTheKernelSaysIt) {
  EXPECT_EQ(TcpTimestamps("1\n"), v1::PRESENCE_PRESENT);
  EXPECT_EQ(TcpTimestamps("2\n"), v1::PRESENCE_PRESENT);
  EXPECT_EQ(TcpTimestamps("0\n"), v1::PRESENCE_ABSENT);
  EXPECT_EQ(TcpTimestamps(""), v1::PRESENCE_UNSPECIFIED);
  EXPECT_EQ(TcpTimestamps("x"), v1::PRESENCE_UNSPECIFIED);
}

TEST(VantageTest, ProxyVariablesInEitherCase) {
  constexpr const char* kNames[] = {"http_proxy", "https_proxy", "all_proxy",
                                    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"};
  for (const char* name : kNames) unsetenv(name);
  EXPECT_FALSE(ProxyConfigured());
  for (const char* name : kNames) {
    setenv(name, "", 1);
    EXPECT_FALSE(ProxyConfigured()) << name << " is empty";
    setenv(name, "socks5://127.0.0.1:1080", 1);
    EXPECT_TRUE(ProxyConfigured()) << name;
    EXPECT_TRUE(ReadMachineFacts().proxy_configured);
    unsetenv(name);
  }
}

}  // namespace
}  // namespace sightline::probe
