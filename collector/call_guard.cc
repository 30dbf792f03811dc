#include "collector/call_guard.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/hash/hash.h"
#include "collector/bucket.h"
#include "common/crypto.h"

namespace sightline {
namespace {

uint64_t RandomSalt() {
  uint64_t salt = 0;
  const std::string bytes = RandomBytes(sizeof salt);
  std::memcpy(&salt, bytes.data(), sizeof salt);
  return salt;
}

// Whether the caller is to blame for a call that ended so.
bool IsUnproven(absl::StatusCode code) {
  return code == absl::StatusCode::kUnauthenticated || code == absl::StatusCode::kNotFound;
}

// Whether the collector is: the call is free.
bool IsOurs(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kAborted ||
         code == absl::StatusCode::kDeadlineExceeded || code == absl::StatusCode::kDataLoss ||
         code == absl::StatusCode::kResourceExhausted;
}

}  // namespace

CallGuard::CallGuard(int enrolments_per_day_max)
    : enrolments_per_day_max_(enrolments_per_day_max), salt_(RandomSalt()) {}

CallGuard::Block& CallGuard::BlockOf(const Origin& origin, absl::Time now) {
  Block& block = blocks_.At(absl::HashOf(salt_, origin.prefix));
  // A clock that was set back adds nothing.
  const double added = block.counted == absl::InfinitePast()
                           ? 0
                           : std::max(0.0, absl::FDivDuration(now - block.counted, kRefill));
  block.tokens = std::min(kBurst, block.tokens + added);
  block.counted = now;
  if (block.day != DayOf(now)) {
    block.day = DayOf(now);
    block.enrolments = 0;
  }
  return block;
}

absl::Duration CallGuard::Admit(RegistryCall call, const Origin& origin, absl::Time now) {
  const std::lock_guard lock(mutex_);
  Block& block = BlockOf(origin, now);
  if (block.tokens < 1) return (1 - block.tokens) * kRefill;
  if (call == RegistryCall::kEnroll) {
    if (enrolments_per_day_max_ > 0 && block.enrolments >= enrolments_per_day_max_) {
      return absl::UnixEpoch() + absl::Hours(24) * (block.day + 1) - now;
    }
    ++block.enrolments;
  }
  block.tokens -= 1;
  return absl::ZeroDuration();
}

void CallGuard::Settle(RegistryCall call, const Origin& origin, absl::StatusCode code,
                       absl::Time now) {
  const std::lock_guard lock(mutex_);
  Block& block = BlockOf(origin, now);
  const bool worked = code == absl::StatusCode::kOk;
  if (call == RegistryCall::kEnroll && !worked)
    block.enrolments = std::max(0, block.enrolments - 1);
  if (IsOurs(code) || (call == RegistryCall::kEnroll && worked)) {
    block.tokens = std::min(kBurst, block.tokens + 1);
  } else if (IsUnproven(code)) {
    block.tokens = std::max(0.0, block.tokens + 1 - kUnprovenCost);
  }
}

}  // namespace sightline
