#include "collector/signals.h"

#include "absl/strings/str_cat.h"
#include "collector/verdict_metrics.h"

namespace sightline {

HttpHandler SignalsHandler(const Metrics& metrics, const Health& health, const Board& board,
                           const Pulse& pulse) {
  return [&metrics, &health, &board, &pulse](const HttpRequest& request) -> HttpResponse {
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
    // Whoever goes round is alive, whatever the health of its parts.
    if (request.path == "/livez") {
      if (pulse.IsAlive()) return {200, "text/plain; charset=utf-8", "alive\n", {}};
      return {503,
              "text/plain; charset=utf-8",
              absl::StrCat("stuck for ", absl::ToInt64Seconds(pulse.Silence()), " s\n"),
              {}};
    }
    return {404, "text/plain; charset=utf-8", "there are /metrics, /healthz and /livez\n", {}};
  };
}

}  // namespace sightline
