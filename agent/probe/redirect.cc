#include "agent/probe/redirect.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "agent/probe/destination.h"

// Own code, because Boost.URL 1.81 is not fit for what a stranger says: parse_uri_reference("g:]")
// fails an assertion, port_number() wraps around, and resolve("c") garbles the path.

namespace sightline::probe {
namespace {

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
         absl::StartsWithIgnoreCase(label, "0x");
}

bool IsDnsName(absl::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) return false;
  const std::vector<absl::string_view> labels = absl::StrSplit(name, '.');
  return std::all_of(labels.begin(), labels.end(), IsDnsLabel) && !EndsInNumber(labels.back());
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

// Whether every "%" begins an escape.
bool EscapesAreWhole(absl::string_view text) {
  for (size_t at = text.find('%'); at != absl::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || !absl::ascii_isxdigit(text[at + 1]) ||
        !absl::ascii_isxdigit(text[at + 2])) {
      return false;
    }
  }
  return true;
}

// A reference without fragment, taken apart as RFC 3986 appendix B does.
struct Parts {
  std::optional<absl::string_view> scheme;
  std::optional<absl::string_view> authority;
  absl::string_view path;
  std::optional<absl::string_view> query;
};

Parts TakeApart(absl::string_view reference) {
  Parts parts;
  const size_t colon = reference.find_first_of(":/?");
  if (colon != absl::string_view::npos && reference[colon] == ':') {
    parts.scheme = reference.substr(0, colon);
    reference.remove_prefix(colon + 1);
  }
  const size_t question = reference.find('?');
  if (question != absl::string_view::npos) {
    parts.query = reference.substr(question + 1);
    reference = reference.substr(0, question);
  }
  if (absl::ConsumePrefix(&reference, "//")) {
    const size_t end = std::min(reference.find('/'), reference.size());
    parts.authority = reference.substr(0, end);
    reference.remove_prefix(end);
  }
  parts.path = reference;
  return parts;
}

std::string Origin(bool tls, absl::string_view host, uint16_t port) {
  const bool brackets = absl::StrContains(host, ':');
  std::string origin =
      absl::StrCat(tls ? "https" : "http", "://", brackets ? "[" : "", host, brackets ? "]" : "");
  if (port != (tls ? 443 : 80)) absl::StrAppend(&origin, ":", port);
  return origin;
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
  // What ends in a dot segment names a directory. Not a null pointer: memcpy may not be given one.
  if (last == "." || last == "..") kept.emplace_back("");
  return absl::StrCat("/", absl::StrJoin(kept, "/"));
}

// Path and query of a reference without authority (RFC 3986 section 5.2.2).
std::string Resolve(absl::string_view base, absl::string_view path,
                    std::optional<absl::string_view> query) {
  const absl::string_view base_path = base.substr(0, base.find('?'));
  const std::string suffix = query.has_value() ? absl::StrCat("?", *query) : std::string();
  if (path.empty()) return absl::StrCat(query.has_value() ? base_path : base, suffix);
  const absl::string_view folder =
      absl::StartsWith(path, "/") ? "" : base_path.substr(0, base_path.rfind('/') + 1);
  return absl::StrCat(WithoutDotSegments(absl::StrCat(folder, path)), suffix);
}

// The host in lower case and without brackets, or empty when a probe cannot ask for it.
std::string HostOf(absl::string_view text) {
  const bool brackets = absl::StartsWith(text, "[") && absl::EndsWith(text, "]");
  if (brackets) text = text.substr(1, text.size() - 2);
  const std::optional<IpAddress> address = ParseIpAddress(text);
  if (address.has_value()) return address->v6 == brackets ? FormatIpAddress(*address) : "";
  return !brackets && IsDnsName(text) ? absl::AsciiStrToLower(text) : "";
}

// Sets what the authority says; false when a probe cannot go there.
bool SetAuthority(absl::string_view authority, RedirectTarget* target) {
  target->port = target->tls ? 443 : 80;
  const size_t colon = authority.rfind(':');
  // An address ends in its bracket.
  if (colon != absl::string_view::npos && !absl::EndsWith(authority, "]")) {
    const absl::string_view text = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
    // "host:" is allowed and means the usual port.
    uint32_t port = target->port;
    const bool digits = std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
    if (!text.empty() && (!digits || !absl::SimpleAtoi(text, &port))) return false;
    if (port == 0 || port > UINT16_MAX) return false;
    target->port = static_cast<uint16_t>(port);
  }
  target->host = HostOf(authority);
  return !target->host.empty();
}

}  // namespace

bool IsRedirect(uint32_t status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::optional<RedirectTarget> FollowLocation(const RedirectBase& base, absl::string_view location) {
  if (location.empty() || HasForbiddenCharacter(location)) return std::nullopt;
  const std::string reference = Escape(location.substr(0, location.find('#')));
  const Parts parts = TakeApart(reference);
  if (!EscapesAreWhole(reference) || (parts.scheme.has_value() && !parts.authority.has_value())) {
    return std::nullopt;
  }
  RedirectTarget target;
  static_cast<RedirectBase&>(target) = base;
  if (parts.scheme.has_value()) {
    target.tls = absl::EqualsIgnoreCase(*parts.scheme, "https");
    if (!target.tls && !absl::EqualsIgnoreCase(*parts.scheme, "http")) return std::nullopt;
  }
  if (parts.authority.has_value() && !SetAuthority(*parts.authority, &target)) return std::nullopt;
  if (parts.authority.has_value() || !absl::StartsWith(base.path, "/")) target.path = "/";
  target.path = Resolve(target.path, parts.path, parts.query);
  target.absolute_url = absl::StrCat(Origin(target.tls, target.host, target.port), target.path);
  if (target.absolute_url.size() > kRedirectUrlBytesMax) return std::nullopt;
  return target;
}

}  // namespace sightline::probe
