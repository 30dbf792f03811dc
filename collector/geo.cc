#include "collector/geo.h"

#include <arpa/inet.h>
#include <maxminddb.h>
#include <netinet/in.h>

#include <cstring>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace sightline {
namespace {

constexpr size_t kIpv4PrefixBytes = 3;
constexpr size_t kIpv6PrefixBytes = 6;

// The address of "ipv4:ADDRESS:PORT" or "ipv6:[ADDRESS]:PORT" (brackets may be percent-encoded).
std::optional<std::string> AddressOf(absl::string_view peer) {
  const std::string text = absl::StrReplaceAll(peer, {{"%5B", "["}, {"%5D", "]"}});
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "ipv4:")) return std::string(rest.substr(0, rest.rfind(':')));
  if (absl::ConsumePrefix(&rest, "ipv6:[")) return std::string(rest.substr(0, rest.find(']')));
  return std::nullopt;
}

// IPv4 is stored as ::ffff:a.b.c.d.
std::optional<in6_addr> ParseAddress(absl::string_view peer) {
  const std::optional<std::string> text = AddressOf(peer);
  if (!text.has_value()) return std::nullopt;
  in6_addr address = {};
  if (inet_pton(AF_INET6, text->c_str(), &address) == 1) return address;
  const std::string mapped = absl::StrCat("::ffff:", *text);
  if (inet_pton(AF_INET6, mapped.c_str(), &address) == 1) return address;
  return std::nullopt;
}

std::string Prefix(const in6_addr& address) {
  const char* bytes = reinterpret_cast<const char*>(address.s6_addr);
  if (IN6_IS_ADDR_V4MAPPED(&address)) return std::string(bytes + 12, kIpv4PrefixBytes);
  return std::string(bytes, kIpv6PrefixBytes);
}

class MaxMindGeo : public Geo {
 public:
  MaxMindGeo() = default;
  MaxMindGeo(const MaxMindGeo&) = delete;
  MaxMindGeo& operator=(const MaxMindGeo&) = delete;
  ~MaxMindGeo() override {
    if (open_) MMDB_close(&database_);
  }

  absl::Status Load(const std::string& path) {
    const int error = MMDB_open(path.c_str(), MMDB_MODE_MMAP, &database_);
    if (error != MMDB_SUCCESS) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot open the address database ", path, ": ", MMDB_strerror(error)));
    }
    open_ = true;
    return absl::OkStatus();
  }

  Origin Locate(absl::string_view peer) const override {
    Origin origin;
    const std::optional<in6_addr> address = ParseAddress(peer);
    if (!address.has_value()) return origin;
    origin.prefix = Prefix(*address);
    const std::optional<MMDB_entry_s> found = Find(*address);
    if (!found.has_value()) return origin;
    MMDB_entry_s entry = *found;
    MMDB_entry_data_s data = {};
    if (MMDB_get_value(&entry, &data, "country", "iso_code", nullptr) == MMDB_SUCCESS &&
        data.has_data && data.type == MMDB_DATA_TYPE_UTF8_STRING) {
      origin.country.assign(data.utf8_string, data.data_size);
    }
    if (MMDB_get_value(&entry, &data, "autonomous_system_number", nullptr) == MMDB_SUCCESS &&
        data.has_data && data.type == MMDB_DATA_TYPE_UINT32) {
      origin.asn = data.uint32;
    }
    return origin;
  }

 private:
  std::optional<MMDB_entry_s> Find(const in6_addr& address) const {
    int error = MMDB_SUCCESS;
    MMDB_lookup_result_s result = {};
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
      sockaddr_in socket_address = {};
      socket_address.sin_family = AF_INET;
      std::memcpy(&socket_address.sin_addr, address.s6_addr + 12, 4);
      result =
          MMDB_lookup_sockaddr(&database_, reinterpret_cast<sockaddr*>(&socket_address), &error);
    } else {
      sockaddr_in6 socket_address = {};
      socket_address.sin6_family = AF_INET6;
      socket_address.sin6_addr = address;
      result =
          MMDB_lookup_sockaddr(&database_, reinterpret_cast<sockaddr*>(&socket_address), &error);
    }
    if (error != MMDB_SUCCESS || !result.found_entry) return std::nullopt;
    return result.entry;
  }

  MMDB_s database_ = {};
  bool open_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Geo>> Geo::Open(const std::string& path) {
  auto geo = std::make_unique<MaxMindGeo>();
  if (absl::Status status = geo->Load(path); !status.ok()) return status;
  return geo;
}

std::string PrefixOf(absl::string_view peer) {
  const std::optional<in6_addr> address = ParseAddress(peer);
  return address.has_value() ? Prefix(*address) : std::string();
}

}  // namespace sightline
