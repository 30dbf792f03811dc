// A few threads for work that no reaction of gRPC may do itself.
#ifndef SIGHTLINE_COLLECTOR_WORKERS_H_
#define SIGHTLINE_COLLECTOR_WORKERS_H_

#include <atomic>
#include <functional>
#include <memory>

namespace sightline {

// Works in the order of Post. A collector has two of them: one for what may wait for the store, one
// for what needs the processor, so that neither stops the other. Thread-safe.
class Workers {
 public:
  // Work of TryPost that may wait or run.
  static constexpr int kTriedMax = 64;

  explicit Workers(int threads);
  // Stops.
  ~Workers();

  // `work` runs soon on one of the threads. It must not throw. Callers bound what they post: a
  // stream has one message in work at most.
  void Post(std::function<void()> work);

  // The same for callers that nothing bounds. False when too much of this kind waits already:
  // `work` does not run.
  bool TryPost(std::function<void()> work);

  // Runs what was posted and joins the threads. What is posted afterwards never runs.
  void Stop();

 private:
  class Pool;
  const std::unique_ptr<Pool> pool_;
  std::atomic<int> tried_ = 0;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WORKERS_H_
