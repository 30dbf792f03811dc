// Keeps streams running: starts the next one when one ends, in a closed loop or at a pace.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_DRIVER_GRPC_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_DRIVER_GRPC_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "tests/bench/load/channel_grpc.h"
#include "tests/bench/load/data_file.h"
#include "tests/bench/load/latencies.h"
#include "tests/bench/load/pace.h"
#include "tests/bench/load/run_grpc.h"
#include "tests/bench/load/stream_grpc.h"

namespace sightline::load {

// What a run came to.
struct Outcome {
  Counts counts;
  Latencies sessions;  // of streams that ended well, from when they were due
  uint64_t sessions_failed = 0;
  uint64_t connects = 0;
  uint64_t idle_ready = 0;
  uint64_t idle_lost = 0;
  // There was nothing left to send.
  bool exhausted = false;
  // Due, but not done when the run ended.
  uint64_t left = 0;
  absl::Time start;
  absl::Time end;
};

// One thread drives; gRPC's threads report to it.
class Driver : public Stream::Listener {
 public:
  // Both outlive the driver.
  Driver(const RunOptions& options, const DataFile& data, const Dialler& dialler);

  // Returns when the time is up, everything is sent or Interrupt was called, and all streams are
  // over.
  Outcome Run();
  // Thread-safe.
  void Interrupt();

  void OnWelcome(Stream& stream) override;
  void OnOver(Stream& stream) override;

 private:
  struct Active {
    std::unique_ptr<Stream> stream;
    absl::Time due;
  };

  void StartIdle();
  void StartDue(absl::Time now);
  void StartPacedBatches(absl::Time now);
  bool StartSession(absl::Time due);
  void Launch(StreamTask task, absl::Time due);
  void Reap(std::vector<Stream*> over);
  bool Finished(absl::Time now);
  absl::Time NextWake(absl::Time now) const;
  void StopAll();

  const RunOptions options_;
  const DataFile& data_;
  const Dialler& dialler_;
  std::optional<Pace> pace_;
  absl::Time deadline_ = absl::InfiniteFuture();
  int64_t paced_ = 0;               // things of the pace that were started
  std::deque<uint32_t> agents_;     // that have something to send
  std::vector<uint8_t> failures_;   // in a row, by agent
  std::deque<absl::Time> waiting_;  // due, without a stream that takes them
  std::unordered_map<Stream*, Active> active_;
  std::vector<Stream*> lanes_;  // those of active_ that take paced batches
  size_t turn_ = 0;
  int busy_ = 0;  // active_ without the idle ones
  int idle_to_start_ = 0;
  int idle_starting_ = 0;
  uint32_t next_idle_agent_ = 0;
  bool stopped_ = false;
  Outcome outcome_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Stream*> over_;   // guarded by mutex_
  uint64_t idle_welcomed_ = 0;  // guarded by mutex_
  bool interrupted_ = false;    // guarded by mutex_
};

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_DRIVER_GRPC_H_
