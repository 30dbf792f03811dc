// Idle database connections, kept for the next caller.
#ifndef SIGHTLINE_COLLECTOR_STORE_CONNECTION_POOL_H_
#define SIGHTLINE_COLLECTOR_STORE_CONNECTION_POOL_H_

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace sightline {

// Thread-safe. Keeps at most kIdleMax connections; there are as many in use as threads that call.
template <typename Connection>
class ConnectionPool {
 public:
  // nullptr when none is idle.
  std::unique_ptr<Connection> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty()) return nullptr;
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }

  // A connection without an open transaction.
  void Give(std::unique_ptr<Connection> connection) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.size() < kIdleMax) idle_.push_back(std::move(connection));
  }

  // Closes what is idle: after one connection was lost, the others are suspect.
  void Clear() {
    std::vector<std::unique_ptr<Connection>> closing;
    const std::lock_guard<std::mutex> lock(mutex_);
    closing.swap(idle_);
  }

 private:
  static constexpr size_t kIdleMax = 4;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_CONNECTION_POOL_H_
