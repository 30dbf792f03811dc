#include "agent/probe/egress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if_arp.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>

namespace sightline::probe {
namespace {

constexpr int kNotAllowed = 77;
constexpr int kUnsupported = 78;

TEST(EgressTest, KindsOfInterfaces) {
  const struct {
    InterfaceInfo interface;
    v1::Egress want;
  } kCases[] = {
      {{"eth0", ARPHRD_ETHER, ""}, v1::EGRESS_DIRECT},
      {{"wlan0", ARPHRD_ETHER, ""}, v1::EGRESS_DIRECT},
      {{"wwan0", ARPHRD_NONE, "wwan"}, v1::EGRESS_DIRECT},
      {{"eth0", ARPHRD_ETHER, "veth"}, v1::EGRESS_DIRECT},
      {{"br0", ARPHRD_ETHER, "bridge"}, v1::EGRESS_DIRECT},
      {{"eth0.7", ARPHRD_ETHER, "vlan"}, v1::EGRESS_DIRECT},
      {{"tun0", ARPHRD_NONE, "tun"}, v1::EGRESS_TUN},
      {{"tap0", ARPHRD_ETHER, "tun"}, v1::EGRESS_TUN},
      {{"eth0", ARPHRD_NONE, "tun"}, v1::EGRESS_TUN},
      {{"wg0", ARPHRD_NONE, "wireguard"}, v1::EGRESS_WIREGUARD},
      {{"ppp0", ARPHRD_PPP, "ppp"}, v1::EGRESS_PPP},
      {{"ppp0", ARPHRD_PPP, ""}, v1::EGRESS_PPP},
      {{"lo", ARPHRD_LOOPBACK, ""}, v1::EGRESS_VIRTUAL},
      {{"dummy0", ARPHRD_ETHER, "dummy"}, v1::EGRESS_VIRTUAL},
      {{"gre1", ARPHRD_IPGRE, "gre"}, v1::EGRESS_VIRTUAL},
      {{"new0", ARPHRD_ETHER, "invented"}, v1::EGRESS_VIRTUAL},
  };
  for (const auto& in : kCases) {
    EXPECT_EQ(ClassifyInterface(in.interface), in.want)
        << in.interface.name << " " << in.interface.kind;
  }
}

TEST(EgressTest, KernelNamesTheWayToThisMachine) {
  const EgressView view = FindEgress(*ParseIpAddress("127.0.0.1"));
  EXPECT_EQ(view.egress, v1::EGRESS_VIRTUAL);
  EXPECT_EQ(view.interface, "lo");
}

bool Write(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

// Makes the process root of a network of its own, with nothing but a loopback that is down.
bool EnterNamespace() {
  const std::string map = "0 " + std::to_string(getuid()) + " 1";
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  Write("/proc/self/setgroups", "deny");
  return Write("/proc/self/uid_map", map);
}

// The exit status of `body` in a namespace of its own, in a child process.
int InNamespace(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(EnterNamespace() ? body() : kNotAllowed);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int Shell(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str());
}

EgressView View(const char* address) { return FindEgress(*ParseIpAddress(address)); }

// Says so when this machine allows no namespaces, for then nothing is shown.
bool Allowed(int status) {
  if (status == kNotAllowed) std::cerr << "namespaces are not allowed here: nothing is shown\n";
  return status != kNotAllowed;
}

TEST(EgressTest, WithoutARouteThereIsNoEgress) {
  const int status = InNamespace([] {
    return View("9.9.9.9").egress == v1::EGRESS_NONE &&
                   View("2620:fe::fe").egress == v1::EGRESS_NONE
               ? 0
               : 1;
  });
  if (Allowed(status)) {
    EXPECT_EQ(status, 0);
  }
}

TEST(EgressTest, RealInterfacesOfEachKindAreTold) {
  const struct {
    const char* name;
    const char* make;
    v1::Egress want;
    bool always;  // The lab needs these, so every kernel that runs the tests has them.
  } kCases[] = {
      {"v0", "ip link add v0 type veth peer name v1", v1::EGRESS_DIRECT, true},
      {"d0", "ip link add d0 type dummy", v1::EGRESS_VIRTUAL, false},
      {"t0", "ip tuntap add dev t0 mode tun", v1::EGRESS_TUN, false},
      {"w0", "ip link add w0 type wireguard", v1::EGRESS_WIREGUARD, false},
      {"b0", "ip link add b0 type bridge", v1::EGRESS_DIRECT, false},
  };
  for (const auto& in : kCases) {
    const int status = InNamespace([&] {
      const std::string name = in.name;
      if (Shell(in.make) != 0) return kUnsupported;
      if (Shell("ip link set " + name + " up && ip address add 192.0.2.1/24 dev " + name +
                " && ip route add default dev " + name) != 0) {
        return 2;
      }
      const EgressView view = View("9.9.9.9");
      return view.egress == in.want && view.interface == name ? 0 : 1;
    });
    if (!Allowed(status)) return;
    if (status == kUnsupported && !in.always) {
      std::cerr << "this kernel cannot \"" << in.make << "\": not shown\n";
      continue;
    }
    EXPECT_EQ(status, 0) << in.make;
  }
}

TEST(EgressTest, PolicyRoutingIsFollowed) {
  const int status = InNamespace([] {
    if (Shell("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up && "
              "ip address add 192.0.2.1/24 dev v0 && ip route add default dev v0 && "
              "ip route add default dev v1 table 51820 && "
              "ip rule add not fwmark 51820 table 51820") != 0) {
      return 2;
    }
    return View("9.9.9.9").interface == "v1" ? 0 : 1;
  });
  if (Allowed(status)) {
    EXPECT_EQ(status, 0);
  }
}

TEST(EgressTest, RouteThatForbidsIsNoEgress) {
  const int status = InNamespace([] {
    for (const char* kind : {"unreachable", "blackhole", "prohibit"}) {
      if (Shell(std::string("ip route replace ") + kind + " default") != 0) return 2;
      if (View("9.9.9.9").egress != v1::EGRESS_NONE) return 1;
    }
    return 0;
  });
  if (Allowed(status)) {
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace sightline::probe
