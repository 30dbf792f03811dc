// The dashboard's files over HTTP.
#ifndef SIGHTLINE_COLLECTOR_PAGE_HTTP_H_
#define SIGHTLINE_COLLECTOR_PAGE_HTTP_H_

#include "absl/types/span.h"
#include "collector/http_server.h"
#include "collector/page/assets.h"

namespace sightline {

// Answers "/" with "/index.html", and every asset under its path, with a strict
// Content-Security-Policy: the page runs and asks nothing but what this collector sends. Other
// paths: 404. `assets` outlive it.
HttpHandler PageHttpHandler(absl::Span<const PageAsset> assets);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_PAGE_HTTP_H_
