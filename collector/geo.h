// Where a peer address is: country and autonomous system, from a MaxMind database.
#ifndef SIGHTLINE_COLLECTOR_GEO_H_
#define SIGHTLINE_COLLECTOR_GEO_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sightline {

// What intake keeps of a peer address, in memory and only while its stream is open.
struct Origin {
  std::string country;  // ISO 3166-1 alpha-2; empty when unknown
  uint32_t asn = 0;     // 0 when unknown
  std::string
      prefix;  // the network part: /24 of IPv4 or /48 of IPv6, in binary; empty when unknown
};

// Thread-safe.
class Geo {
 public:
  // Opens a .mmdb file that has `country.iso_code` and `autonomous_system_number` for a prefix.
  static absl::StatusOr<std::unique_ptr<Geo>> Open(const std::string& path);
  virtual ~Geo() = default;

  // `peer` as gRPC writes it: "ipv4:192.0.2.1:443" or "ipv6:%5B2001:db8::1%5D:443". What cannot be
  // told stays empty.
  virtual Origin Locate(absl::string_view peer) const = 0;
};

// The binary network part of a peer address; empty when it is no IP address. IPv4 within IPv6
// counts as IPv4.
std::string PrefixOf(absl::string_view peer);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_GEO_H_
