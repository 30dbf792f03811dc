// A few threads for work that may wait for the store, so that no gRPC reaction ever does.
#ifndef SIGHTLINE_COLLECTOR_WORKERS_H_
#define SIGHTLINE_COLLECTOR_WORKERS_H_

#include <functional>
#include <memory>

namespace sightline {

// Thread-safe.
class Workers {
 public:
  explicit Workers(int threads);
  // Runs what was posted, then joins.
  ~Workers();

  // `work` runs soon on one of the threads. It must not throw.
  void Post(std::function<void()> work);

 private:
  class Pool;
  const std::unique_ptr<Pool> pool_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WORKERS_H_
