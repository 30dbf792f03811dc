#ifndef SIGHTLINE_AGENT_PROBE_BUDGET_H_
#define SIGHTLINE_AGENT_PROBE_BUDGET_H_

// How much an agent may send, whatever the plan says.

#include <array>
#include <chrono>
#include <cstdint>
#include <map>

#include "agent/probe/destination.h"
#include "common/probe_limits.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

// The plan's limits where they are set and lower than the ceilings, else the ceilings.
v1::ProbeBudget EffectiveBudget(const v1::ProbeBudget& wanted);

// Fills up at a constant rate to `capacity`; what is taken must be there.
class TokenBucket {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Full at first; `period` fills an empty one.
  TokenBucket(double capacity, std::chrono::seconds period, TimePoint now);

  // False, and nothing taken, when fewer than `amount` are left.
  bool Take(double amount, TimePoint now);
  // Takes what has been used already; the bucket may go below empty.
  void Charge(double amount, TimePoint now);
  bool empty(TimePoint now);
  bool full(TimePoint now);
  // Another capacity for the same period; what is missing now stays missing.
  void Resize(double capacity, TimePoint now);

 private:
  void Fill(TimePoint now);

  double capacity_;
  double per_second_;
  double level_;
  TimePoint filled_;
};

// What probes did in a span of time.
struct ProbeUse {
  uint64_t requests = 0;  // Connections, and questions to name servers and echo services.
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;  // Both over connections; questions are not counted in bytes.
};

// Counts connections, questions and bytes of one agent. Time is passed in. Not thread-safe.
class Budget {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Budget(const v1::ProbeBudget& wanted, TimePoint now);

  // The limits of a newer plan; what was used stays used.
  void Change(const v1::ProbeBudget& wanted, TimePoint now);

  // Whether one more connection may be made. A refusal takes nothing.
  bool TakeConnection(const IpAddress& address, uint16_t port, TimePoint now);
  // The same for datagrams, which count towards the total only.
  bool TakeQuestions(int count, TimePoint now);
  // Bytes sent to and received from an address.
  void AddBytes(const IpAddress& address, uint64_t sent, uint64_t received, TimePoint now);

  // What was used in the running hour, and in it and the 23 hours before. Hours count from the
  // start of the budget.
  ProbeUse UseOfHour(TimePoint now);
  ProbeUse UseOfDay(TimePoint now);

  // Forgets destinations that have all of their allowance back.
  void Trim(TimePoint now);
  size_t destinations() const { return connections_to_.size() + bytes_of_.size(); }

 private:
  using Key = std::array<uint8_t, 19>;
  ProbeUse& RunningHour(TimePoint now);
  static Key KeyOf(const IpAddress& address, uint16_t port);
  TokenBucket& BucketOf(std::map<Key, TokenBucket>& buckets, const Key& key, double capacity,
                        std::chrono::seconds period, TimePoint now);

  v1::ProbeBudget limits_;
  TokenBucket connections_;
  TokenBucket bytes_;
  TokenBucket day_bytes_;
  std::map<Key, TokenBucket> connections_to_;
  std::map<Key, TokenBucket> bytes_of_;
  const TimePoint start_;
  int64_t hour_ = 0;
  std::array<ProbeUse, 24> use_;
};

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_BUDGET_H_
