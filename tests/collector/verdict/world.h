// A small made-up network of agents, and the log records that they would leave.
#ifndef SIGHTLINE_TESTS_COLLECTOR_VERDICT_WORLD_H_
#define SIGHTLINE_TESTS_COLLECTOR_VERDICT_WORLD_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/store/store.h"
#include "collector/verdict/fold.h"
#include "common/outcome.h"
#include "common/regions.h"
#include "sightline/v1/summary.pb.h"
#include "tests/common/test_plan.h"

namespace sightline {

inline constexpr absl::Duration kHour = absl::Hours(1);
inline constexpr absl::Duration kRetain = absl::Hours(72);

// TestPlan with six regions and a foreign service more.
v1::Plan SixCityPlan();

struct TestAgent {
  AgentRecord registry;
  std::string country;
  uint32_t asn = 0;
  std::string bucket;
  uint64_t batches = 0;
  v1::Vantage vantage;  // as its batches tell it, apart from the region
};

// What an agent sees of a target in a round.
using Sight = std::function<Outcome(const TestAgent& agent, const std::string& target_id)>;

struct Entry {
  LogRecord record;
  v1::Batch batch;
  AgentRecord agent;
};

class World {
 public:
  explicit World(v1::Plan plan = SixCityPlan());

  // Each in a bucket of its own, seen in the country of its region, enrolled 30 days before
  // kTestNow. The reference is valid until the next agent joins.
  TestAgent& Join(const std::string& region, uint32_t asn,
                  v1::AgentRole role = v1::AGENT_ROLE_VOLUNTEER);
  // Six regions x AS4134, AS4837 x `each`, and three controls in Germany.
  void JoinSixCities(int each = 4);

  // One round of every agent at `time`.
  void Round(absl::Time time, const Sight& sight);
  // One round of one agent.
  void Round(TestAgent& agent, absl::Time time, const Sight& sight);

  // The summary of the hour that starts at kTestNow, folded in the order of the entries.
  v1::GetSummaryResponse Summary() const;

  std::vector<TestAgent> agents;
  std::vector<Entry> entries;
  v1::Plan plan;
};

// Folds `entries` in their order.
Fold FoldOf(const std::vector<Entry>& entries, const v1::Plan& plan);

// Judges the hour that starts at `start`.
v1::GetSummaryResponse JudgeAt(const Fold& fold, const v1::Plan& plan, absl::Time start);

// Everything works but whatsapp, signal and instagram inside China.
Outcome NormalSight(const TestAgent& agent, const std::string& target_id);

// NormalSight with `target_id` open where `where` says so.
Sight OpenWhere(const std::string& target_id, std::function<bool(const TestAgent&)> where);

const v1::TargetVerdict& VerdictOn(const v1::GetSummaryResponse& summary,
                                   const std::string& target_id);
const v1::RegionAccess& RegionOf(const v1::TargetVerdict& verdict, const std::string& region);

const RegionNames& TestNames();

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_VERDICT_WORLD_H_
