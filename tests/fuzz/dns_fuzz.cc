// What a resolver or an injector says, and what a machine's resolv.conf holds, must never crash,
// hang or overrun. The first four bytes of the input choose: the type asked for, the name asked
// for, and the id.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/probe/dns_wire.h"
#include "agent/probe/resolver_set.h"

namespace {

using sightline::probe::DnsQuery;
using sightline::probe::DnsReply;
using sightline::probe::DnsType;

void Require(bool condition) {
  if (!condition) std::abort();
}

void ReadReply(absl::string_view message, const DnsQuery& query) {
  const DnsReply reply = sightline::probe::ParseDnsReply(message, query);
  Require(reply.addresses.size() <= sightline::probe::kAddressesPerResponseMax);
  for (const auto& address : reply.addresses) {
    Require(
        sightline::probe::ParseIpAddress(sightline::probe::FormatIpAddress(address)).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const auto system = sightline::probe::SystemResolver(input);
  Require(!system.has_value() || system->address.port == 53);
  if (size < 4) return 0;
  DnsQuery query;
  query.host = data[1] % 2 == 0 ? absl::string_view("web.whatsapp.com") : input.substr(4, data[1]);
  query.type = data[0] % 2 == 0 ? DnsType::kA : DnsType::kAaaa;
  query.id = static_cast<uint16_t>(data[2] << 8 | data[3]);
  ReadReply(input.substr(4), query);
  const absl::StatusOr<std::string> packed = sightline::probe::PackDnsQuery(query);
  if (!packed.ok()) return 0;
  // A question that comes back as an answer is one without addresses.
  std::string echo = *packed;
  echo[2] = static_cast<char>(echo[2] | 0x80);
  const DnsReply reply = sightline::probe::ParseDnsReply(echo, query);
  Require(reply.match == sightline::probe::DnsMatch::kAnswer && reply.addresses.empty());
  return 0;
}
