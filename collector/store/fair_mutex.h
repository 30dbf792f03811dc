// A mutex that is given in the order in which it was asked for.
#ifndef SIGHTLINE_COLLECTOR_STORE_FAIR_MUTEX_H_
#define SIGHTLINE_COLLECTOR_STORE_FAIR_MUTEX_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace sightline {

// Meets BasicLockable. For locks that are held for milliseconds, where one that asks in a loop
// must not starve the others.
class FairMutex {
 public:
  void lock() {
    std::unique_lock<std::mutex> lock(mutex_);
    const uint64_t ticket = next_++;
    turn_.wait(lock, [&] { return serving_ == ticket; });
  }
  void unlock() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++serving_;
    }
    turn_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable turn_;
  uint64_t next_ = 0;     // guarded by mutex_
  uint64_t serving_ = 0;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_FAIR_MUTEX_H_
