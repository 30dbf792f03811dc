#include "deploy/lab/forge.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

// Last: it redefines false and true, which breaks the standard headers.
#include <ldns/ldns.h>
#undef false
#undef true

namespace sightline::lab {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr uint32_t kForgedTtlS = 180;
constexpr size_t kPacketBytesMax = 1500;

struct PacketDeleter {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
};
using DnsPacket = std::unique_ptr<ldns_pkt, PacketDeleter>;

// A DNS query as it lies in an IPv4 packet.
struct Query {
  iphdr ip;
  udphdr udp;
  DnsPacket dns;
  ldns_rr* question;  // Owned by `dns`.
};

// Sum of 16-bit words in network order, RFC 1071; `sum` continues an earlier range of even length.
uint32_t AddWords(const uint8_t* data, size_t size, uint32_t sum) {
  for (size_t i = 0; i + 1 < size; i += 2) sum += static_cast<uint32_t>(data[i] << 8 | data[i + 1]);
  if (size % 2 == 1) sum += static_cast<uint32_t>(data[size - 1] << 8);
  return sum;
}

uint16_t FoldChecksum(uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

std::optional<Query> ParseQuery(const uint8_t* packet, size_t size) {
  Query query;
  if (size < sizeof(iphdr) || size > kPacketBytesMax) return std::nullopt;
  std::memcpy(&query.ip, packet, sizeof(iphdr));
  const size_t header = query.ip.ihl * 4u;
  const size_t total = ntohs(query.ip.tot_len);
  const bool fragment = (ntohs(query.ip.frag_off) & (IP_MF | IP_OFFMASK)) != 0;
  if (query.ip.version != 4 || header < sizeof(iphdr) || query.ip.protocol != IPPROTO_UDP ||
      fragment || total > size || total < header + sizeof(udphdr)) {
    return std::nullopt;
  }
  std::memcpy(&query.udp, packet + header, sizeof(udphdr));
  const size_t udp_size = ntohs(query.udp.len);
  if (ntohs(query.udp.dest) != kDnsPort || udp_size < sizeof(udphdr) || udp_size > total - header) {
    return std::nullopt;
  }
  ldns_pkt* dns = nullptr;
  if (ldns_wire2pkt(&dns, packet + header + sizeof(udphdr), udp_size - sizeof(udphdr)) !=
      LDNS_STATUS_OK) {
    return std::nullopt;
  }
  query.dns.reset(dns);
  if (ldns_pkt_qr(dns) || ldns_pkt_get_opcode(dns) != LDNS_PACKET_QUERY ||
      ldns_pkt_qdcount(dns) != 1) {
    return std::nullopt;
  }
  query.question = ldns_rr_list_rr(ldns_pkt_question(dns), 0);
  return query;
}

// The record that answers `question` with `address`; null for types that are not forged.
ldns_rr* ForgedRecord(const ldns_rr* question, const std::string& address) {
  const ldns_rr_type type = ldns_rr_get_type(question);
  ldns_rdf* data = nullptr;
  if (type == LDNS_RR_TYPE_A) {
    data = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_A, address.c_str());
  } else if (type == LDNS_RR_TYPE_AAAA) {
    in_addr v4{};
    if (inet_pton(AF_INET, address.c_str(), &v4) != 1) return nullptr;
    uint8_t v6[16] = {0x20, 0x01};
    std::memcpy(v6 + 12, &v4, sizeof(v4));
    data = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_AAAA, sizeof(v6), v6);
  }
  if (data == nullptr) return nullptr;
  ldns_rr* record = ldns_rr_new();
  ldns_rr_set_owner(record, ldns_rdf_clone(ldns_rr_owner(question)));
  ldns_rr_set_type(record, type);
  ldns_rr_set_class(record, LDNS_RR_CLASS_IN);
  ldns_rr_set_ttl(record, kForgedTtlS);
  ldns_rr_push_rdf(record, data);
  return record;
}

