#include "agent/probe/dns_wire.h"

#include <ldns/ldns.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sightline::probe {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Packet = std::unique_ptr<ldns_pkt, Deleter<ldns_pkt_free>>;
using Name = std::unique_ptr<ldns_rdf, Deleter<ldns_rdf_deep_free>>;
using Bytes = std::unique_ptr<uint8_t, Deleter<std::free>>;

Name ParseName(absl::string_view host) {
  return Name(ldns_dname_new_frm_str(std::string(host).c_str()));
}

ldns_rr_type TypeOf(const DnsQuery& query) {
  return query.type == DnsType::kAaaa ? LDNS_RR_TYPE_AAAA : LDNS_RR_TYPE_A;
}

bool RepliesTo(const ldns_pkt& packet, const DnsQuery& query) {
  if (!ldns_pkt_qr(&packet)) return false;
  const ldns_rr_list* questions = ldns_pkt_question(&packet);
  const size_t count = questions == nullptr ? 0 : ldns_rr_list_rr_count(questions);
  // Some servers refuse with a bare header.
  if (count == 0) return ldns_pkt_get_rcode(&packet) != LDNS_RCODE_NOERROR;
  const ldns_rr* question = ldns_rr_list_rr(questions, 0);
  const Name name = ParseName(query.host);
  return count == 1 && name != nullptr && ldns_rr_get_type(question) == TypeOf(query) &&
         ldns_rr_get_class(question) == LDNS_RR_CLASS_IN &&
         ldns_dname_compare(ldns_rr_owner(question), name.get()) == 0;
}

std::optional<IpAddress> ReadAddress(const ldns_rr& record) {
  const ldns_rr_type type = ldns_rr_get_type(&record);
  if (type != LDNS_RR_TYPE_A && type != LDNS_RR_TYPE_AAAA) return std::nullopt;
  IpAddress address;
  address.v6 = type == LDNS_RR_TYPE_AAAA;
  const size_t size = address.v6 ? 16 : 4;
  const ldns_rdf* data = ldns_rr_rdf(&record, 0);
  if (data == nullptr || ldns_rdf_size(data) != size) return std::nullopt;
  std::memcpy(address.bytes.data(), ldns_rdf_data(data), size);
  return address;
}

void ReadAddresses(const ldns_pkt& packet, DnsReply* reply) {
  const ldns_rr_list* answers = ldns_pkt_answer(&packet);
  const size_t count = answers == nullptr ? 0 : ldns_rr_list_rr_count(answers);
  for (size_t i = 0; i < count; ++i) {
    const ldns_rr* record = ldns_rr_list_rr(answers, i);
    const uint32_t ttl_s = ldns_rr_ttl(record);
    reply->ttl_min_s = i == 0 ? ttl_s : std::min(reply->ttl_min_s, ttl_s);
    if (reply->addresses.size() >= kAddressesPerResponseMax) continue;
    const std::optional<IpAddress> address = ReadAddress(*record);
    if (address.has_value()) reply->addresses.push_back(*address);
  }
}

}  // namespace

absl::StatusOr<std::string> PackDnsQuery(const DnsQuery& query) {
  Name name = ParseName(query.host);
  if (name == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("\"", query.host, "\" is not a DNS name"));
  }
  // The packet takes the name over.
  const Packet packet(ldns_pkt_query_new(name.release(), TypeOf(query), LDNS_RR_CLASS_IN, LDNS_RD));
  if (packet == nullptr) return absl::ResourceExhaustedError("out of memory for a DNS question");
  ldns_pkt_set_id(packet.get(), query.id);
  uint8_t* wire = nullptr;
  size_t size = 0;
  const ldns_status status = ldns_pkt2wire(&wire, packet.get(), &size);
  const Bytes owner(wire);
  if (status != LDNS_STATUS_OK) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", query.host, "\" does not fit a DNS question: ", ldns_get_errorstr_by_id(status)));
  }
  return std::string(reinterpret_cast<const char*>(wire), size);
}

DnsReply ParseDnsReply(absl::string_view message, const DnsQuery& query) {
  DnsReply reply;
  ldns_pkt* parsed = nullptr;
  const ldns_status status =
      ldns_wire2pkt(&parsed, reinterpret_cast<const uint8_t*>(message.data()), message.size());
  const Packet packet(parsed);
  if (status != LDNS_STATUS_OK || packet == nullptr) return reply;
  if (!RepliesTo(*packet, query)) {
    reply.match = DnsMatch::kUnrelated;
    return reply;
  }
  reply.match = ldns_pkt_id(packet.get()) == query.id ? DnsMatch::kAnswer : DnsMatch::kWrongId;
  reply.rcode = static_cast<uint32_t>(ldns_pkt_get_rcode(packet.get()));
  reply.truncated = ldns_pkt_tc(packet.get());
  ReadAddresses(*packet, &reply);
  return reply;
}

}  // namespace sightline::probe
