// Batches for tests, sealed by one key.
#ifndef SIGHTLINE_TESTS_AGENT_TEST_CHAIN_H_
#define SIGHTLINE_TESTS_AGENT_TEST_CHAIN_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/spool.h"
#include "common/crypto.h"
#include "common/seal.h"
#include "tests/common/test_plan.h"

namespace sightline::agent {

// An agent's key and sealer.
class TestChain {
 public:
  TestChain() : key_(SigningKey::Generate()), sealer_(key_, {"CN-BJ", "0.1.0", RandomBytes(16)}) {}

  // A batch with `observations` observations, each of about `detail_bytes`.
  SealedBatch Batch(const ChainPoint& tail, int observations = 2, size_t detail_bytes = 20) const {
    std::vector<v1::Observation> made;
    for (int i = 0; i < observations; ++i) {
      v1::Observation observation;
      observation.set_check_id("whatsapp-web");
      observation.add_attempts()->set_address(std::string(detail_bytes, 'a'));
      made.push_back(std::move(observation));
    }
    return sealer_.Seal(tail, {1, kTestNow, kTestNow, {}}, std::move(made));
  }

  SpoolOptions Options(const std::string& folder) const {
    SpoolOptions options;
    options.folder = folder;
    options.seal_tombstone = [this](const LostRange& lost) {
      return sealer_.SealTombstone(lost, 1, kTestNow);
    };
    return options;
  }

  const SigningKey& key() const { return key_; }
  const Sealer& sealer() const { return sealer_; }

 private:
  SigningKey key_;
  Sealer sealer_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_TESTS_AGENT_TEST_CHAIN_H_
