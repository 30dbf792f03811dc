#include "agent/road.h"

#include <cstdint>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace sightline::agent {
namespace {

constexpr absl::string_view kThrough = " through ";
constexpr absl::string_view kScheme = "http://";

bool IsHostAndPort(absl::string_view text) {
  // A name and a password in it would be shown wherever the road is.
  if (text.find_first_of("/@?# \t\r\n") != absl::string_view::npos) return false;
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return false;
  uint32_t port = 0;
  return absl::SimpleAtoi(text.substr(colon + 1), &port) && port >= 1 && port <= 65535;
}

}  // namespace

absl::Status CheckProxy(absl::string_view proxy) {
  if (proxy.empty()) return absl::OkStatus();
  absl::string_view rest = proxy;
  if (absl::ConsumePrefix(&rest, kScheme) && IsHostAndPort(rest)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--proxy \"", absl::CEscape(proxy),
      "\": must be http://HOST:PORT of a proxy that allows CONNECT, without name and password, or "
      "none"));
}

std::vector<std::string> RoadsTo(const std::vector<std::string>& addresses,
                                 const std::string& proxy) {
  std::vector<std::string> roads = addresses;
  if (proxy.empty()) return roads;
  for (const std::string& address : addresses) {
    roads.push_back(absl::StrCat(address, kThrough, proxy));
  }
  return roads;
}

Road ParseRoad(absl::string_view road) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(road, absl::MaxSplits(kThrough, 1));
  return {parts.first, parts.second};
}

std::string HostOf(absl::string_view address) {
  absl::string_view host = address.substr(0, address.rfind(':'));
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  return std::string(host);
}

bool IsNoAnswer(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsInternal(status) || absl::IsUnknown(status);
}

std::string Reason(const absl::Status& status) {
  return status.message().empty() ? absl::StatusCodeToString(status.code())
                                  : std::string(status.message());
}

}  // namespace sightline::agent
