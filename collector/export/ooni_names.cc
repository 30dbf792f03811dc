#include "collector/export/ooni_names.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sightline {
namespace {

std::string Bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : absl::StrCat("[", host, "]");
}

const char* SchemeOf(v1::CheckProtocol protocol) {
  switch (protocol) {
    case v1::CHECK_PROTOCOL_DNS:
      return "dnslookup";
    case v1::CHECK_PROTOCOL_TCP:
      return "tcpconnect";
    case v1::CHECK_PROTOCOL_TLS:
      return "tlshandshake";
    case v1::CHECK_PROTOCOL_HTTP:
      return "http";
    case v1::CHECK_PROTOCOL_HTTPS:
      return "https";
    case v1::CHECK_PROTOCOL_NOISE:
      return "noise";
    case v1::CHECK_PROTOCOL_WEBSOCKET:
    case v1::CHECK_PROTOCOL_NOISE_WEBSOCKET:
      return "wss";
    default:
      return "unknown";
  }
}

}  // namespace

absl::string_view OoniTestName(v1::CheckProtocol protocol) {
  switch (protocol) {
    case v1::CHECK_PROTOCOL_NOISE:
      return "sightline_noise";
    case v1::CHECK_PROTOCOL_WEBSOCKET:
      return "sightline_websocket";
    case v1::CHECK_PROTOCOL_NOISE_WEBSOCKET:
      return "sightline_noise_websocket";
    default:
      return "urlgetter";
  }
}

std::string OoniInput(const v1::Check& check) {
  const absl::string_view scheme = SchemeOf(check.protocol());
  std::string input = absl::StrCat(scheme, "://", Bracketed(check.host()));
  if (check.protocol() == v1::CHECK_PROTOCOL_DNS) return input;
  const bool is_url = scheme == "http" || scheme == "https" || scheme == "wss";
  const uint32_t usual = scheme == "http" ? 80 : 443;
  if (!is_url || check.port() != usual) absl::StrAppend(&input, ":", check.port());
  if (is_url) absl::StrAppend(&input, check.path().empty() ? "/" : check.path());
  return input;
}

std::string EndpointText(const std::string& address, uint32_t port) {
  return absl::StrCat(Bracketed(address), ":", port);
}

std::string HostOfUrl(absl::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != absl::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (absl::ConsumePrefix(&url, "[")) return std::string(url.substr(0, url.find(']')));
  return std::string(url.substr(0, url.find(':')));
}

}  // namespace sightline
