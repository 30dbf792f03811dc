#include "agent/probe/redirect.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/src.hpp>
#include <boost/url/url_view.hpp>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/probe/destination.h"

namespace sightline::probe {
namespace {

namespace urls = boost::urls;

constexpr size_t kNameBytesMax = 253;
constexpr size_t kLabelBytesMax = 63;

bool IsDnsLabel(absl::string_view label) {
  return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_';
         });
}

// A name whose last label is a number is what browsers take for an address, such as 127.1 or
// 0x7f000001.
bool EndsInNumber(absl::string_view label) {
  return std::all_of(label.begin(), label.end(), absl::ascii_isdigit) ||
         absl::StartsWith(label, "0x");
}

bool IsDnsName(absl::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) return false;
  const std::vector<absl::string_view> labels = absl::StrSplit(name, '.');
  return std::all_of(labels.begin(), labels.end(), IsDnsLabel) && !EndsInNumber(labels.back());
}

// The host without brackets and in lower case, or empty when a probe cannot ask for it.
std::string HostOf(const urls::url_view& url) {
  const urls::string_view text = url.encoded_host_address();
  std::string host = absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
  switch (url.host_type()) {
    case urls::host_type::name:
      return IsDnsName(host) ? host : std::string();
    case urls::host_type::ipv4:
    case urls::host_type::ipv6: {
      const std::optional<IpAddress> address = ParseIpAddress(host);
      return address.has_value() ? FormatIpAddress(*address) : std::string();
    }
    default:
      return {};
  }
}

// Escapes what RFC 3986 has no place for and browsers escape as well.
std::string Escape(absl::string_view reference) {
  std::string escaped;
  for (const char c : reference) {
    if (!absl::ascii_isascii(c) || absl::StrContains("\"<>^`{|}", c)) {
      absl::StrAppendFormat(&escaped, "%%%02X", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

bool HasForbiddenCharacter(absl::string_view location) {
  return std::any_of(location.begin(), location.end(), [](char c) {
    return absl::ascii_isspace(c) || absl::ascii_iscntrl(c) || c == '\\';
  });
}

std::string Origin(bool tls, absl::string_view host, uint16_t port) {
  const bool brackets = absl::StrContains(host, ':');
  std::string origin =
      absl::StrCat(tls ? "https" : "http", "://", brackets ? "[" : "", host, brackets ? "]" : "");
  if (port != (tls ? 443 : 80)) absl::StrAppend(&origin, ":", port);
  return origin;
}

absl::string_view View(urls::string_view text) { return {text.data(), text.size()}; }

// 0 when there is none that can be connected to.
uint16_t PortOf(const urls::url_view& url, bool tls) {
  // "host:" is allowed and means the usual port.
  if (!url.has_port() || url.port().empty()) return tls ? 443 : 80;
  uint32_t port = 0;
  // Boost 1.81's port_number() wraps around.
  return absl::SimpleAtoi(View(url.port()), &port) && port <= UINT16_MAX ? port : 0;
}

// RFC 3986 section 5.2.4; `path` starts with "/".
std::string WithoutDotSegments(absl::string_view path) {
  std::vector<absl::string_view> kept;
  absl::string_view last;
  for (const absl::string_view segment : absl::StrSplit(path.substr(1), '/')) {
    last = segment;
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (segment != "." && segment != "..") kept.push_back(segment);
  }
  // What ends in a dot segment names a directory.
  if (last == "." || last == "..") kept.emplace_back("");  // Not null: it is copied from.
  return absl::StrCat("/", absl::StrJoin(kept, "/"));
}

// Path and query of a reference without authority (RFC 3986 section 5.2.2).
std::string Resolve(absl::string_view base, absl::string_view path, absl::string_view query,
                    bool has_query) {
  const absl::string_view base_path = base.substr(0, base.find('?'));
  if (path.empty()) {
    return has_query ? absl::StrCat(base_path, "?", query) : std::string(base);
  }
  const absl::string_view folder =
      absl::StartsWith(path, "/") ? "" : base_path.substr(0, base_path.rfind('/') + 1);
  return absl::StrCat(WithoutDotSegments(absl::StrCat(folder, path)), has_query ? "?" : "", query);
}

// Sets what the authority says; false when a probe cannot go there.
bool SetAuthority(const urls::url_view& url, RedirectTarget* target) {
  // Boost 1.81 takes what is no port for the beginning of a path.
  const absl::string_view path = View(url.encoded_path());
  if (url.has_userinfo() || (!path.empty() && path.front() != '/')) return false;
  target->host = HostOf(url);
  target->port = PortOf(url, target->tls);
  return !target->host.empty() && target->port != 0;
}

}  // namespace

bool IsRedirect(uint32_t status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::optional<RedirectTarget> FollowLocation(const RedirectBase& base, absl::string_view location) {
  if (location.empty() || HasForbiddenCharacter(location)) return std::nullopt;
  const std::string reference = Escape(location.substr(0, location.find('#')));
  // Taken apart by Boost; put together here, for Boost 1.81's resolve() garbles relative paths.
  const auto url = urls::parse_uri_reference(reference);
  if (url.has_error() || (url->has_scheme() && !url->has_authority())) return std::nullopt;
  RedirectTarget target;
  static_cast<RedirectBase&>(target) = base;
  if (url->has_scheme()) {
    target.tls = url->scheme_id() == urls::scheme::https;
    if (!target.tls && url->scheme_id() != urls::scheme::http) return std::nullopt;
  }
  if (url->has_authority()) {
    if (!SetAuthority(*url, &target)) return std::nullopt;
    target.path = "/";
  } else if (!absl::StartsWith(base.path, "/")) {
    target.path = "/";
  }
  target.path =
      Resolve(target.path, View(url->encoded_path()), View(url->encoded_query()), url->has_query());
  target.absolute_url = absl::StrCat(Origin(target.tls, target.host, target.port), target.path);
  if (target.absolute_url.size() > kRedirectUrlBytesMax) return std::nullopt;
  return target;
}

}  // namespace sightline::probe
