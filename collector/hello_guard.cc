#include "collector/hello_guard.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/hash/hash.h"
#include "common/crypto.h"

namespace sightline {
namespace {

constexpr double kTokensPerSecond = 1;
constexpr absl::Duration kKnownFor = absl::Hours(7 * 24);
constexpr absl::Duration kSuspension = absl::Minutes(1);
constexpr absl::Duration kForgiveAfter = absl::Hours(1);
constexpr int kDoublingsMax = 12;  // 2^12 s is above the hour that is the most

// An agent_id is a hash itself: its first 8 bytes will do.
uint64_t KeyOf(absl::string_view agent_id) {
  uint64_t key = 0;
  std::memcpy(&key, agent_id.data(), std::min(agent_id.size(), sizeof key));
  return key;
}

uint64_t RandomSalt() { return KeyOf(RandomBytes(sizeof(uint64_t))); }

}  // namespace

HelloGuard::HelloGuard() : salt_(RandomSalt()) {}

HelloGuard::Block& HelloGuard::BlockOf(const Origin& origin, absl::Time now) {
  Block& block = blocks_.At(absl::HashOf(salt_, origin.prefix));
  // A clock that was set back adds nothing.
  const double seconds =
      block.counted == absl::InfinitePast() ? 0 : absl::ToDoubleSeconds(now - block.counted);
  block.tokens = std::min(kBurst, block.tokens + std::max(0.0, seconds) * kTokensPerSecond);
  block.counted = now;
  return block;
}

absl::Duration HelloGuard::Wait(const Origin& origin, absl::string_view agent_id, absl::Time now) {
  const std::lock_guard lock(mutex_);
  const Agent* const agent = agents_.Find(KeyOf(agent_id));
  if (agent != nullptr && now < agent->shut_until) {
    return std::min(agent->shut_until - now, kForgiveAfter);
  }
  const Block& block = BlockOf(origin, now);
  if (block.tokens >= 1) return absl::ZeroDuration();
  const bool known =
      agent != nullptr && now - agent->proven < kKnownFor && now >= agent->suspended_until;
  if (known) return absl::ZeroDuration();
  return absl::Seconds((1 - block.tokens) / kTokensPerSecond);
}

void HelloGuard::OnProven(absl::string_view agent_id, absl::Time now) {
  const std::lock_guard lock(mutex_);
  agents_.At(KeyOf(agent_id)).proven = now;
}

void HelloGuard::OnUnproven(const Origin& origin, absl::string_view agent_id, absl::Time now) {
  const std::lock_guard lock(mutex_);
  Block& block = BlockOf(origin, now);
  block.tokens = std::max(0.0, block.tokens - 1);
  Agent* const agent = agents_.Find(KeyOf(agent_id));
  if (agent != nullptr) agent->suspended_until = now + kSuspension;
}

void HelloGuard::OnMisbehaved(absl::string_view agent_id, absl::Time now) {
  const std::lock_guard lock(mutex_);
  Agent& agent = agents_.At(KeyOf(agent_id));
  if (now - agent.last_strike > kForgiveAfter) agent.strikes = 0;
  agent.last_strike = now;
  ++agent.strikes;
  if (agent.strikes <= kFreeStrikes) return;
  const int doublings = std::min(agent.strikes - kFreeStrikes, kDoublingsMax);
  agent.shut_until = now + std::min(absl::Seconds(int64_t{1} << doublings), kForgiveAfter);
}

}  // namespace sightline
