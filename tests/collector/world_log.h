// Brings a World's records into a store.
#ifndef SIGHTLINE_TESTS_COLLECTOR_WORLD_LOG_H_
#define SIGHTLINE_TESTS_COLLECTOR_WORLD_LOG_H_

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "collector/store/store.h"
#include "common/crypto.h"
#include "common/wire.h"
#include "tests/collector/verdict/world.h"

namespace sightline {

class WorldLog {
 public:
  // Neither is owned.
  WorldLog(World& world, Store& store) : world_(world), store_(store) {}

  void PublishPlan() {
    v1::SignedPlan signed_plan;
    signed_plan.set_plan(world_.plan.SerializeAsString());
    signed_plan.set_signature(std::string(64, 's'));
    signed_plan.set_key_id(std::string(32, 'k'));
    ASSERT_TRUE(store_.AddPlan(world_.plan.version(), signed_plan).ok());
  }

  void Enroll() {
    for (; enrolled_ < world_.agents.size(); ++enrolled_) {
      AgentRecord agent = world_.agents[enrolled_].registry;
      agent.head = GenesisHash();
      const std::string token = Sha256(agent.agent_id);
      ASSERT_TRUE(store_.AddInvites({{token, agent.role, kTestNow}}).ok());
      ASSERT_TRUE(store_.Enroll(token, agent).ok());
    }
  }

  // Appends the entries that are not in the store yet and were received by `until`, in their order,
  // in turn to each of `nodes`.
  void Append(const std::vector<std::string>& nodes, absl::Time until = absl::InfiniteFuture()) {
    while (appended_ < world_.entries.size() &&
           world_.entries[appended_].record.receive_time <= until) {
      LogRecord record = world_.entries[appended_].record;
      std::string& head = heads_[record.agent_id];
      // Whatever order the entries were brought into is that of the chain.
      record.first_seq = record.batch_seq = ++seqs_[record.agent_id];
      record.prev_hash = head.empty() ? GenesisHash() : head;
      record.chain_hash = head = Sha256(record.batch + std::to_string(record.batch_seq));
      const auto outcome = store_.Append(nodes[appended_ % nodes.size()], {record});
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      ASSERT_EQ(outcome->outcomes.front(), AppendOutcome::kAppended);
      ++appended_;
    }
  }

 private:
  World& world_;
  Store& store_;
  size_t enrolled_ = 0;
  size_t appended_ = 0;
  std::map<std::string, std::string> heads_;
  std::map<std::string, uint64_t> seqs_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_WORLD_LOG_H_
