// Which key signs for an agent at which batch. An agent's name is the hash of its first key; each
// later key is announced by a statement that the key before it and the new one signed, so anyone
// who has the statements can follow the chain from the name on.
#ifndef SIGHTLINE_COLLECTOR_AGENT_KEYS_H_
#define SIGHTLINE_COLLECTOR_AGENT_KEYS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/crypto.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline {

// Changes of one agent's key: some years of one a week. Bounds what it costs to follow a chain.
inline constexpr int kKeyGenerationsMax = 256;

// Immutable. Thread-safe.
class AgentKeys {
 public:
  // Checks the whole chain: that `first_key` is the one that `agent_id` is the hash of, that the
  // generations are 1, 2, 3, ..., that no key begins before the one before it, and both signatures
  // of each statement. INVALID_ARGUMENT names the field, and the generation that is wrong.
  static absl::StatusOr<AgentKeys> Follow(absl::string_view agent_id, absl::string_view first_key,
                                          absl::Span<const v1::KeySuccession> successions);

  // The chain with one statement more. Errors as Follow, but UNAUTHENTICATED when a signature does
  // not fit and FAILED_PRECONDITION for another generation than the next, or a from_seq before that
  // of the present key.
  absl::StatusOr<AgentKeys> With(const v1::KeySuccession& succession) const;

  // The key that must have signed the batch with this number.
  const VerifyKey& KeyOf(uint64_t batch_seq) const;

  // The newest: hellos, leaving and the next change are signed with it.
  const VerifyKey& current() const { return periods_.back().key; }
  uint64_t generation() const { return periods_.size() - 1; }

 private:
  struct Period {
    uint64_t from_seq = 0;
    VerifyKey key;
  };

  AgentKeys(std::string agent_id, std::vector<Period> periods)
      : agent_id_(std::move(agent_id)), periods_(std::move(periods)) {}

  std::string agent_id_;
  std::vector<Period> periods_;  // by generation, never empty
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AGENT_KEYS_H_
