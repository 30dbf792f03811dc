#include "tests/bench/load/run_grpc.h"

#include <csignal>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/lifetime_grpc.h"
#include "tests/bench/load/channel_grpc.h"
#include "tests/bench/load/driver_grpc.h"
#include "tests/bench/load/json.h"
#include "tests/bench/load/prepare.h"

namespace sightline::load {
namespace {

// Beside the connections: the map, gRPC's own, standard streams.
constexpr size_t kOtherFiles = 64;

void Print(const Outcome& outcome, const DataShape& shape) {
  const Counts& counts = outcome.counts;
  const absl::Time end = counts.batches > 0 ? counts.last_ack : outcome.end;
  const double seconds = absl::ToDoubleSeconds(end - outcome.start);
  const uint64_t results = counts.batches * shape.results_per_batch;
  absl::PrintF(
      R"({"batches": %d, "results": %d, "seconds": %.3f, "results_per_s": %.0f, )"
      R"("batches_per_s": %.1f, "ack": %s, "session": %s, "sessions_failed": %d, "connects": %d, )"
      R"("refusals": %s, "errors": %s, "exhausted": %s, "left": %d, "idle_ready": %d, )"
      R"("idle_lost": %d, "last_ack_unix_s": %.3f})"
      "\n",
      counts.batches, results, seconds, static_cast<double>(results) / seconds,
      static_cast<double>(counts.batches) / seconds, counts.acks.ToJson(),
      outcome.sessions.ToJson(), outcome.sessions_failed, outcome.connects, ToJson(counts.refusals),
      ToJson(counts.errors), outcome.exhausted ? "true" : "false", outcome.left, outcome.idle_ready,
      outcome.idle_lost,
      counts.batches > 0 ? absl::ToDoubleSeconds(counts.last_ack - absl::UnixEpoch()) : 0);
}

}  // namespace

absl::Status Run(const RunOptions& options) {
  const auto data = DataFile::Open(absl::StrCat(options.folder, "/", kDataName));
  if (!data.ok()) return data.status();
  const absl::Status files =
      RaiseFileLimit(static_cast<size_t>(options.streams) +
                     static_cast<size_t>(options.idle_streams) + kOtherFiles);
  if (!files.ok()) return files;
  if (static_cast<uint32_t>(options.idle_streams) > (*data)->shape().agents) {
    return absl::InvalidArgumentError("--idle-streams: more than there are agents");
  }
  const GrpcLifetime grpc;
  const auto dialler = MakeDialler(options.folder, options.collector);
  if (!dialler.ok()) return dialler.status();
  Driver driver(options, **data, *dialler);
  // Ends with the signal, or with the one that is raised below.
  std::thread watch([&driver] {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals, signal);
    int signal = 0;
    sigwait(&signals, &signal);
    driver.Interrupt();
  });
  const Outcome outcome = driver.Run();
  pthread_kill(watch.native_handle(), SIGUSR1);
  watch.join();
  Print(outcome, (*data)->shape());
  return absl::OkStatus();
}

}  // namespace sightline::load
