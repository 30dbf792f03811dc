#include "collector/site_http.h"

#include <utility>

#include "absl/strings/match.h"

namespace sightline {

HttpHandler SiteHttpHandler(SiteHandlers handlers) {
  return [handlers = std::move(handlers)](const HttpRequest& request) {
    const std::string& path = request.path;
    if (path == "/metrics" || path == "/healthz" || path == "/livez") {
      return handlers.signals(request);
    }
    if (absl::StartsWith(path, "/api/")) return handlers.reader(request);
    if (absl::StartsWith(path, "/feed/")) return handlers.feed(request);
    return handlers.page(request);
  };
}

}  // namespace sightline
