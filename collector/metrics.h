// What the collector counts about itself, by the names that /metrics shows.
#ifndef SIGHTLINE_COLLECTOR_METRICS_H_
#define SIGHTLINE_COLLECTOR_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

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

  // All metrics in Prometheus' text format 0.0.4, then `more`, then the process' own. Reads /proc;
  // takes milliseconds.
  std::string Text(std::vector<prometheus::MetricFamily> more = {}) const;

  // Those of one label find their counter without a lock; every label value that is known
  // beforehand is shown as 0 from the start.

  // Refusals of that reason. Also of UNSPECIFIED, which must stay 0; what is no reason counts
  // there.
  prometheus::Counter& Refused(v1::RefusalReason reason);
  // Records that the fold read, by what became of them: the names of FoldOutcome ("folded",
  // "tombstone", "from_future", "unknown_plan", "too_late", "forgotten").
  prometheus::Counter& Folded(absl::string_view outcome);
  // Groups that were not stored, by the store's status code ("UNAVAILABLE", ...).
  prometheus::Counter& CommitFailed(absl::string_view code);
  // Their number until now by code; only codes that occurred.
  std::map<std::string, uint64_t> CommitFailures() const;
  // Posts to webhooks, by what came of them: "acknowledged", "refused" (another status than 2xx),
  // "unanswered".
  prometheus::Counter& WebhookPosted(absl::string_view result);
  // Calls of Ingest that need no stream ("Enroll", "RotateKey", "Leave") and calls of Admin, by
  // method and by the status code that they ended with ("OK", "UNAUTHENTICATED", ...).
  prometheus::Counter& RegistryCalled(absl::string_view method, absl::string_view code);
  prometheus::Counter& AdminCalled(absl::string_view method, absl::string_view code);
  // New pairs of certificate and key that were found, by what came of them: "installed", "refused".
  prometheus::Counter& TlsReloaded(absl::string_view result);
  // 1 when that part of the collector works, 0 when it does not. `part` as in /healthz.
  prometheus::Gauge& PartUp(absl::string_view part);

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

  // Webhooks; 0 on a node that does not post.
  prometheus::Gauge& webhooks_failing;         // whose last attempt failed
  prometheus::Gauge& webhook_waiting_seconds;  // age of the oldest change not delivered; 0: none

  // The public listener.
  prometheus::Gauge& tls_certificate_expire_time;  // Unix time, seconds

 private:
  using Counters = prometheus::Family<prometheus::Counter>;
  // The members of a family whose label values are known beforehand. Does not change once made.
  using ByLabel = std::map<std::string, prometheus::Counter*, std::less<>>;

  Counters& refusals_;
  Counters& folded_;
  Counters& commits_failed_;
  Counters& webhook_posts_;
  Counters& registry_calls_;
  Counters& admin_calls_;
  Counters& tls_reloads_;
  prometheus::Family<prometheus::Gauge>& parts_up_;
  std::array<prometheus::Counter*, v1::RefusalReason_ARRAYSIZE> refused_by_reason_;
  ByLabel folded_by_outcome_;
  ByLabel commits_failed_by_code_;
  ByLabel webhook_posts_by_result_;
  ByLabel tls_reloads_by_result_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_METRICS_H_
