// Lets connections come from many addresses of this machine, so that a collector sees many origins:
// what is to be connected to 127.a.b.c, other than 127.0.0.x, goes to 127.0.0.1 and comes from
// 127.a.b.c. gRPC has no option for the address that a connection comes from, so this stands in
// front of the C library's connect(2) for the whole program.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>

namespace {

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

using Connect = int (*)(int, const sockaddr*, socklen_t);

// Where the four bytes of an IPv4 address are, also within IPv6; nullptr for another family.
unsigned char* Ipv4Bytes(sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return reinterpret_cast<unsigned char*>(&reinterpret_cast<sockaddr_in&>(address).sin_addr);
  }
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(address);
  if (address.ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr)) return nullptr;
  return ipv6.sin6_addr.s6_addr + 12;
}

}  // namespace

extern "C" int connect(int file, const sockaddr* address, socklen_t size) {
  static const auto kNext = reinterpret_cast<Connect>(dlsym(RTLD_NEXT, "connect"));
  sockaddr_storage to = {};
  if (size > sizeof(to)) return kNext(file, address, size);
  std::memcpy(&to, address, size);
  unsigned char* bytes = Ipv4Bytes(to);
  const bool elsewhere = bytes != nullptr && bytes[0] == 127 && (bytes[1] != 0 || bytes[2] != 0);
  if (!elsewhere) return kNext(file, address, size);
  sockaddr_storage from = to;
  // The port is third and fourth in both families.
  reinterpret_cast<sockaddr_in&>(from).sin_port = 0;
  const int on = 1;
  setsockopt(file, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
  if (bind(file, reinterpret_cast<const sockaddr*>(&from), size) != 0) return -1;
  const unsigned char kLoopback[4] = {127, 0, 0, 1};
  std::memcpy(bytes, kLoopback, sizeof(kLoopback));
  return kNext(file, reinterpret_cast<const sockaddr*>(&to), size);
}
