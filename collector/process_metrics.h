// What Prometheus' client libraries tell about their process, by the same names.
#ifndef SIGHTLINE_COLLECTOR_PROCESS_METRICS_H_
#define SIGHTLINE_COLLECTOR_PROCESS_METRICS_H_

#include <prometheus/metric_family.h>

#include <vector>

namespace sightline {

// process_cpu_seconds_total, process_resident_memory_bytes and others, read from /proc/self now.
// What cannot be read is left out.
std::vector<prometheus::MetricFamily> CollectProcessMetrics();

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_PROCESS_METRICS_H_
