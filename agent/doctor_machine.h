// The doctor's checks of the machine: clock, route, resolver, proxies, roots, rights.
#ifndef SIGHTLINE_AGENT_DOCTOR_MACHINE_H_
#define SIGHTLINE_AGENT_DOCTOR_MACHINE_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/name_lookup.h"
#include "agent/probe/egress.h"
#include "common/finding.h"

namespace sightline::agent {

struct ClockFacts {
  absl::Time now;
  std::optional<absl::Time> plan_issue_time;
  // As the kernel says; nullopt when it cannot be asked.
  std::optional<bool> synchronised;
  // The agent's clock minus the collector's, as the agent last saw it.
  std::optional<absl::Duration> offset;
};

struct RouteFacts {
  probe::EgressView v4;
  probe::EgressView v6;
};

struct ProxyFacts {
  // Variables that name a proxy.
  std::vector<std::string> environment;
  std::string configured;  // Empty: none.
};

struct RootsFacts {
  bool pinned = false;  // The invite named the roots of the collector.
  absl::Status system;  // Whether the system's trust store can be read.
};

struct RightsFacts {
  uid_t user = 0;
  uint64_t capabilities = 0;  // In effect, as capabilities(7) counts them.
};

// What was asked of the resolver.
struct NameFacts {
  std::string resolver;             // Of /etc/resolv.conf; empty when it names none.
  std::vector<NameAnswer> answers;  // Of each name; empty when none was asked.
  bool asked = true;
};

// nullopt when the kernel does not say.
std::optional<bool> ClockIsSynchronised();
// Sends no packet.
RouteFacts LookAtRoutes();
std::vector<std::string> ProxiesOfEnvironment(
    const std::function<const char*(const char*)>& variable);
absl::Status LookAtSystemRoots();
RightsFacts LookAtRights();
// The first resolver of /etc/resolv.conf, or empty.
std::string ConfiguredResolver();

// Pure, each of them.
Finding JudgeClock(const ClockFacts& facts);
Finding JudgeRoutes(const RouteFacts& facts);
Finding JudgeNames(const NameFacts& facts);
Finding JudgeProxy(const ProxyFacts& facts);
Finding JudgeRoots(const RootsFacts& facts);
Finding JudgeRights(const RightsFacts& facts);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_DOCTOR_MACHINE_H_
