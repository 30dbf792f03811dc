#ifndef SIGHTLINE_AGENT_PROBE_ENGINE_H_
#define SIGHTLINE_AGENT_PROBE_ENGINE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/probe/destination.h"
#include "agent/probe/prober.h"

namespace sightline::probe {

// The Prober of the programs: non-blocking sockets and coroutines on the calling thread. Not
// thread-safe, except Stop(). Between rounds it keeps TLS contexts of the root sets that it has
// used, penalties, what is used of the budget, and which checks succeeded; nothing on disk.
//
// Limits that no plan can raise: destinations as ReservedRange() says, checked on each address
// right before the connect; the ceilings in budget.h; 4 addresses a check, 2 a redirect, 10
// redirects; 16 DNS responses and 16 addresses a response; 16 KiB of HTTP header and 512 KiB of
// body; GET only; check_timeout at most 60 s; a round at most 1 h.
class Engine : public Prober {
 public:
  // RESOURCE_EXHAUSTED when the process is out of file descriptors.
  static absl::StatusOr<std::unique_ptr<Engine>> Create();
  // For tests against listeners on this machine, which the policy of the programs refuses.
  static absl::StatusOr<std::unique_ptr<Engine>> CreateForTesting(DestinationPolicy policy);

  ~Engine() override;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  RoundReport RunRound(const v1::Plan& plan, const std::vector<const v1::Check*>& checks,
                       const RoundOptions& options) override;
  void Stop() override;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_ENGINE_H_
