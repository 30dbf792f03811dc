#include "agent/probe/vantage_notes.h"

#include <gmock/gmock.h>

#include <functional>

namespace sightline::probe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(VantageNotesTest, NothingToSayAboutAnOrdinaryPlace) {
  v1::Vantage vantage;
  EXPECT_THAT(VantageNotes(vantage), IsEmpty());
  vantage.set_egress(v1::EGRESS_DIRECT);
  vantage.set_address_stable(v1::AGREEMENT_SAME);
  vantage.set_echoes_agree(v1::AGREEMENT_SAME);
  vantage.set_captive_portal(v1::PRESENCE_ABSENT);
  vantage.set_tcp_timestamps(v1::PRESENCE_PRESENT);
  vantage.set_domestic_connect_us(9000);
  vantage.set_foreign_connect_us(150'000);
  vantage.set_clock_offset_ms(-700);
  vantage.set_clock_offset_error_ms(550);
  EXPECT_THAT(VantageNotes(vantage), IsEmpty());
}

TEST(VantageNotesTest, EachConfounderHasItsSentence) {
  const struct {
    const char* text;
    std::function<void(v1::Vantage&)> set;
  } kCases[] = {
      {"(tun)", [](v1::Vantage& v) { v.set_egress(v1::EGRESS_TUN); }},
      {"WireGuard", [](v1::Vantage& v) { v.set_egress(v1::EGRESS_WIREGUARD); }},
      {"PPPoE", [](v1::Vantage& v) { v.set_egress(v1::EGRESS_PPP); }},
      {"virtual interface", [](v1::Vantage& v) { v.set_egress(v1::EGRESS_VIRTUAL); }},
      {"no route", [](v1::Vantage& v) { v.set_egress(v1::EGRESS_NONE); }},
      {"route changed", [](v1::Vantage& v) { v.set_route_changed(true); }},
      {"public address changed",
       [](v1::Vantage& v) { v.set_address_stable(v1::AGREEMENT_DIFFERENT); }},
      {"split tunnel", [](v1::Vantage& v) { v.set_echoes_agree(v1::AGREEMENT_DIFFERENT); }},
      {"198.18.0.0/15", [](v1::Vantage& v) { v.set_fake_ip_dns(true); }},
      {"names a proxy", [](v1::Vantage& v) { v.set_proxy_configured(true); }},
      {"captive portal", [](v1::Vantage& v) { v.set_captive_portal(v1::PRESENCE_PRESENT); }},
      {"61 s fast",
       [](v1::Vantage& v) {
         v.set_clock_offset_ms(61'000);
         v.set_clock_offset_error_ms(600);
       }},
      {"61 s slow",
       [](v1::Vantage& v) {
         v.set_clock_offset_ms(-61'000);
         v.set_clock_offset_error_ms(600);
       }},
  };
  for (const auto& in : kCases) {
    v1::Vantage vantage;
    in.set(vantage);
    EXPECT_THAT(VantageNotes(vantage), ElementsAre(HasSubstr(in.text)));
  }
}

TEST(VantageNotesTest, ClockIsNotBlamedBeyondWhatIsKnown) {
  v1::Vantage vantage;
  vantage.set_clock_offset_ms(61'000);
  EXPECT_THAT(VantageNotes(vantage), IsEmpty()) << "not known at all";
  vantage.set_clock_offset_error_ms(90'000);
  EXPECT_THAT(VantageNotes(vantage), IsEmpty());
}

}  // namespace
}  // namespace sightline::probe
