// All of intake but gRPC: what the sessions of a collector share, and the threads that serve them.
#ifndef SIGHTLINE_COLLECTOR_INTAKE_H_
#define SIGHTLINE_COLLECTOR_INTAKE_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "collector/agent_watch.h"
#include "collector/bucket.h"
#include "collector/certificate_hashes.h"
#include "collector/hello_guard.h"
#include "collector/intake_budget.h"
#include "collector/metrics.h"
#include "collector/plan_book.h"
#include "collector/recent_log.h"
#include "collector/session.h"
#include "collector/store/store.h"
#include "collector/streams.h"
#include "collector/workers.h"
#include "collector/writer.h"
#include "common/clock.h"

namespace sightline {

struct IntakeOptions {
  std::string node = "n1";
  size_t streams_max = 20'000;
};

// Runs from construction until destruction.
class Intake {
 public:
  // Owns nothing of these; everything outlives it. `on_commit`: see Writer.
  Intake(Store& store, PlanBook& plans, BucketKeys& bucket_keys, RecentLog& recent,
         const CertificateHashes& certificates, const Clock& clock, Metrics& metrics,
         const IntakeOptions& options, std::function<void()> on_commit);
  // Stores what is in flight. The server has ended before, so that nothing new comes in.
  ~Intake();

  const SessionContext& session_context() const { return session_context_; }
  // For work that may wait for the store.
  Workers& store_workers() { return store_workers_; }

 private:
  void RunTicker();

  const Clock& clock_;
  HelloGuard guard_;
  IntakeBudget budget_;
  Streams streams_;
  Workers cpu_workers_;
  Workers store_workers_;
  const SessionContext session_context_;  // sessions use it until the writer has told them all
  Writer writer_;
  AgentWatch agent_watch_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread ticker_;     // last: started when all else is ready
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_INTAKE_H_
