#include "agent/doctor_machine.h"

#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "agent/ingest_client_grpc.h"
#include "agent/probe/resolver_set.h"
#include "common/files.h"

namespace sightline::agent {
namespace {

constexpr const char kFakeIpRange[] = "198.18.0.0/15";
constexpr const char kSetClock[] =
    "set the clock, and let the system keep it: sudo timedatectl set-ntp true";
// No agent that has this check was there before.
constexpr absl::CivilDay kEarliest(2026, 11, 1);
// Signing and reading a plan may be minutes apart from what two good clocks say.
constexpr absl::Duration kPlanSlack = absl::Minutes(5);
constexpr absl::Duration kOffsetNoticed = absl::Minutes(1);
constexpr absl::Duration kOffsetTooLarge = absl::Minutes(10);
constexpr absl::Duration kSlowAnswer = absl::Seconds(2);
// Any public address would do: the kernel says which way it would go, and no packet does.
constexpr const char kSomewhereV4[] = "1.1.1.1";
constexpr const char kSomewhereV6[] = "2606:4700:4700::1111";

std::string ReadText(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

bool IsThere(v1::Egress egress) {
  return egress != v1::EGRESS_NONE && egress != v1::EGRESS_UNSPECIFIED;
}

bool LooksLikeVpn(v1::Egress egress) {
  return egress == v1::EGRESS_TUN || egress == v1::EGRESS_WIREGUARD || egress == v1::EGRESS_VIRTUAL;
}

std::string WayText(const char* family, const probe::EgressView& view) {
  if (view.egress == v1::EGRESS_UNSPECIFIED) return absl::StrCat(family, " unknown");
  return absl::StrCat(family, IsThere(view.egress) ? " by " + view.interface : " none");
}

std::string AddressesText(const NameAnswer& answer) {
  std::vector<std::string> texts;
  for (const IpAddress& address : answer.addresses) texts.push_back(FormatIpAddress(address));
  return absl::StrJoin(texts, ", ");
}

bool HasFakeAddress(const NameAnswer& answer) {
  const std::optional<AddressRange> range = ParseAddressRange(kFakeIpRange);
  return std::any_of(answer.addresses.begin(), answer.addresses.end(),
                     [&](const IpAddress& address) { return Contains(*range, address); });
}

}  // namespace

std::optional<bool> ClockIsSynchronised() {
  timex state = {};
  const int result = adjtimex(&state);
  if (result < 0) return std::nullopt;
  return result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

RouteFacts LookAtRoutes() {
  return {probe::FindEgress(*ParseIpAddress(kSomewhereV4)),
          probe::FindEgress(*ParseIpAddress(kSomewhereV6))};
}

std::vector<std::string> ProxiesOfEnvironment(
    const std::function<const char*(const char*)>& variable) {
  std::vector<std::string> names;
  for (const char* name :
       {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}) {
    const char* value = variable(name);
    if (value != nullptr && *value != '\0') names.emplace_back(name);
  }
  return names;
}

absl::Status LookAtSystemRoots() { return ReadSystemRoots().status(); }

RightsFacts LookAtRights() {
  RightsFacts facts;
  facts.user = geteuid();
  const std::string status = ReadText("/proc/self/status");
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    if (!absl::ConsumePrefix(&line, "CapEff:\t")) continue;
    if (!absl::SimpleHexAtoi(line, &facts.capabilities)) facts.capabilities = 0;
  }
  return facts;
}

std::string ConfiguredResolver() {
  const auto resolver = probe::SystemResolver(ReadText("/etc/resolv.conf"));
  return resolver ? FormatIpAddress(resolver->address.address) : std::string();
}

Finding JudgeClock(const ClockFacts& facts) {
  const std::string now = TimeText(facts.now);
  const absl::Time earliest = absl::FromCivil(kEarliest, absl::UTCTimeZone());
  if (facts.now < earliest) {
    return Problem("clock",
                   absl::StrCat("it says ", now,
                                ", which is long past: certificates and "
                                "plans seem not to be valid yet"),
                   kSetClock);
  }
  if (facts.plan_issue_time && facts.now < *facts.plan_issue_time - kPlanSlack) {
    return Problem("clock",
                   absl::StrCat("it says ", now, ", and the plan was issued at ",
                                TimeText(*facts.plan_issue_time), ": it is behind"),
                   kSetClock);
  }
  if (facts.offset && absl::AbsDuration(*facts.offset) > kOffsetNoticed) {
    const bool ahead = *facts.offset > absl::ZeroDuration();
    const std::string text = absl::StrCat(
        "it is ",
        absl::FormatDuration(absl::Trunc(absl::AbsDuration(*facts.offset), absl::Seconds(1))),
        ahead ? " ahead of" : " behind",
        " the collector's, so what this machine sees is booked at "
        "a wrong time");
    return absl::AbsDuration(*facts.offset) > kOffsetTooLarge ? Problem("clock", text, kSetClock)
                                                              : Warning("clock", text, kSetClock);
  }
  if (facts.synchronised == false) {
    return Warning("clock",
                   absl::StrCat("it says ", now,
                                "; nothing keeps it right (no NTP), so it may "
                                "drift"),
                   "sudo timedatectl set-ntp true");
  }
  return Ok("clock",
            absl::StrCat("it says ", now,
                         facts.synchronised ? ", kept right by NTP"
                                            : "; whether NTP keeps it right "
                                              "is not known",
                         facts.offset ? absl::StrCat(", ", absl::ToInt64Milliseconds(*facts.offset),
                                                     " ms from the collector's")
                                      : ""));
}

Finding JudgeRoutes(const RouteFacts& facts) {
  const std::string text = absl::StrCat(WayText("IPv4", facts.v4), ", ", WayText("IPv6", facts.v6));
  const bool known =
      facts.v4.egress != v1::EGRESS_UNSPECIFIED || facts.v6.egress != v1::EGRESS_UNSPECIFIED;
  if (known && !IsThere(facts.v4.egress) && !IsThere(facts.v6.egress)) {
    return Problem("route", "this machine has no way to the internet (no default route)",
                   "connect the network; `ip route` shows what there is");
  }
  for (const probe::EgressView& view : {facts.v4, facts.v6}) {
    if (!LooksLikeVpn(view.egress)) continue;
    return Warning("route",
                   absl::StrCat(text, "; ", view.interface,
                                " looks like a VPN. Reports are then "
                                "labelled so, and say little of your own line"),
                   "let this machine, or the agent, go without the VPN if you can");
  }
  return Ok("route", text);
}

Finding JudgeNames(const NameFacts& facts) {
  if (facts.resolver.empty()) {
    return Problem("dns", "/etc/resolv.conf names no resolver, so no name can be looked up",
                   "connect the network, or write a line \"nameserver ADDRESS\" there");
  }
  if (!facts.asked)
    return Ok("dns", absl::StrCat("the resolver is ", facts.resolver, "; not asked"));
  std::vector<std::string> texts;
  for (const NameAnswer& answer : facts.answers) {
    const std::string took = absl::StrCat(absl::ToInt64Milliseconds(answer.took), " ms");
    if (!answer.status.ok()) {
      return Warning(
          "dns",
          absl::StrCat("the resolver ", facts.resolver, " gave no address for ", answer.name, " (",
                       answer.status.message(), ", after ", took, ")"),
          "if other names work, this one may be blocked, and a proxy can help; otherwise "
          "mend the network or name another resolver in /etc/resolv.conf");
    }
    if (HasFakeAddress(answer)) {
      return Warning("dns",
                     absl::StrCat(answer.name, " has the made-up address ", AddressesText(answer),
                                  " (", kFakeIpRange,
                                  "), as proxy software on this machine or its "
                                  "router gives. Reports are then labelled so"),
                     "let this machine go without that software if you can");
    }
    if (answer.took > kSlowAnswer) {
      return Warning(
          "dns",
          absl::StrCat("the resolver ", facts.resolver, " took ", took, " for ", answer.name),
          "nothing if this was once; otherwise name another resolver");
    }
    texts.push_back(absl::StrCat(answer.name, " is ", AddressesText(answer), " (", took, ")"));
  }
  return Ok("dns", absl::StrCat("the resolver is ", facts.resolver,
                                texts.empty() ? "; the collectors have addresses, not names"
                                              : "; " + absl::StrJoin(texts, "; ")));
}

Finding JudgeProxy(const ProxyFacts& facts) {
  const std::string used =
      facts.configured.empty()
          ? "reports go directly, through no proxy"
          : absl::StrCat("reports go directly first, then through ", facts.configured);
  if (!facts.environment.empty() && facts.configured.empty()) {
    return Warning(
        "proxy",
        absl::StrCat(used, "; the environment names one (", absl::StrJoin(facts.environment, ", "),
                     "), which the agent does not use"),
        "nothing if a road below works; otherwise write into /etc/sightline/agent.toml: "
        "proxy = \"http://HOST:PORT\"");
  }
  return Ok("proxy", used);
}

Finding JudgeRoots(const RootsFacts& facts) {
  if (facts.system.ok()) {
    return Ok("roots", facts.pinned
                           ? "the invite says which certificates the collector may show; the "
                             "system's are there for the checks"
                           : "the collector is known by the system's certificate authorities");
  }
  constexpr const char kInstall[] = "sudo apt install ca-certificates";
  if (facts.pinned) {
    return Warning("roots",
                   absl::StrCat(facts.system.message(),
                                ": the collector is known without them, but checks of web sites "
                                "call every certificate unknown"),
                   kInstall);
  }
  return Problem("roots",
                 absl::StrCat(facts.system.message(),
                              ": the collector cannot be told from an "
                              "impostor, so nothing is sent"),
                 kInstall);
}

Finding JudgeRights(const RightsFacts& facts) {
  if (facts.user == 0) {
    return Warning("rights",
                   "the agent would run as root here; it needs no capability and no root, and a "
                   "mistake in it would be root's",
                   "give the folder to a user of its own, as the package does");
  }
  return Ok("rights",
            absl::StrCat("user ", facts.user, "; the agent needs no capability and no root",
                         facts.capabilities == 0 ? "" : ", and has some here"));
}

}  // namespace sightline::agent
