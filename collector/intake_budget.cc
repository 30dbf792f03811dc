#include "collector/intake_budget.h"

#include <algorithm>

namespace sightline {
namespace {

// Room that is set aside for the message of one that is let in: many times a usual one.
constexpr size_t kBytesPerTurn = size_t{32} * 1024;

}  // namespace

void IntakeBudget::Take(size_t bytes) {
  const std::lock_guard lock(mutex_);
  ++batches_;
  bytes_ += bytes;
}

void IntakeBudget::Release(size_t batches, size_t bytes) {
  std::vector<std::shared_ptr<ReadWaiter>> next;
  {
    const std::lock_guard lock(mutex_);
    batches_ -= batches;
    bytes_ -= bytes;
    if (!queue_.empty()) next = NextInTurn();
  }
  for (const std::shared_ptr<ReadWaiter>& waiter : next) waiter->OnRoom();
}

// Holds mutex_.
std::vector<std::shared_ptr<ReadWaiter>> IntakeBudget::NextInTurn() {
  size_t count = 0;
  if (batches_ == 0) {
    // Nobody else would call: those who were let in may have nothing to send.
    count = queue_.size();
  } else if (!Full()) {
    count =
        std::min({kBatchesMax - batches_, (kBytesMax - bytes_) / kBytesPerTurn + 1, queue_.size()});
  }
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<std::shared_ptr<ReadWaiter>> next(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  return next;
}

bool IntakeBudget::MayRead(const std::shared_ptr<ReadWaiter>& waiter) {
  const std::lock_guard lock(mutex_);
  if (!Full() && queue_.empty()) return true;
  queue_.push_back(waiter);
  return false;
}

}  // namespace sightline
