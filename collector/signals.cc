#include "collector/signals.h"

#include "collector/verdict_metrics.h"

namespace sightline {

HttpHandler SignalsHandler(const Metrics& metrics, const Health& health, const Board& board) {
  return [&metrics, &health, &board](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/metrics") {
      return {200,
              "text/plain; version=0.0.4; charset=utf-8",
              metrics.Text(CollectVerdictMetrics(board)),
              {}};
    }
    if (request.path == "/healthz") {
      // What works less well still works: a balancer should not take it out.
      const int status = health.Overall() == HealthState::kFailing ? 503 : 200;
      return {status, "application/json", health.Json() + "\n", {}};
    }
    // Whoever answers is alive, whatever the health of the rest.
    if (request.path == "/livez") return {200, "text/plain; charset=utf-8", "alive\n", {}};
    return {404, "text/plain; charset=utf-8", "there are /metrics, /healthz and /livez\n", {}};
  };
}

}  // namespace sightline
