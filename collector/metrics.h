// What the collector counts about itself, by the names that /metrics shows.
#ifndef SIGHTLINE_COLLECTOR_METRICS_H_
#define SIGHTLINE_COLLECTOR_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline {

// Thread-safe: every metric is. Owns all of them.
class Metrics {
 private:
  // Before the metrics, which live in it.
  const std::shared_ptr<prometheus::Registry> registry_;

 public:
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // All metrics in Prometheus' text format 0.0.4.
  std::string Text() const;

  // Refusals of that reason. Also of UNSPECIFIED, which must stay 0.
  prometheus::Counter& Refused(v1::RefusalReason reason);
  // Records that the fold read, by what became of them ("folded", "too_late", ...).
  prometheus::Counter& Folded(absl::string_view outcome);
  // Groups that were not stored, by the store's status code ("UNAVAILABLE", ...).
  prometheus::Counter& CommitFailed(absl::string_view code);

  // Intake.
  prometheus::Gauge& streams;             // open now
  prometheus::Counter& streams_opened;    // since the start
  prometheus::Counter& streams_rejected;  // turned away before their hello
  prometheus::Counter& hellos;            // good ones
  prometheus::Counter& batches_accepted;  // stored for the first time
  prometheus::Counter& batches_repeated;  // were stored already
  prometheus::Counter& results_accepted;  // observations in accepted batches
  prometheus::Counter& bytes_received;    // of signed batches

  // Writer.
  prometheus::Gauge& queue_depth;     // batches that wait for a commit
  prometheus::Histogram& group_size;  // batches
  prometheus::Histogram& commit_seconds;

  // Fold.
  prometheus::Gauge& fold_leader;       // 1 when this node folds, 0 when it stands by
  prometheus::Gauge& fold_lag_seconds;  // age of the oldest record that is not folded; 0: none
  prometheus::Gauge& fold_windows;      // in memory
  prometheus::Histogram& checkpoint_seconds;

 private:
  prometheus::Family<prometheus::Counter>& refusals_;
  prometheus::Family<prometheus::Counter>& folded_;
  prometheus::Family<prometheus::Counter>& commits_failed_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_METRICS_H_