// The DNS message that answers `query` with `address`; empty when its type is not forged.
std::vector<uint8_t> ForgedMessage(const Query& query, const std::string& address) {
  const bool denied = address == kNxdomain;
  ldns_rr* record = denied ? nullptr : ForgedRecord(query.question, address);
  if (record == nullptr && !denied) return {};
  DnsPacket answer(ldns_pkt_new());
  ldns_pkt_set_id(answer.get(), ldns_pkt_id(query.dns.get()));
  ldns_pkt_set_qr(answer.get(), true);
  ldns_pkt_set_rd(answer.get(), ldns_pkt_rd(query.dns.get()));
  ldns_pkt_set_ra(answer.get(), true);
  ldns_pkt_push_rr(answer.get(), LDNS_SECTION_QUESTION, ldns_rr_clone(query.question));
  if (denied) {
    ldns_pkt_set_rcode(answer.get(), LDNS_RCODE_NXDOMAIN);
  } else {
    ldns_pkt_push_rr(answer.get(), LDNS_SECTION_ANSWER, record);
  }
  uint8_t* wire = nullptr;
  size_t wire_size = 0;
  if (ldns_pkt2wire(&wire, answer.get(), &wire_size) != LDNS_STATUS_OK) return {};
  std::vector<uint8_t> message(wire, wire + wire_size);
  std::free(wire);
  return message;
}

// `message` as an IPv4 packet from the one whom `query` asks to the one who asks.
std::vector<uint8_t> Wrap(const Query& query, const std::vector<uint8_t>& message) {
  udphdr udp{};
  udp.source = query.udp.dest;
  udp.dest = query.udp.source;
  udp.len = htons(static_cast<uint16_t>(sizeof(udp) + message.size()));
  iphdr ip{};
  ip.version = 4;
  ip.ihl = sizeof(ip) / 4;
  ip.tot_len = htons(static_cast<uint16_t>(sizeof(ip) + sizeof(udp) + message.size()));
  ip.ttl = 64;
  ip.protocol = IPPROTO_UDP;
  ip.saddr = query.ip.daddr;
  ip.daddr = query.ip.saddr;

  std::vector<uint8_t> packet(sizeof(ip) + sizeof(udp) + message.size());
  uint8_t* udp_start = packet.data() + sizeof(ip);
  std::memcpy(packet.data(), &ip, sizeof(ip));
  std::memcpy(udp_start, &udp, sizeof(udp));
  std::memcpy(udp_start + sizeof(udp), message.data(), message.size());

  ip.check = htons(FoldChecksum(AddWords(packet.data(), sizeof(ip), 0)));
  // The UDP checksum also covers the two addresses, the protocol and the length (RFC 768).
  uint32_t pseudo = AddWords(packet.data() + offsetof(iphdr, saddr), 8, IPPROTO_UDP);
  pseudo += ntohs(udp.len);
  const uint16_t check = FoldChecksum(AddWords(udp_start, sizeof(udp) + message.size(), pseudo));
  udp.check = htons(check == 0 ? 0xffff : check);
  std::memcpy(packet.data(), &ip, sizeof(ip));
  std::memcpy(udp_start, &udp, sizeof(udp));
  return packet;
}

}  // namespace

bool IsForged(const NameSet& names, const std::string& name) {
  std::string rest = name;
  std::transform(rest.begin(), rest.end(), rest.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!rest.empty() && rest.back() == '.') rest.pop_back();
  while (!rest.empty()) {
    if (names.count(rest) > 0) return true;
    const size_t dot = rest.find('.');
    if (dot == std::string::npos) return false;
    rest.erase(0, dot + 1);
  }
  return false;
}

std::vector<std::vector<uint8_t>> ForgeAnswers(const uint8_t* packet, size_t size,
                                               const NameSet& names,
                                               const std::vector<std::string>& addresses) {
  const std::optional<Query> query = ParseQuery(packet, size);
  if (!query.has_value()) return {};
  char* text = ldns_rdf2str(ldns_rr_owner(query->question));
  const std::string name = text == nullptr ? "" : text;
  std::free(text);
  if (!IsForged(names, name)) return {};
  std::vector<std::vector<uint8_t>> answers;
  for (const std::string& address : addresses) {
    const std::vector<uint8_t> message = ForgedMessage(*query, address);
    if (!message.empty()) answers.push_back(Wrap(*query, message));
  }
  return answers;
}

}  // namespace sightline::lab
