#include "agent/probe/vantage_notes.h"

#include <cstdint>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sightline::probe {
namespace {

// Below this a clock is as right as it needs to be: the error of one sample is about as large.
constexpr int64_t kClockOffsetNoticeMs = 5'000;

std::string EgressNote(v1::Egress egress) {
  constexpr absl::string_view kThatPath = "results describe that path, not your line.";
  switch (egress) {
    case v1::EGRESS_TUN:
      return absl::StrCat("Your default route goes through a VPN-like interface (tun): ",
                          kThatPath);
    case v1::EGRESS_WIREGUARD:
      return absl::StrCat("Your default route goes through a VPN (WireGuard): ", kThatPath);
    case v1::EGRESS_PPP:
      return absl::StrCat(
          "Your default route is a point-to-point link (ppp). With PPPoE that is your line; if it "
          "is a VPN, ",
          kThatPath);
    case v1::EGRESS_VIRTUAL:
      return absl::StrCat("Your default route goes through a virtual interface: ", kThatPath);
    case v1::EGRESS_NONE:
      return "This machine has no route to public addresses: nothing could be probed.";
    default:
      return "";
  }
}

std::string ClockNote(const v1::Vantage& vantage) {
  if (vantage.clock_offset_error_ms() == 0) return "";
  const int64_t offset_ms = std::abs(vantage.clock_offset_ms());
  if (offset_ms < kClockOffsetNoticeMs || offset_ms <= vantage.clock_offset_error_ms()) return "";
  return absl::StrFormat(
      "Your clock is about %d s %s: certificates may seem invalid, and reports may be refused.",
      offset_ms / 1000, vantage.clock_offset_ms() > 0 ? "fast" : "slow");
}

}  // namespace

std::vector<std::string> VantageNotes(const v1::Vantage& vantage) {
  std::vector<std::string> notes;
  const auto add = [&](bool applies, std::string note) {
    if (applies && !note.empty()) notes.push_back(std::move(note));
  };
  add(true, EgressNote(vantage.egress()));
  add(vantage.route_changed(),
      "Your default route changed meanwhile: results mix two paths. Run it again.");
  add(vantage.address_stable() == v1::AGREEMENT_DIFFERENT,
      "Your public address changed meanwhile: results may mix two lines. Run it again.");
  add(vantage.echoes_agree() == v1::AGREEMENT_DIFFERENT,
      "Servers at home and abroad see you under different addresses, as behind a split tunnel: "
      "results abroad may describe the tunnel, not your line.");
  add(vantage.fake_ip_dns(),
      "Your system resolver answers with made-up addresses (198.18.0.0/15), as proxy software "
      "does: connections may go through it, whatever the probe asks for.");
  add(vantage.proxy_configured(),
      "Your environment names a proxy. Probes do not use it, so your browser may see something "
      "else.");
  add(vantage.captive_portal() == v1::PRESENCE_PRESENT,
      "A captive portal seems to answer in place of other servers: log in to the network first.");
  add(true, ClockNote(vantage));
  return notes;
}

}  // namespace sightline::probe
