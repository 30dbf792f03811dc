#include "collector/lease.h"

#include <utility>

namespace sightline {

Lease::Lease(Store& store, const SteadyClock& clock, std::string name, std::string holder,
             LeaseOptions options)
    : store_(store),
      clock_(clock),
      name_(std::move(name)),
      self_(std::move(holder)),
      options_(options) {}

bool Lease::Held() const {
  return holding_ && clock_.Elapsed() < renewed_ + options_.term - options_.margin;
}

absl::Status Lease::Tick() { return holding_ ? Beat() : Watch(); }

absl::Status Lease::Look() {
  absl::StatusOr<LeaseRecord> row = store_.ReadLease(name_);
  if (!row.ok()) return row.status();
  // The time after the answer: the holder may have moved the row up to then.
  looked_at_ = clock_.Elapsed();
  if (!looked_ || !(*row == seen_)) {
    seen_ = *std::move(row);
    seen_since_ = looked_at_;
    looked_ = true;
  }
  return absl::OkStatus();
}

absl::Status Lease::Beat() {
  // Twice: a beat that was in doubt is found in the row, and continued from there.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const absl::Duration begun = clock_.Elapsed();
    if (begun < renewed_ + options_.beat) return absl::OkStatus();
    const LeaseRecord next{self_, mine_.term, mine_.beat + 1};
    const absl::StatusOr<bool> moved = store_.MoveLease(name_, mine_, next);
    if (!moved.ok()) return moved.status();
    if (*moved) {
      mine_ = next;
      renewed_ = begun;
      return absl::OkStatus();
    }
    if (absl::Status status = Look(); !status.ok()) return status;
    if (seen_.holder != self_ || seen_.term != mine_.term) {
      holding_ = false;
      return absl::OkStatus();
    }
    mine_ = seen_;
  }
  return absl::OkStatus();
}

absl::Status Lease::Watch() {
  if (looked_ && clock_.Elapsed() < looked_at_ + options_.beat / 2) return absl::OkStatus();
  if (absl::Status status = Look(); !status.ok()) return status;
  const bool free = seen_.holder.empty() || seen_.holder == self_ || seen_.beat == kReleased ||
                    looked_at_ - seen_since_ >= options_.term;
  if (!free) return absl::OkStatus();
  const absl::Duration begun = clock_.Elapsed();
  const LeaseRecord next{self_, seen_.term + 1, 0};
  const absl::StatusOr<bool> moved = store_.MoveLease(name_, seen_, next);
  if (!moved.ok()) return moved.status();
  if (!*moved) return absl::OkStatus();  // somebody was quicker
  mine_ = seen_ = next;
  renewed_ = begun;
  holding_ = true;
  return absl::OkStatus();
}

absl::Status Lease::Release() {
  if (!holding_) return absl::OkStatus();
  holding_ = false;
  // With the next term, so that a write of this one that is still on its way comes too late.
  return store_.MoveLease(name_, mine_, {self_, mine_.term + 1, kReleased}).status();
}

}  // namespace sightline
