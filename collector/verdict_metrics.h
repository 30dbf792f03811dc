// The newest verdicts as Prometheus metrics.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_METRICS_H_
#define SIGHTLINE_COLLECTOR_VERDICT_METRICS_H_

#include <prometheus/metric_family.h>

#include <vector>

#include "collector/board.h"

namespace sightline {

// What GetSummary answers now, country by country; a country without a summary has no metrics.
// Scopes, states and kinds are label values as in summary.proto without their prefix; of a state
// only the one that holds is there, with the value 1. Numbers of fewer than 4 buckets are not in a
// verdict and so not here either. The same verdicts give the same metrics, in the same order.
std::vector<prometheus::MetricFamily> CollectVerdictMetrics(const Board& board);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_METRICS_H_
