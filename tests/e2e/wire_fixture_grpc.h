// Both ends of the wire in one process, and what every test asks of both.
#ifndef SIGHTLINE_TESTS_E2E_WIRE_FIXTURE_GRPC_H_
#define SIGHTLINE_TESTS_E2E_WIRE_FIXTURE_GRPC_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "common/crypto.h"
#include "sightline/v1/ingest.pb.h"
#include "sightline/v1/observation.pb.h"
#include "tests/common/fake_clock.h"
#include "tests/common/test_plan.h"
#include "tests/e2e/enrolled_agent_grpc.h"
#include "tests/e2e/loopback_collector_grpc.h"

namespace sightline::e2e {

// A collector with a plan, and what every test asks of both ends.
class WireTest : public ::testing::Test {
 protected:
  // Publishes TestPlan(1).
  WireTest();

  // To `collector_`.
  std::unique_ptr<agent::Transport> Tampering(TamperingTransport::Hooks hooks) const;
  // Changes every batch on its way to `collector_`.
  std::unique_ptr<agent::Transport> Changing(std::function<void(v1::SignedBatch&)> change) const;
  // Changes a batch and signs it, as the agent itself would never have done.
  static void Reseal(const EnrolledAgent& agent, v1::SignedBatch& signed_batch,
                     const std::function<void(v1::Batch&)>& change);

  // Both ends name the reason and say the words: the session, the status and the log of the agent,
  // the log of the collector. `seq` is the batch concerned; 0 when the hello was.
  void ExpectRefused(const EnrolledAgent& agent, const Delivery& delivery, v1::RefusalReason reason,
                     uint64_t seq, const std::string& words) const;

  // The agent's own road brings everything that waits to `collector_`, once, byte for byte.
  void ExpectDelivers(EnrolledAgent& agent);

  LogLines log_;
  FakeClock clock_{kTestNow};
  const SigningKey operator_key_ = SigningKey::Generate();
  LoopbackCollector collector_{operator_key_, clock_};
};

}  // namespace sightline::e2e

#endif  // SIGHTLINE_TESTS_E2E_WIRE_FIXTURE_GRPC_H_
