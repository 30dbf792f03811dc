#include "agent/probe/tcp_info.h"

// The C library's <netinet/tcp.h> has an older tcp_info, without the counts.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace sightline::probe {

std::optional<TcpInfo> ReadTcpInfo(int fd) {
  tcp_info raw{};
  socklen_t size = sizeof(raw);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &raw, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_bytes_received) + sizeof(raw.tcpi_bytes_received)) {
    return std::nullopt;
  }
  // The SYN counts as one byte once it is acknowledged.
  if (raw.tcpi_bytes_acked == 0) return std::nullopt;
  TcpInfo info;
  info.bytes_acked = raw.tcpi_bytes_acked - 1;
  info.bytes_received = raw.tcpi_bytes_received;
  info.timestamps = (raw.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0;
  return info;
}

}  // namespace sightline::probe
