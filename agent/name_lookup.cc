#include "agent/name_lookup.h"

#include <ares.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace sightline::agent {
namespace {

struct Pending {
  NameAnswer& answer;
  bool done = false;
};

void TakeAddress(const ares_addrinfo_node& node, std::vector<IpAddress>& addresses) {
  IpAddress address;
  if (node.ai_family == AF_INET) {
    const auto* name = reinterpret_cast<const sockaddr_in*>(node.ai_addr);
    memcpy(address.bytes.data(), &name->sin_addr, sizeof(name->sin_addr));
  } else if (node.ai_family == AF_INET6) {
    const auto* name = reinterpret_cast<const sockaddr_in6*>(node.ai_addr);
    address.v6 = true;
    memcpy(address.bytes.data(), &name->sin6_addr, sizeof(name->sin6_addr));
  } else {
    return;
  }
  addresses.push_back(address);
}

absl::Status StatusOf(int code) {
  switch (code) {
    case ARES_SUCCESS:
      return absl::OkStatus();
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
      return absl::NotFoundError("the resolver knows no address for it");
    case ARES_ETIMEOUT:
    case ARES_ECANCELLED:
      return absl::DeadlineExceededError("the resolver did not answer in time");
    default:
      return absl::UnavailableError(ares_strerror(code));
  }
}

void OnAnswer(void* argument, int code, int, ares_addrinfo* result) {
  Pending& pending = *static_cast<Pending*>(argument);
  pending.done = true;
  pending.answer.status = StatusOf(code);
  if (result == nullptr) return;
  for (const ares_addrinfo_node* node = result->nodes; node != nullptr; node = node->ai_next) {
    TakeAddress(*node, pending.answer.addresses);
  }
  ares_freeaddrinfo(result);
}

// Waits for something to happen on the resolver's sockets, at most until `end`.
void WaitFor(ares_channel channel, absl::Time end) {
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  const int bits = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
  pollfd polls[ARES_GETSOCK_MAXNUM];
  nfds_t count = 0;
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    short events = 0;
    if (ARES_GETSOCK_READABLE(bits, i)) events |= POLLIN;
    if (ARES_GETSOCK_WRITABLE(bits, i)) events |= POLLOUT;
    if (events != 0) polls[count++] = {sockets[i], events, 0};
  }
  timeval most = absl::ToTimeval(std::max(end - absl::Now(), absl::ZeroDuration()));
  timeval next = {};
  const timeval* wait = ares_timeout(channel, &most, &next);
  poll(polls, count,
       static_cast<int>(absl::ToInt64Milliseconds(absl::DurationFromTimeval(*wait))) + 1);
  for (nfds_t i = 0; i < count; ++i) {
    const bool readable = (polls[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
    const bool writable = (polls[i].revents & (POLLOUT | POLLERR | POLLHUP)) != 0;
    ares_process_fd(channel, readable ? polls[i].fd : ARES_SOCKET_BAD,
                    writable ? polls[i].fd : ARES_SOCKET_BAD);
  }
  ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // for its own timeouts
}

void Ask(const std::string& name, absl::Duration timeout, NameAnswer& answer) {
  ares_channel channel = nullptr;
  if (const int code = ares_init(&channel); code != ARES_SUCCESS) {
    answer.status =
        absl::UnavailableError(absl::StrCat("the resolver cannot be used: ", ares_strerror(code)));
    return;
  }
  Pending pending{answer};
  ares_addrinfo_hints hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  const absl::Time end = absl::Now() + timeout;
  ares_getaddrinfo(channel, name.c_str(), nullptr, &hints, OnAnswer, &pending);
  while (!pending.done && absl::Now() < end) WaitFor(channel, end);
  // Answers what is still open with ARES_ECANCELLED.
  ares_cancel(channel);
  ares_destroy(channel);
}

}  // namespace

NameAnswer LookUpName(const std::string& name, absl::Duration timeout) {
  NameAnswer answer;
  answer.name = name;
  if (const auto literal = ParseIpAddress(name)) {
    answer.addresses = {*literal};
    return answer;
  }
  const absl::Time start = absl::Now();
  if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
    answer.status = absl::UnavailableError("the resolver's library cannot be used");
    return answer;
  }
  Ask(name, timeout, answer);
  ares_library_cleanup();
  answer.took = absl::Now() - start;
  if (answer.status.ok() && answer.addresses.empty()) {
    answer.status = absl::NotFoundError("the resolver knows no address for it");
  }
  return answer;
}

}  // namespace sightline::agent
