// sightline-lab-injector: the part of a censor that forges DNS answers, for every router of the
// lab.
//
//   sightline-lab-injector --router NAME=NETNS_PATH... --forge IPV4... [--delay-ms N]
//
// It watches the packets that arrive at each router and answers queries for listed names N ms later
// (0 unless given), from the address that was asked; the query travels on, so the true answer
// arrives too, later or earlier. "--forge nxdomain" denies the name instead. Several of them at one
// router race each other. The names come over standard input, a line per change, each acknowledged
// on standard output:
//
//   set ROUTER [NAME...]    ->    ok ROUTER COUNT    or    error REASON
//
// One line replaces all names of its router. Ends with status 0 at the end of standard input.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "deploy/lab/forge.h"

namespace sightline::lab {
namespace {

constexpr size_t kLineBytesMax = 64 * 1024;
constexpr int kPacketsPerTurnMax = 64;
// Forged packets that may wait to be sent; more are lost, like any packet.
constexpr size_t kWaitingMax = 4096;

using Clock = std::chrono::steady_clock;

struct Router {
  std::string name;
  int socket = -1;
  NameSet names;
};

// What all routers answer with, and when.
struct Forgery {
  std::vector<std::string> addresses;
  std::chrono::milliseconds delay{0};
};

// A forged packet on its way out.
struct Outgoing {
  Clock::time_point due;
  int socket;
  sockaddr_ll to;
  std::vector<uint8_t> packet;
};

// Oldest first: the delay is the same for all, so the order of arrival is the order of departure.
using Outbox = std::deque<Outgoing>;

std::string Errno(const std::string& what) { return what + ": " + std::strerror(errno); }

// Lets only unfragmented IPv4 UDP to port 53 through; offsets count from the IPv4 header.
bool AttachFilter(int fd) {
  std::array<sock_filter, 9> code = {{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
      BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 53, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog program = {static_cast<unsigned short>(code.size()), code.data()};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

// Opens the router's packet socket inside its namespace, and leaves this process in that namespace.
std::optional<std::string> Open(const std::string& netns_path, Router& router) {
  const int ns = open(netns_path.c_str(), O_RDONLY | O_CLOEXEC);
  if (ns < 0) return Errno("cannot open " + netns_path);
  const int entered = setns(ns, CLONE_NEWNET);
  close(ns);
  if (entered != 0) return Errno("cannot enter " + netns_path);
  router.socket = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                         htons(static_cast<uint16_t>(ETH_P_IP)));
  if (router.socket < 0) return Errno("cannot watch packets of router " + router.name);
  if (!AttachFilter(router.socket)) return Errno("cannot filter packets of router " + router.name);
  return std::nullopt;
}

// Forges answers to what is waiting at one router.
void Serve(const Router& router, const Forgery& forgery, Outbox& outbox) {
  std::array<uint8_t, 2048> buffer;
  for (int i = 0; i < kPacketsPerTurnMax; ++i) {
    sockaddr_ll from{};
    socklen_t from_size = sizeof(from);
    const ssize_t size = recvfrom(router.socket, buffer.data(), buffer.size(), 0,
                                  reinterpret_cast<sockaddr*>(&from), &from_size);
    if (size < 0) return;
    // Only what arrives from a host; the forwarded copy leaves as PACKET_OUTGOING.
    if (from.sll_pkttype != PACKET_HOST) continue;
    for (std::vector<uint8_t>& answer :
         ForgeAnswers(buffer.data(), static_cast<size_t>(size), router.names, forgery.addresses)) {
      if (outbox.size() >= kWaitingMax) break;
      outbox.push_back({Clock::now() + forgery.delay, router.socket, from, std::move(answer)});
    }
  }
}

// Sends what is due; a packet that cannot be sent is lost, like any packet. Returns how long to
// wait for the next one: milliseconds, -1 when none waits.
int SendDue(Outbox& outbox) {
  const Clock::time_point now = Clock::now();
  for (; !outbox.empty() && outbox.front().due <= now; outbox.pop_front()) {
    const Outgoing& next = outbox.front();
    sendto(next.socket, next.packet.data(), next.packet.size(), 0,
           reinterpret_cast<const sockaddr*>(&next.to), sizeof(next.to));
  }
  if (outbox.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(outbox.front().due - now);
  return static_cast<int>(left.count());
}

// Carries out one line; returns the answer.
std::string Command(const std::string& line, std::vector<Router>& routers) {
  std::istringstream words(line);
  std::string verb, router_name, name;
  words >> verb >> router_name;
  if (verb != "set") return "error unknown command \"" + verb + "\"; known: set ROUTER [NAME...]";
  for (Router& router : routers) {
    if (router.name != router_name) continue;
    NameSet names;
    while (words >> name) names.insert(name);
    router.names = std::move(names);
    return "ok " + router_name + " " + std::to_string(router.names.size());
  }
  return "error unknown router \"" + router_name + "\"";
}

// Reads what standard input holds and carries out the complete lines. False at its end.
bool ReadCommands(std::string& pending, std::vector<Router>& routers) {
  std::array<char, 4096> buffer;
  const ssize_t size = read(STDIN_FILENO, buffer.data(), buffer.size());
  if (size < 0) return errno == EINTR || errno == EAGAIN;
  if (size == 0) return false;
  pending.append(buffer.data(), static_cast<size_t>(size));
  for (size_t end; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1)) {
    std::puts(Command(pending.substr(0, end), routers).c_str());
  }
  std::fflush(stdout);
  if (pending.size() <= kLineBytesMax) return true;
  std::fprintf(stderr, "a line on standard input is longer than %zu bytes\n", kLineBytesMax);
  return false;
}

int Run(std::vector<Router>& routers, const Forgery& forgery) {
  std::vector<pollfd> watched = {{STDIN_FILENO, POLLIN, 0}};
  for (const Router& router : routers) watched.push_back({router.socket, POLLIN, 0});
  std::string pending;
  Outbox outbox;
  for (;;) {
    if (poll(watched.data(), watched.size(), SendDue(outbox)) < 0) {
      if (errno == EINTR) continue;
      std::fprintf(stderr, "%s\n", Errno("cannot wait for packets").c_str());
      return 1;
    }
    if (watched[0].revents != 0 && !ReadCommands(pending, routers)) return 0;
    for (size_t i = 0; i < routers.size(); ++i) {
      if (watched[i + 1].revents != 0) Serve(routers[i], forgery, outbox);
    }
  }
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Forges DNS answers at the lab's routers. Started by deploy/lab/lab; of no use elsewhere.");
  std::vector<std::string> router_flags;
  Forgery forgery;
  int delay_ms = 0;
  app.add_option("--router", router_flags, "NAME=NETNS_PATH of a router")->required();
  app.add_option("--forge", forgery.addresses, "IPv4 address to answer with, or nxdomain")
      ->required()
      ->check(CLI::ValidIPV4 | CLI::IsMember({kNxdomain}));
  app.add_option("--delay-ms", delay_ms, "How long after the question")->check(CLI::Range(10000));
  CLI11_PARSE(app, argc, argv);
  forgery.delay = std::chrono::milliseconds(delay_ms);

  std::vector<Router> routers;
  for (const std::string& flag : router_flags) {
    const size_t equals = flag.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::fprintf(stderr, "--router %s: expected NAME=NETNS_PATH\n", flag.c_str());
      return 2;
    }
    Router router{flag.substr(0, equals), -1, {}};
    if (const std::optional<std::string> error = Open(flag.substr(equals + 1), router)) {
      std::fprintf(stderr, "%s\n", error->c_str());
      return 1;
    }
    routers.push_back(std::move(router));
  }
  return Run(routers, forgery);
}

}  // namespace
}  // namespace sightline::lab

int main(int argc, char** argv) { return sightline::lab::Main(argc, argv); }
