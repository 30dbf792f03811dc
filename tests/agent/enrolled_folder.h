// A folder on the disk in which an agent is enrolled, for tests of the commands that work there.
#ifndef SIGHTLINE_TESTS_AGENT_ENROLLED_FOLDER_H_
#define SIGHTLINE_TESTS_AGENT_ENROLLED_FOLDER_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/spool.h"
#include "agent/state.h"
#include "common/message.h"
#include "common/plan.h"
#include "common/seal.h"
#include "tests/common/temp_folder.h"
#include "tests/common/test_plan.h"

namespace sightline::agent {

class EnrolledFolder {
 public:
  // A plan with a round a second.
  EnrolledFolder() {
    EXPECT_TRUE(state_.Make().ok());
    v1::Plan plan = TestPlan();
    *plan.mutable_round_interval() = ToProto(absl::Seconds(1));
    EXPECT_TRUE(state_.SavePlan(SignPlan(plan, operator_)).ok());
    Identity identity;
    identity.agent_id = state_.LoadOrMakeKey()->public_key().Id();
    identity.region = "CN-BJ";
    identity.role = v1::AGENT_ROLE_VOLUNTEER;
    identity.collectors = {"a:1", "b:2"};
    identity.operator_public_key = operator_.public_key().raw();
    identity.collector_roots_pem = "roots";
    EXPECT_TRUE(state_.SaveIdentity(identity).ok());
  }

  // Seals `count` batches into the spool with the folder's first key; the collector takes `acked`.
  void Fill(int count, uint64_t acked) {
    const SigningKey key = *state_.LoadKey();
    const Sealer sealer(key, {"CN-BJ", "0.1.0", RandomBytes(16)});
    SpoolOptions options;
    options.folder = state_.SpoolFolder();
    options.seal_tombstone = [&](const LostRange& lost) {
      return sealer.SealTombstone(lost, 1, kTestNow);
    };
    SpoolRecovery recovery;
    const auto spool = agent::Spool::Open(SystemFiles(), std::move(options), &recovery);
    ASSERT_TRUE(spool.ok()) << spool.status();
    for (int i = 0; i < count; ++i) {
      const SealedBatch sealed =
          sealer.Seal((*spool)->totals().tail, {1, kTestNow, kTestNow, {}}, {});
      ASSERT_TRUE((*spool)->Append(sealed).ok());
    }
    ASSERT_TRUE((*spool)->Acknowledge(acked).ok());
  }

  StateFolder& state() { return state_; }
  const std::string& path() const { return state_.path(); }

 private:
  TempFolder temp_;
  StateFolder state_{SystemFiles(), temp_ / "s"};
  SigningKey operator_ = SigningKey::Generate();
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_TESTS_AGENT_ENROLLED_FOLDER_H_
