// An enrolled agent without a network: key, plan, spool and board in memory.
#ifndef SIGHTLINE_TESTS_AGENT_AGENT_FIXTURE_H_
#define SIGHTLINE_TESTS_AGENT_AGENT_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "agent/plan_keeper.h"
#include "agent/spool.h"
#include "agent/status_board.h"
#include "common/plan.h"
#include "common/wire.h"
#include "tests/agent/memory_files.h"
#include "tests/agent/test_chain.h"
#include "tests/common/fake_clock.h"
#include "tests/common/test_plan.h"

namespace sightline::agent {

class AgentFixture : public ::testing::Test {
 protected:
  AgentFixture() {
    EXPECT_TRUE(folder_.SavePlan(SignPlan(TestPlan(1), operator_)).ok());
    plans_ = *PlanKeeper::Load(folder_, operator_.public_key(), clock_);
    SpoolRecovery recovery;
    spool_ = *Spool::Open(files_, chain_.Options("s/spool"), &recovery);
  }

  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(spool_->Append(chain_.Batch(spool_->totals().tail)).ok());
    }
  }

  MemoryFiles files_;
  StateFolder folder_{files_, "s"};
  SigningKey operator_ = SigningKey::Generate();
  FakeClock clock_{kTestNow};
  TestChain chain_;
  std::unique_ptr<PlanKeeper> plans_;
  std::unique_ptr<Spool> spool_;
  StatusBoard board_{"", AgentStatus()};
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_TESTS_AGENT_AGENT_FIXTURE_H_
