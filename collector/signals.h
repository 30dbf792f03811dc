// The pages that tell how a collector is: /metrics, /healthz and /livez.
#ifndef SIGHTLINE_COLLECTOR_SIGNALS_H_
#define SIGHTLINE_COLLECTOR_SIGNALS_H_

#include "collector/board.h"
#include "collector/health.h"
#include "collector/http_server.h"
#include "collector/metrics.h"
#include "collector/pulse.h"

namespace sightline {

// Answers 404 to other paths. Owns nothing; all of them outlive the handler. The verdicts on
// `board` are among the metrics.
HttpHandler SignalsHandler(const Metrics& metrics, const Health& health, const Board& board,
                           const Pulse& pulse);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SIGNALS_H_
