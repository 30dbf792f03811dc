#ifndef SIGHTLINE_AGENT_PROBE_REDIRECT_H_
#define SIGHTLINE_AGENT_PROBE_REDIRECT_H_

// Where an HTTP response leads to. Pure; thread-safe.

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace sightline::probe {

inline constexpr size_t kRedirectUrlBytesMax = 512;

// The URL that was asked for, taken apart.
struct RedirectBase {
  bool tls = false;
  // DNS name, or address without brackets.
  std::string host;
  uint16_t port = 0;
  // With the query; starts with "/".
  std::string path;
};

// The URL to ask for next, which may be the base of the one after.
struct RedirectTarget : RedirectBase {
  // For evidence: lower-case scheme and host, the port unless it is the scheme's usual one.
  std::string absolute_url;
};

// Whether a status asks the client to go elsewhere with a GET: 301, 302, 303, 307, 308.
bool IsRedirect(uint32_t status);

// Resolves a Location header against the URL that was asked for (RFC 3986 section 5), without its
// fragment. Characters that browsers escape in a path are escaped. nullopt when it leads nowhere
// that a probe may go: no http or https, user information, white space, control characters or
// backslashes, a host that is neither a DNS name nor an address, port 0, an absolute URL beyond
// kRedirectUrlBytesMax; in OONI's words http_invalid_redirect_location_host. Whether the address is
// public is not looked at.
std::optional<RedirectTarget> FollowLocation(const RedirectBase& base, absl::string_view location);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_REDIRECT_H_
