// The keys of one agent, one after the other, and the statements that announce them.
#ifndef SIGHTLINE_TESTS_COLLECTOR_KEY_CHAIN_H_
#define SIGHTLINE_TESTS_COLLECTOR_KEY_CHAIN_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/crypto.h"
#include "common/wire.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline {

// A new key for the agent whose present one is `before`.
inline v1::KeySuccession MakeSuccession(const std::string& agent_id, uint64_t generation,
                                        uint64_t from_seq, const SigningKey& before,
                                        const SigningKey& next) {
  v1::KeySuccession succession;
  succession.set_agent_id(agent_id);
  succession.set_generation(generation);
  succession.set_from_seq(from_seq);
  succession.set_public_key(next.public_key().raw());
  const std::string payload =
      RotatePayload(agent_id, generation, from_seq, succession.public_key());
  succession.set_signature(before.Sign(kRotateDomain, payload));
  succession.set_proof(next.Sign(kRotateDomain, payload));
  return succession;
}

class KeyChain {
 public:
  KeyChain() { keys_.push_back(SigningKey::Generate()); }

  std::string agent_id() const { return keys_.front().public_key().Id(); }
  const SigningKey& key(size_t generation) const { return keys_.at(generation); }

  // The next key, from that batch on.
  v1::KeySuccession Rotate(uint64_t from_seq) {
    SigningKey next = SigningKey::Generate();
    v1::KeySuccession succession =
        MakeSuccession(agent_id(), keys_.size(), from_seq, keys_.back(), next);
    keys_.push_back(std::move(next));
    return succession;
  }

 private:
  std::vector<SigningKey> keys_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_KEY_CHAIN_H_
