// Bounds the batches of all streams that were received and are not stored yet.
#ifndef SIGHTLINE_COLLECTOR_INTAKE_BUDGET_H_
#define SIGHTLINE_COLLECTOR_INTAKE_BUDGET_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace sightline {

// Who waits until it may read on.
class ReadWaiter {
 public:
  virtual ~ReadWaiter() = default;
  virtual void OnRoom() = 0;
};

// While all is well streams read as they like. When too much is on its way, each has to queue for
// every single message, so a stream that sends much gets no more than one that sends little. What
// streams have begun to read already still comes: at most one message each. Thread-safe.
class IntakeBudget {
 public:
  // Some 0.1 s of work; four groups of the writer.
  static constexpr size_t kBatchesMax = 1024;
  static constexpr size_t kBytesMax = size_t{32} * 1024 * 1024;

  // A batch came in.
  void Take(size_t bytes);

  // Batches were stored or refused. Calls OnRoom of those whose turn it is: the caller holds no
  // lock that OnRoom takes.
  void Release(size_t batches, size_t bytes);

  // True: read on now. False: `waiter` hears OnRoom later, once.
  bool MayRead(const std::shared_ptr<ReadWaiter>& waiter);

 private:
  bool Full() const { return batches_ >= kBatchesMax || bytes_ >= kBytesMax; }
  std::vector<std::shared_ptr<ReadWaiter>> NextInTurn();

  std::mutex mutex_;
  size_t batches_ = 0;                             // guarded by mutex_
  size_t bytes_ = 0;                               // guarded by mutex_
  std::deque<std::shared_ptr<ReadWaiter>> queue_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_INTAKE_BUDGET_H_
