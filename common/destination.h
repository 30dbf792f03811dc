#ifndef SIGHTLINE_COMMON_DESTINATION_H_
#define SIGHTLINE_COMMON_DESTINATION_H_

// Where a probe may go: one rule for the plans that are signed and for the agents that follow them.
// Pure; thread-safe.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sightline {

// An IPv4 or IPv6 address in network byte order; IPv4 uses the first four bytes.
struct IpAddress {
  bool v6 = false;
  std::array<uint8_t, 16> bytes{};
};

// nullopt unless `text` is a literal address without port, zone or brackets.
std::optional<IpAddress> ParseIpAddress(absl::string_view text);
std::string FormatIpAddress(const IpAddress& address);

// Empty when a probe may go to the address; else the reserved range that it lies in, such as
// "10.0.0.0/8".
using DestinationPolicy = std::function<absl::string_view(const IpAddress&)>;

// The only policy outside unit tests: public unicast. Refuses every special-purpose range of RFC
// 6890 and its successors that is not globally reachable, multicast, and IPv6 forms that carry an
// IPv4 address (mapped, translated, 6to4, Teredo), whatever address they carry. The result points
// to static storage.
absl::string_view ReservedRange(const IpAddress& address);

// A block of addresses.
struct AddressRange {
  // CIDR notation, as given.
  std::string text;
  IpAddress prefix;
  int bits = 0;
};

// Parses CIDR notation, such as "2001::/32". nullopt when it is none.
std::optional<AddressRange> ParseAddressRange(absl::string_view text);
bool Contains(const AddressRange& range, const IpAddress& address);

struct ResolverAddress {
  IpAddress address;
  uint16_t port = 0;
};

// Parses "ADDRESS:PORT" ("[ADDRESS]:PORT" for IPv6); the port is not 0. nullopt when it is none.
std::optional<ResolverAddress> ParseAddressAndPort(absl::string_view text);

// The same for a resolver, with the policy applied. INVALID_ARGUMENT says what is wrong with it.
absl::StatusOr<ResolverAddress> ParseResolver(absl::string_view text,
                                              const DestinationPolicy& policy);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_DESTINATION_H_
