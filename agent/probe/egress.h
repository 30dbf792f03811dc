#ifndef SIGHTLINE_AGENT_PROBE_EGRESS_H_
#define SIGHTLINE_AGENT_PROBE_EGRESS_H_

// Which interface packets leave through, and of what kind it is. Asks the kernel by rtnetlink(7):
// its answer follows policy routing (WireGuard and others divert by rule), belongs to the very
// namespace that probes leave from (a /sys of another one may be mounted), and carries the
// driver's own name for its kind. A source address, as getsockname(2) tells it, would have to be
// matched to interfaces that may share it. Thread-safe.

#include <cstdint>
#include <string>

#include "agent/probe/destination.h"
#include "sightline/v1/observation.pb.h"

namespace sightline::probe {

// What the kernel says about one interface.
struct InterfaceInfo {
  std::string name;
  // ARPHRD_ETHER and so on (net/if_arp.h).
  uint16_t hardware_type = 0;
  // Name that the driver of a virtual interface gives its kind (IFLA_INFO_KIND), such as "tun" or
  // "veth"; empty for hardware.
  std::string kind;
};

// DIRECT is hardware, and what ordinarily stands before hardware: bridges, bonds, VLANs, modems,
// and veth, which is a container's only line. Pure.
v1::Egress ClassifyInterface(const InterfaceInfo& interface);

struct EgressView {
  v1::Egress egress = v1::EGRESS_UNSPECIFIED;
  // Empty unless the kernel named one.
  std::string interface;
};

// The way to `destination`, now; no packet is sent. NONE when the kernel refuses to route there,
// UNSPECIFIED when it cannot be asked. Returns at once.
EgressView FindEgress(const IpAddress& destination);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_EGRESS_H_
