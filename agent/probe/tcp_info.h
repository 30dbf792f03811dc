#ifndef SIGHTLINE_AGENT_PROBE_TCP_INFO_H_
#define SIGHTLINE_AGENT_PROBE_TCP_INFO_H_

// What the kernel knows about a TCP connection. Thread-safe.

#include <cstdint>
#include <optional>

namespace sightline::probe {

struct TcpInfo {
  // Payload that the peer acknowledged.
  uint64_t bytes_acked = 0;
  // Payload that came from the peer.
  uint64_t bytes_received = 0;
  // Whether both sides use timestamps (RFC 7323).
  bool timestamps = false;
};

// nullopt when `fd` is no TCP socket, was never connected, or the kernel does not count.
std::optional<TcpInfo> ReadTcpInfo(int fd);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_TCP_INFO_H_
