#include "collector/verdict_metrics.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/message.h"

namespace sightline {
namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

// A gauge family that grows by one series at a time.
class Gauge {
 public:
  Gauge(const char* name, const char* help) {
    family_.name = name;
    family_.help = help;
    family_.type = prometheus::MetricType::Gauge;
  }

  void Add(const Labels& labels, double value) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    for (const auto& [name, text] : labels) metric.label.push_back({name, text});
    metric.gauge.value = value;
  }

  prometheus::MetricFamily Take() { return std::move(family_); }

 private:
  prometheus::MetricFamily family_;
};

Labels With(Labels labels, const char* name, std::string value) {
  labels.emplace_back(name, std::move(value));
  return labels;
}

class Families {
 public:
  void Add(const v1::GetSummaryResponse& summary) {
    const Labels country = {{"country", summary.country()}};
    const absl::Time end =
        FromProto(summary.window_start_time()) + FromProto(summary.window_length());
    window_end_.Add(country, absl::ToDoubleSeconds(end - absl::UnixEpoch()));
    for (const v1::TargetVerdict& verdict : summary.verdicts()) {
      AddVerdict(verdict, With(country, "target", verdict.target_id()));
    }
  }

  std::vector<prometheus::MetricFamily> Take() {
    std::vector<prometheus::MetricFamily> families;
    for (Gauge* gauge :
         {&window_end_, &scope_, &scope_posterior_, &service_, &state_, &state_probability_, &rate_,
          &rate_low_, &rate_high_, &flip_cost_, &buckets_, &events_}) {
      prometheus::MetricFamily family = gauge->Take();
      if (!family.metric.empty()) families.push_back(std::move(family));
    }
    return families;
  }

 private:
  void AddVerdict(const v1::TargetVerdict& verdict, const Labels& labels) {
    scope_.Add(With(labels, "scope", ShortName(verdict.scope())), 1);
    service_.Add(With(labels, "state", ShortName(verdict.service_state())), 1);
    for (const v1::ScopePosterior& each : verdict.scope_posteriors()) {
      scope_posterior_.Add(With(labels, "scope", ShortName(each.scope())), each.posterior());
    }
    for (const v1::RegionAccess& region : verdict.regions()) {
      AddRegion(region.access(), With(labels, "region", region.region()));
    }
    std::map<std::string, int> going_on = {{"OPENING", 0}, {"CLOSING", 0}};
    for (const v1::Event& event : verdict.events()) {
      if (event.end() == v1::EVENT_END_ONGOING) ++going_on[ShortName(event.kind())];
    }
    for (const auto& [kind, count] : going_on) events_.Add(With(labels, "kind", kind), count);
  }

  void AddRegion(const v1::Access& access, const Labels& labels) {
    state_.Add(With(labels, "state", ShortName(access.state())), 1);
    if (access.buckets_open() + access.buckets_blocked() == 0) return;
    state_probability_.Add(labels, access.state_probability());
    rate_.Add(labels, access.rate_mean());
    rate_low_.Add(labels, access.rate_low());
    rate_high_.Add(labels, access.rate_high());
    flip_cost_.Add(labels, access.flip_cost());
    buckets_.Add(With(labels, "vote", "open"), access.buckets_open());
    buckets_.Add(With(labels, "vote", "blocked"), access.buckets_blocked());
  }

  Gauge window_end_{"sightline_verdict_window_end_seconds",
                    "End of the newest window with verdicts, seconds since 1970"};
  Gauge scope_{"sightline_verdict_scope", "1 for the scope that is stated"};
  Gauge scope_posterior_{"sightline_verdict_scope_posterior", "Posterior of each scope, 0 to 1"};
  Gauge service_{"sightline_verdict_service_state", "1 for what controls outside say"};
  Gauge state_{"sightline_verdict_region_state", "1 for the state of the region"};
  Gauge state_probability_{"sightline_verdict_region_state_probability",
                           "Posterior of the region's state, 0 to 1; 0 when none is decided"};
  Gauge rate_{"sightline_verdict_region_rate", "Share of origins with access, 0 to 1: its mean"};
  Gauge rate_low_{"sightline_verdict_region_rate_low", "Lower end of its 90% interval"};
  Gauge rate_high_{"sightline_verdict_region_rate_high", "Upper end of its 90% interval"};
  Gauge flip_cost_{"sightline_verdict_region_flip_cost",
                   "New origins that it would take to reverse the statement; 0: there is none"};
  Gauge buckets_{"sightline_verdict_region_buckets", "Origins that voted, by vote"};
  Gauge events_{"sightline_verdict_events", "Openings and closings that go on"};
};

}  // namespace

std::vector<prometheus::MetricFamily> CollectVerdictMetrics(const Board& board) {
  Families families;
  for (const auto& [country, summary] : board.All()) {
    if (summary.ok()) families.Add(**summary);
  }
  return families.Take();
}

}  // namespace sightline
