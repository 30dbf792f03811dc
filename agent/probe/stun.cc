#include "agent/probe/stun.h"

namespace sightline::probe {
namespace {

constexpr uint16_t kBindingRequest = 0x0001;
constexpr uint16_t kBindingSuccess = 0x0101;
constexpr std::array<uint8_t, 4> kMagicCookie = {0x21, 0x12, 0xa4, 0x42};
constexpr size_t kHeaderBytes = 20;
constexpr size_t kAttributeHeaderBytes = 4;

constexpr uint16_t kMappedAddress = 0x0001;
constexpr uint16_t kXorMappedAddress = 0x0020;
// Types below must be understood (RFC 8489 section 14).
constexpr uint16_t kFirstOptionalType = 0x8000;

uint16_t ReadUint16(absl::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) << 8 |
                               static_cast<uint8_t>(bytes[at + 1]));
}

void AppendUint16(uint16_t value, std::string* bytes) {
  bytes->push_back(static_cast<char>(value >> 8));
  bytes->push_back(static_cast<char>(value & 0xff));
}

// What an address is XORed with: the magic cookie and the transaction id, bytes 4 to 20 of the
// header.
absl::string_view Mask(absl::string_view datagram) { return datagram.substr(4, 16); }

// Value of either attribute: a zero byte, the family, the port, the address. `mask` is empty for
// MAPPED-ADDRESS.
std::optional<IpAddress> ReadAddress(absl::string_view value, absl::string_view mask) {
  constexpr size_t kAddressAt = 4;
  if (value.size() < kAddressAt) return std::nullopt;
  const uint8_t family = static_cast<uint8_t>(value[1]);
  if (family != 1 && family != 2) return std::nullopt;
  IpAddress address;
  address.v6 = family == 2;
  const size_t size = address.v6 ? 16 : 4;
  if (value.size() != kAddressAt + size) return std::nullopt;
  for (size_t i = 0; i < size; ++i) {
    const uint8_t masked = mask.empty() ? 0 : static_cast<uint8_t>(mask[i]);
    address.bytes[i] = static_cast<uint8_t>(value[kAddressAt + i]) ^ masked;
  }
  return address;
}

bool HeaderFits(absl::string_view datagram, const StunTransactionId& id) {
  if (datagram.size() < kHeaderBytes || ReadUint16(datagram, 0) != kBindingSuccess) return false;
  if (ReadUint16(datagram, 2) != datagram.size() - kHeaderBytes || datagram.size() % 4 != 0) {
    return false;
  }
  // The cookie and the id come back as they were sent.
  return Mask(datagram) == Mask(PackStunRequest(id));
}

// Whether a required attribute may be passed over: those that only authenticate, since nothing was
// agreed to authenticate with.
bool IsKnown(uint16_t type) {
  constexpr uint16_t kUsername = 0x0006;
  constexpr uint16_t kMessageIntegrity = 0x0008;
  constexpr uint16_t kRealm = 0x0014;
  constexpr uint16_t kNonce = 0x0015;
  constexpr uint16_t kMessageIntegritySha256 = 0x001c;
  // RFC 3489, which servers that still send MAPPED-ADDRESS come from.
  constexpr uint16_t kSourceAddress = 0x0004;
  constexpr uint16_t kChangedAddress = 0x0005;
  switch (type) {
    case kUsername:
    case kMessageIntegrity:
    case kRealm:
    case kNonce:
    case kMessageIntegritySha256:
    case kSourceAddress:
    case kChangedAddress:
      return true;
    default:
      return type >= kFirstOptionalType;
  }
}

}  // namespace

std::string PackStunRequest(const StunTransactionId& id) {
  std::string request;
  AppendUint16(kBindingRequest, &request);
  AppendUint16(0, &request);  // No attributes.
  request.append(kMagicCookie.begin(), kMagicCookie.end());
  request.append(id.begin(), id.end());
  return request;
}

std::optional<IpAddress> ParseStunResponse(absl::string_view datagram,
                                           const StunTransactionId& id) {
  if (!HeaderFits(datagram, id)) return std::nullopt;
  std::optional<IpAddress> plain;
  std::optional<IpAddress> masked;
  absl::string_view rest = datagram.substr(kHeaderBytes);
  while (!rest.empty()) {
    if (rest.size() < kAttributeHeaderBytes) return std::nullopt;
    const uint16_t type = ReadUint16(rest, 0);
    const size_t length = ReadUint16(rest, 2);
    const size_t padded = (length + 3) / 4 * 4;
    rest.remove_prefix(kAttributeHeaderBytes);
    if (padded > rest.size()) return std::nullopt;
    const absl::string_view value = rest.substr(0, length);
    rest.remove_prefix(padded);
    // Only the first of each kind counts (RFC 8489 section 14).
    if (type == kXorMappedAddress) {
      if (!masked.has_value()) masked = ReadAddress(value, Mask(datagram));
      if (!masked.has_value()) return std::nullopt;
    } else if (type == kMappedAddress) {
      if (!plain.has_value()) plain = ReadAddress(value, {});
      if (!plain.has_value()) return std::nullopt;
    } else if (!IsKnown(type)) {
      return std::nullopt;
    }
  }
  return masked.has_value() ? masked : plain;
}

}  // namespace sightline::probe
