// An agent that exists only in a test: a key and a chain.
#ifndef SIGHTLINE_TESTS_COLLECTOR_TEST_AGENT_H_
#define SIGHTLINE_TESTS_COLLECTOR_TEST_AGENT_H_

#include <string>

#include "collector/store/store.h"
#include "common/crypto.h"
#include "common/wire.h"
#include "tests/common/test_plan.h"

namespace sightline {

// Of the certificate that a collector without TLS would show.
inline std::string TestCertificateHash() { return Sha256("certificate of the collector"); }

class TestAgent {
 public:
  explicit TestAgent(std::string region = "CN-BJ") : region_(std::move(region)) {}

  AgentRecord Record() const {
    AgentRecord record;
    record.agent_id = key_.public_key().Id();
    record.public_key = key_.public_key().raw();
    record.role = v1::AGENT_ROLE_VOLUNTEER;
    record.region = region_;
    record.enroll_time = kTestNow - absl::Hours(1);
    record.head = GenesisHash();
    return record;
  }

  // The next batch of the chain, with one observation; `round_time` tells batches apart.
  v1::Batch NextBatch(absl::Time round_time = kTestNow) const {
    v1::Batch batch;
    batch.set_agent_id(key_.public_key().Id());
    batch.set_batch_seq(seq_ + 1);
    batch.set_prev_hash(head_);
    batch.set_boot_id(std::string(16, 'b'));
    batch.set_plan_version(1);
    batch.set_round_time_ms(absl::ToUnixMillis(round_time));
    batch.set_seal_time_ms(absl::ToUnixMillis(round_time));
    batch.mutable_vantage()->set_region(region_);
    batch.add_observations()->set_check_id("whatsapp-web");
    return batch;
  }

  // Signs a batch and moves the chain on.
  v1::SignedBatch Seal(const v1::Batch& batch) {
    v1::SignedBatch sealed = SealBatch(batch, key_);
    seq_ = batch.batch_seq();
    head_ = ChainHash(sealed, batch);
    return sealed;
  }

  v1::Hello HelloTo(absl::string_view nonce, uint64_t plan_version,
                    absl::string_view certificate_hash = TestCertificateHash()) const {
    v1::Hello hello;
    hello.set_agent_id(key_.public_key().Id());
    hello.set_plan_version(plan_version);
    hello.set_signature(key_.Sign(
        kHelloDomain, HelloPayload(nonce, hello.agent_id(), plan_version, certificate_hash)));
    return hello;
  }

  const SigningKey& key() const { return key_; }
  uint64_t seq() const { return seq_; }

 private:
  const SigningKey key_ = SigningKey::Generate();
  const std::string region_;
  uint64_t seq_ = 0;
  std::string head_ = GenesisHash();
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_TEST_AGENT_H_
