#include "agent/probe/egress.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

#include "absl/strings/string_view.h"

namespace sightline::probe {
namespace {

// The kernel answers within the send; this bounds a kernel that does not.
constexpr timeval kReplyTimeout = {0, 200'000};
constexpr size_t kReplyBytesMax = size_t{32} * 1024;

struct Request {
  nlmsghdr header;
  union {
    rtmsg route;
    ifinfomsg link;
  };
  // Destination of a route.
  std::array<char, RTA_SPACE(16)> attribute;
};

// A netlink socket; closed with the object.
class RouteSocket {
 public:
  RouteSocket() : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
    if (fd_ >= 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kReplyTimeout, sizeof(kReplyTimeout));
    }
  }
  ~RouteSocket() {
    if (fd_ >= 0) close(fd_);
  }
  RouteSocket(const RouteSocket&) = delete;
  RouteSocket& operator=(const RouteSocket&) = delete;

  // Calls `on_reply` for a reply of `type` and returns 0, or the error that came in its place.
  int Ask(Request& request, uint16_t type, const std::function<void(nlmsghdr*)>& on_reply) {
    request.header.nlmsg_seq = ++sequence_;
    if (send(fd_, &request, request.header.nlmsg_len, 0) < 0) return errno;
    alignas(nlmsghdr) std::array<char, kReplyBytesMax> buffer;
    const ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
    if (size < 0) return errno;
    auto length = static_cast<unsigned>(size);
    for (auto* reply = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(reply, length);
         reply = NLMSG_NEXT(reply, length)) {
      if (reply->nlmsg_seq != sequence_) continue;
      if (reply->nlmsg_type == type) {
        on_reply(reply);
        return 0;
      }
      if (reply->nlmsg_type == NLMSG_ERROR && reply->nlmsg_len >= NLMSG_LENGTH(sizeof(nlmsgerr))) {
        return -static_cast<nlmsgerr*>(NLMSG_DATA(reply))->error;
      }
    }
    return EPROTO;
  }

 private:
  const int fd_;
  uint32_t sequence_ = 0;
};

template <typename OnAttribute>
void ForEachAttribute(rtattr* attribute, int length, OnAttribute on_attribute) {
  for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
    on_attribute(attribute);
  }
}

std::string TextOf(const rtattr* attribute) {
  const char* text = static_cast<const char*>(RTA_DATA(attribute));
  return std::string(text, strnlen(text, RTA_PAYLOAD(attribute)));
}

Request RouteRequest(const IpAddress& destination) {
  Request request{};
  const unsigned char bytes = destination.v6 ? 16 : 4;
  request.header.nlmsg_type = RTM_GETROUTE;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.route.rtm_family = destination.v6 ? AF_INET6 : AF_INET;
  request.route.rtm_dst_len = static_cast<unsigned char>(bytes * 8);
  // The attribute follows the header with its padding, wherever the compiler put the array.
  auto* attribute = reinterpret_cast<rtattr*>(reinterpret_cast<char*>(&request) +
                                              NLMSG_SPACE(sizeof(request.route)));
  attribute->rta_type = RTA_DST;
  attribute->rta_len = RTA_LENGTH(bytes);
  std::memcpy(RTA_DATA(attribute), destination.bytes.data(), bytes);
  request.header.nlmsg_len = NLMSG_SPACE(sizeof(request.route)) + RTA_SPACE(bytes);
  return request;
}
static_assert(sizeof(Request) >= NLMSG_SPACE(sizeof(rtmsg)) + RTA_SPACE(16));

Request LinkRequest(int index) {
  Request request{};
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof(request.link));
  request.link.ifi_family = AF_UNSPEC;
  request.link.ifi_index = index;
  return request;
}

int AskRoute(RouteSocket& socket, const IpAddress& destination, int* index) {
  Request request = RouteRequest(destination);
  return socket.Ask(request, RTM_NEWROUTE, [&](nlmsghdr* reply) {
    ForEachAttribute(
        RTM_RTA(static_cast<rtmsg*>(NLMSG_DATA(reply))), static_cast<int>(RTM_PAYLOAD(reply)),
        [&](const rtattr* attribute) {
          if (attribute->rta_type != RTA_OIF || RTA_PAYLOAD(attribute) < sizeof(*index)) {
            return;
          }
          std::memcpy(index, RTA_DATA(attribute), sizeof(*index));
        });
  });
}

int AskLink(RouteSocket& socket, int index, InterfaceInfo* interface) {
  Request request = LinkRequest(index);
  return socket.Ask(request, RTM_NEWLINK, [&](nlmsghdr* reply) {
    auto* link = static_cast<ifinfomsg*>(NLMSG_DATA(reply));
    interface->hardware_type = link->ifi_type;
    ForEachAttribute(IFLA_RTA(link), static_cast<int>(IFLA_PAYLOAD(reply)), [&](rtattr* attribute) {
      if (attribute->rta_type == IFLA_IFNAME) interface->name = TextOf(attribute);
      if ((attribute->rta_type & NLA_TYPE_MASK) != IFLA_LINKINFO) return;
      ForEachAttribute(static_cast<rtattr*>(RTA_DATA(attribute)),
                       static_cast<int>(RTA_PAYLOAD(attribute)), [&](const rtattr* nested) {
                         if (nested->rta_type == IFLA_INFO_KIND) {
                           interface->kind = TextOf(nested);
                         }
                       });
    });
  });
}

// Whether a route was looked for and there is none: also routes that forbid, as kill switches of
// VPNs make them (EACCES prohibit, EINVAL blackhole).
bool MeansNoRoute(int error) {
  return error == ENETUNREACH || error == EHOSTUNREACH || error == EACCES || error == EINVAL;
}

}  // namespace

v1::Egress ClassifyInterface(const InterfaceInfo& interface) {
  const absl::string_view kind = interface.kind;
  if (interface.hardware_type == ARPHRD_LOOPBACK) return v1::EGRESS_VIRTUAL;
  if (kind == "wireguard" || kind == "amneziawg") return v1::EGRESS_WIREGUARD;
  // OpenVPN's own driver takes the place of its TUN device.
  if (kind == "tun" || kind == "ovpn" || kind == "ovpn-dco") return v1::EGRESS_TUN;
  if (kind == "ppp" || interface.hardware_type == ARPHRD_PPP) return v1::EGRESS_PPP;
  static constexpr absl::string_view kBeforeHardware[] = {
      "", "veth", "bridge", "bond", "team", "vlan", "macvlan", "ipvlan", "wwan", "rmnet"};
  const bool direct = std::find(std::begin(kBeforeHardware), std::end(kBeforeHardware), kind) !=
                      std::end(kBeforeHardware);
  return direct ? v1::EGRESS_DIRECT : v1::EGRESS_VIRTUAL;
}

EgressView FindEgress(const IpAddress& destination) {
  RouteSocket socket;
  int index = 0;
  const int error = AskRoute(socket, destination, &index);
  if (MeansNoRoute(error)) return {v1::EGRESS_NONE, ""};
  InterfaceInfo interface;
  if (error != 0 || index == 0 || AskLink(socket, index, &interface) != 0) return {};
  return {ClassifyInterface(interface), interface.name};
}

}  // namespace sightline::probe
