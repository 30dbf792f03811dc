// How OONI names what a check does: its test, its input, its endpoints. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_OONI_NAMES_H_
#define SIGHTLINE_COLLECTOR_EXPORT_OONI_NAMES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// "urlgetter" for what OONI's test of that name does (DNS, TCP, TLS, HTTP, HTTPS); for what OONI
// has no test for a name of Sightline's own, "sightline_noise" and so on. Points to static storage.
absl::string_view OoniTestName(v1::CheckProtocol protocol);

// The URL that a check asks for, such as "https://web.whatsapp.com/"; for what is no URL as OONI's
// urlgetter writes it ("dnslookup://", "tcpconnect://", "tlshandshake://"), or "noise://".
std::string OoniInput(const v1::Check& check);

// "192.0.2.1:443", "[2001:db8::1]:443".
std::string EndpointText(const std::string& address, uint32_t port);

// The host of an absolute URL, without brackets.
std::string HostOfUrl(absl::string_view url);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_OONI_NAMES_H_
