// The pages that tell how a collector is: /metrics, /healthz and /livez.
#ifndef SIGHTLINE_COLLECTOR_SIGNALS_H_
#define SIGHTLINE_COLLECTOR_SIGNALS_H_

#include "collector/health.h"
#include "collector/http_server.h"
#include "collector/metrics.h"

namespace sightline {

// Answers 404 to other paths. Owns nothing; `metrics` and `health` outlive the handler.
HttpHandler SignalsHandler(const Metrics& metrics, const Health& health);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SIGNALS_H_
