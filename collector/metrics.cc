#include "collector/metrics.h"

#include <prometheus/text_serializer.h>

#include <utility>

#include "absl/status/status.h"
#include "collector/process_metrics.h"
#include "common/message.h"

namespace sightline {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Histogram;
using prometheus::Registry;

prometheus::Family<prometheus::Counter>& Family(Registry& registry, const char* name,
                                                const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Counter& Counter(Registry& registry, const char* name, const char* help) {
  return Family(registry, name, help).Add({});
}

prometheus::Gauge& Gauge(Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Histogram& Distribution(Registry& registry, const char* name, const char* help,
                                    const Histogram::BucketBoundaries& bounds) {
  return BuildHistogram().Name(name).Help(help).Register(registry).Add({}, bounds);
}

const Histogram::BucketBoundaries& Seconds() {
  static const Histogram::BucketBoundaries kSeconds = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,
                                                       0.2,   0.5,   1,     2,    5,    10,   30};
  return kSeconds;
}

}  // namespace

Metrics::Metrics()
    : registry_(std::make_shared<Registry>()),
      streams(Gauge(*registry_, "sightline_ingest_streams", "Submit streams open now")),
      streams_opened(Counter(*registry_, "sightline_ingest_streams_opened_total",
                             "Submit streams opened since the start")),
      streams_rejected(Counter(*registry_, "sightline_ingest_streams_rejected_total",
                               "Submit streams turned away before their hello")),
      hellos(Counter(*registry_, "sightline_ingest_hellos_total", "Good hellos")),
      batches_accepted(Counter(*registry_, "sightline_ingest_batches_accepted_total",
                               "Batches stored for the first time")),
      batches_repeated(Counter(*registry_, "sightline_ingest_batches_repeated_total",
                               "Batches sent again that were stored already")),
      results_accepted(Counter(*registry_, "sightline_ingest_results_accepted_total",
                               "Observations in accepted batches")),
      bytes_received(Counter(*registry_, "sightline_ingest_received_bytes_total",
                             "Bytes of signed batches received")),
      queue_depth(
          Gauge(*registry_, "sightline_writer_queue_batches", "Batches that wait for a commit")),
      group_size(Distribution(*registry_, "sightline_writer_group_batches", "Batches of one commit",
                              {1, 2, 4, 8, 16, 32, 64, 128, 256})),
      commit_seconds(Distribution(*registry_, "sightline_writer_commit_seconds",
                                  "Time that one commit took", Seconds())),
      fold_leader(Gauge(*registry_, "sightline_fold_leader",
                        "1 when this node folds the log, 0 when it stands by")),
      fold_lag_seconds(Gauge(*registry_, "sightline_fold_lag_seconds",
                             "Age of the oldest record that is not folded, 0 when all are")),
      fold_windows(Gauge(*registry_, "sightline_fold_windows", "Windows in memory")),
      checkpoint_seconds(Distribution(*registry_, "sightline_fold_checkpoint_seconds",
                                      "Time that one checkpoint took", Seconds())),
      webhooks_failing(
          Gauge(*registry_, "sightline_webhook_failing", "Webhooks whose last attempt failed")),
      webhook_waiting_seconds(
          Gauge(*registry_, "sightline_webhook_waiting_seconds",
                "Age of the oldest change that a webhook waits for, 0 when none does")),
      tls_certificate_expire_time(
          Gauge(*registry_, "sightline_tls_certificate_expire_timestamp_seconds",
                "When the certificate of the public listener expires, in Unix time")),
      refusals_(Family(*registry_, "sightline_ingest_refusals_total",
                       "Refusals by the reason that the agent was told")),
      folded_(Family(*registry_, "sightline_fold_records_total",
                     "Records that the fold read, by what became of them")),
      commits_failed_(Family(*registry_, "sightline_writer_commits_failed_total",
                             "Groups that were not stored, by the store's status")),
      webhook_posts_(Family(*registry_, "sightline_webhook_posts_total",
                            "Posts to webhooks, by what came of them")),
      registry_calls_(
          Family(*registry_, "sightline_ingest_calls_total",
                 "Calls to enrol, change a key or leave, by the status they ended with")),
      admin_calls_(Family(*registry_, "sightline_admin_calls_total",
                          "Calls of operators, by the status they ended with")),
      tls_reloads_(Family(*registry_, "sightline_tls_reloads_total",
                          "New certificates that were found, by what came of them")),
      parts_up_(BuildGauge()
                    .Name("sightline_health_part_up")
                    .Help("1 when that part of the collector works, 0 when /healthz says why not")
                    .Register(*registry_)) {
  for (int reason = 0; reason < v1::RefusalReason_ARRAYSIZE; ++reason) {
    refused_by_reason_[static_cast<size_t>(reason)] =
        &refusals_.Add({{"reason", ShortName(static_cast<v1::RefusalReason>(reason))}});
  }
  for (const char* outcome :
       {"folded", "tombstone", "from_future", "unknown_plan", "too_late", "forgotten"}) {
    folded_by_outcome_.emplace(outcome, &folded_.Add({{"outcome", outcome}}));
  }
  for (const char* result : {"acknowledged", "refused", "unanswered"}) {
    webhook_posts_by_result_.emplace(result, &webhook_posts_.Add({{"result", result}}));
  }
  // Other codes are shown once they occur.
  for (const char* method : {"Enroll", "RotateKey", "Leave"}) {
    for (const char* code : {"OK", "RESOURCE_EXHAUSTED", "UNAUTHENTICATED"}) {
      registry_calls_.Add({{"method", method}, {"code", code}});
    }
  }
  for (const char* method : {"CreateInvites", "PublishPlan", "RevokeAgent"}) {
    admin_calls_.Add({{"method", method}, {"code", "OK"}});
  }
  for (const char* result : {"installed", "refused"}) {
    tls_reloads_by_result_.emplace(result, &tls_reloads_.Add({{"result", result}}));
  }
  for (int code = 1; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
    const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
    commits_failed_by_code_.emplace(name, &commits_failed_.Add({{"code", name}}));
  }
}

std::string Metrics::Text(std::vector<prometheus::MetricFamily> more) const {
  std::vector<prometheus::MetricFamily> families = registry_->Collect();
  for (prometheus::MetricFamily& family : more) families.push_back(std::move(family));
  for (prometheus::MetricFamily& family : CollectProcessMetrics()) {
    families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

prometheus::Counter& Metrics::Refused(v1::RefusalReason reason) {
  return *refused_by_reason_[v1::RefusalReason_IsValid(reason) ? static_cast<size_t>(reason) : 0];
}

prometheus::Counter& Metrics::Folded(absl::string_view outcome) {
  const auto it = folded_by_outcome_.find(outcome);
  if (it != folded_by_outcome_.end()) return *it->second;
  return folded_.Add({{"outcome", std::string(outcome)}});
}

prometheus::Counter& Metrics::WebhookPosted(absl::string_view result) {
  const auto it = webhook_posts_by_result_.find(result);
  if (it != webhook_posts_by_result_.end()) return *it->second;
  return webhook_posts_.Add({{"result", std::string(result)}});
}

prometheus::Counter& Metrics::TlsReloaded(absl::string_view result) {
  const auto it = tls_reloads_by_result_.find(result);
  if (it != tls_reloads_by_result_.end()) return *it->second;
  return tls_reloads_.Add({{"result", std::string(result)}});
}

prometheus::Counter& Metrics::CommitFailed(absl::string_view code) {
  const auto it = commits_failed_by_code_.find(code);
  if (it != commits_failed_by_code_.end()) return *it->second;
  return commits_failed_.Add({{"code", std::string(code)}});
}

std::map<std::string, uint64_t> Metrics::CommitFailures() const {
  std::map<std::string, uint64_t> failures;
  for (const auto& [code, counter] : commits_failed_by_code_) {
    if (counter->Value() > 0) failures.emplace(code, static_cast<uint64_t>(counter->Value()));
  }
  return failures;
}

prometheus::Counter& Metrics::RegistryCalled(absl::string_view method, absl::string_view code) {
  return registry_calls_.Add({{"method", std::string(method)}, {"code", std::string(code)}});
}

prometheus::Counter& Metrics::AdminCalled(absl::string_view method, absl::string_view code) {
  return admin_calls_.Add({{"method", std::string(method)}, {"code", std::string(code)}});
}

prometheus::Gauge& Metrics::PartUp(absl::string_view part) {
  return parts_up_.Add({{"part", std::string(part)}});
}

}  // namespace sightline
