#ifndef SIGHTLINE_DEPLOY_LAB_FORGE_H_
#define SIGHTLINE_DEPLOY_LAB_FORGE_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace sightline::lab {

// Names that a censor forges answers for: lower case, without the final dot.
using NameSet = std::set<std::string>;

// In place of an address: an answer that denies the name (NXDOMAIN).
inline constexpr char kNxdomain[] = "nxdomain";

// Whether `name` (any case, with or without the final dot) is in `names` or lies below one of them.
bool IsForged(const NameSet& names, const std::string& name);

// The IPv4 packets that a censor sends back when it sees `packet` (an IPv4 packet without link
// header) pass by: for a DNS query over UDP about a forged name, one answer for each of `addresses`
// (IPv4, dotted, or kNxdomain), from the address and port that was asked to the client's, with
// matching checksums, whether or not a resolver lives there. An AAAA query is answered with
// addresses below 2001::/32, as the Chinese firewall does (gfw.report, "How Great is the Great
// Firewall", 2021). Empty for everything else: other protocols, fragments, other names, anything
// malformed. Pure; any bytes are allowed in `packet`.
std::vector<std::vector<uint8_t>> ForgeAnswers(const uint8_t* packet, size_t size,
                                               const NameSet& names,
                                               const std::vector<std::string>& addresses);

}  // namespace sightline::lab

#endif  // SIGHTLINE_DEPLOY_LAB_FORGE_H_
