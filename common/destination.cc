#include "common/destination.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

struct Range {
  absl::string_view text;
  std::array<uint8_t, 16> prefix;
  int bits;
};

// IANA's IPv4 and IPv6 special-purpose address registries (RFC 6890), plus multicast.
constexpr Range kReservedV4[] = {
    {"0.0.0.0/8", {0}, 8},
    {"10.0.0.0/8", {10}, 8},
    {"100.64.0.0/10", {100, 64}, 10},
    {"127.0.0.0/8", {127}, 8},
    {"169.254.0.0/16", {169, 254}, 16},
    {"172.16.0.0/12", {172, 16}, 12},
    {"192.0.0.0/24", {192, 0, 0}, 24},
    {"192.0.2.0/24", {192, 0, 2}, 24},
    {"192.88.99.0/24", {192, 88, 99}, 24},
    {"192.168.0.0/16", {192, 168}, 16},
    {"198.18.0.0/15", {198, 18}, 15},
    {"198.51.100.0/24", {198, 51, 100}, 24},
    {"203.0.113.0/24", {203, 0, 113}, 24},
    {"224.0.0.0/4", {224}, 4},
    {"240.0.0.0/4", {240}, 4},
};

// More specific ranges first; all that is not in 2000::/3 is refused after them.
constexpr Range kReservedV6[] = {
    {"::/128", {0}, 128},
    {"::1/128", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128},
    {"::ffff:0:0/96", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96},
    {"::/96", {0}, 96},
    {"64:ff9b::/96", {0, 0x64, 0xff, 0x9b}, 96},
    {"64:ff9b:1::/48", {0, 0x64, 0xff, 0x9b, 0, 1}, 48},
    {"100::/64", {1}, 64},
    {"2001::/23", {0x20, 0x01, 0}, 23},
    {"2001:db8::/32", {0x20, 0x01, 0x0d, 0xb8}, 32},
    {"2002::/16", {0x20, 0x02}, 16},
    {"3fff::/20", {0x3f, 0xff}, 20},
    {"fc00::/7", {0xfc}, 7},
    {"fe80::/10", {0xfe, 0x80}, 10},
    {"fec0::/10", {0xfe, 0xc0}, 10},
    {"ff00::/8", {0xff}, 8},
};

bool HasPrefix(const std::array<uint8_t, 16>& bytes, const std::array<uint8_t, 16>& prefix,
               int bits) {
  for (size_t i = 0; bits > 0; ++i, bits -= 8) {
    const int mask = bits >= 8 ? 0xff : (0xff << (8 - bits)) & 0xff;
    if ((bytes[i] & mask) != (prefix[i] & mask)) return false;
  }
  return true;
}

}  // namespace

std::optional<IpAddress> ParseIpAddress(absl::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<AddressRange> ParseAddressRange(absl::string_view text) {
  const size_t slash = text.find('/');
  if (slash == absl::string_view::npos) return std::nullopt;
  const std::optional<IpAddress> prefix = ParseIpAddress(text.substr(0, slash));
  int bits = 0;
  if (!prefix.has_value() || !absl::SimpleAtoi(text.substr(slash + 1), &bits) || bits < 0 ||
      bits > (prefix->v6 ? 128 : 32)) {
    return std::nullopt;
  }
  return AddressRange{std::string(text), *prefix, bits};
}

bool Contains(const AddressRange& range, const IpAddress& address) {
  return range.prefix.v6 == address.v6 && HasPrefix(address.bytes, range.prefix.bytes, range.bits);
}

std::string FormatIpAddress(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
  return text.data();
}

absl::string_view ReservedRange(const IpAddress& address) {
  const auto in = [&](const Range& range) {
    return HasPrefix(address.bytes, range.prefix, range.bits);
  };
  if (!address.v6) {
    const auto* found = std::find_if(std::begin(kReservedV4), std::end(kReservedV4), in);
    return found == std::end(kReservedV4) ? absl::string_view() : found->text;
  }
  const auto* found = std::find_if(std::begin(kReservedV6), std::end(kReservedV6), in);
  if (found != std::end(kReservedV6)) return found->text;
  return (address.bytes[0] & 0xe0) == 0x20 ? absl::string_view() : "::/0 outside 2000::/3";
}

std::optional<ResolverAddress> ParseAddressAndPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  absl::string_view host = text.substr(0, colon);
  const bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  uint32_t port = 0;
  const std::optional<IpAddress> address = ParseIpAddress(host);
  if (!address.has_value() || address->v6 != brackets ||
      !absl::SimpleAtoi(text.substr(colon + 1), &port) || port == 0 || port > 65535) {
    return std::nullopt;
  }
  return ResolverAddress{*address, static_cast<uint16_t>(port)};
}

absl::StatusOr<ResolverAddress> ParseResolver(absl::string_view text,
                                              const DestinationPolicy& policy) {
  const std::optional<ResolverAddress> resolver = ParseAddressAndPort(text);
  if (!resolver.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("resolver \"", text,
                     "\" is not an IP address and port; write 9.9.9.9:53 or [2620:fe::fe]:53"));
  }
  const absl::string_view range = policy(resolver->address);
  if (!range.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "resolver \"", text, "\" lies in the reserved range ", range,
        "; probes go to public addresses only, so the plan must name a public resolver"));
  }
  return *resolver;
}

}  // namespace sightline
