// The country of a scenario: who lives there and what they report. A pure function of scenario and
// seed; who is open, behind a VPN, or lies is drawn once and stays.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_WORLD_H_
#define SIGHTLINE_COLLECTOR_REPLAY_WORLD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/replay/scenario.h"
#include "common/crypto.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// One agent.
struct Resident {
  Resident(uint64_t a_number, SigningKey a_key) : number(a_number), key(std::move(a_key)) {}

  uint64_t number;  // its place in the list
  SigningKey key;
  std::string agent_id;
  bool control = false;
  std::string country;  // where its address is
  std::string region;
  uint32_t asn = 0;
  std::string prefix;  // 3 bytes: its /24
  absl::Time enroll_time;
  Period active;  // when it makes rounds
  bool vpn = false;
  bool vpn_visible = false;
  const Sybils* sybils = nullptr;  // that it is one of
};

// One round of one agent.
struct RoundSeen {
  absl::Time round_time;
  absl::Time receive_time;  // by the collector
  std::string agent_version;
  v1::Vantage vantage;
  std::vector<v1::Observation> observations;  // in the order of the scenario's targets
  std::vector<bool> open;                     // what they say, likewise
};

// Immutable; thread-safe. `scenario` must outlive it.
class World {
 public:
  World(const Scenario& scenario, uint64_t seed);

  // Version 1, valid from before the start until after the end; one check for each target.
  const v1::Plan& plan() const { return plan_; }
  absl::Span<const Resident> residents() const { return residents_; }
  // 32 secret bytes for a purpose: the same for the same seed.
  std::string Secret(absl::string_view purpose, uint64_t number) const;
  // How long after the end of a window it is judged. Rounds begin later than that in their window,
  // and, unless something delays them, arrive before its end.
  absl::Duration grace() const;

  // What the agent reports of that round; nothing when it makes none.
  std::optional<RoundSeen> Look(const Resident& who, int window, int round) const;

 private:
  // What dice are thrown for.
  enum class Draw : uint64_t {
    kVpn = 1,
    kVpnVisible,
    kOffline,
    kRoundTime,
    kOutage,
    kLate,
    kLateTime,
    kVersion,
    kOpen,
    kChance,
    kLiar,
    kLie,
    kConnect,
  };
  // Uniform in [0, 1); independent for different arguments.
  double Roll(Draw draw, uint64_t a, uint64_t b = 0, uint64_t c = 0) const;

  void AddPlan();
  void AddResidents();
  void AddSybils(const Sybils& sybils);
  // In the next /24 when there is none to share.
  Resident& Add(std::optional<uint64_t> prefix = std::nullopt);
  void SetVpn(Resident& who) const;
  size_t CountOf(size_t region, size_t network) const;

  bool HasOutage(OutageKind kind, const Resident& who, absl::Time time) const;
  absl::Time ReceiveTime(const Resident& who, absl::Time round_time) const;
  const AgentVersion* VersionOf(const Resident& who, absl::Time time) const;
  // Whether the agent can reach the target.
  bool Reaches(const Resident& who, size_t target, absl::Time time) const;
  // Whether it says that it did when it did, or did not.
  bool Says(const Resident& who, size_t target, absl::Time time, uint64_t round,
            bool reached) const;
  v1::Vantage VantageOf(const Resident& who, uint64_t round) const;

  const Scenario& scenario_;
  const uint64_t seed_;
  v1::Plan plan_;
  std::vector<Resident> residents_;
  uint64_t prefixes_ = 0;  // handed out
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_WORLD_H_
