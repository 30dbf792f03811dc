// Everything on the collector's HTTP port, put together.
#ifndef SIGHTLINE_COLLECTOR_SITE_HTTP_H_
#define SIGHTLINE_COLLECTOR_SITE_HTTP_H_

#include "collector/http_server.h"

namespace sightline {

// Who answers what.
struct SiteHandlers {
  HttpHandler signals;  // /metrics, /healthz, /livez
  HttpHandler reader;   // /api/
  HttpHandler feed;     // /feed/
  HttpHandler page;     // everything else
};

// Leaves each path to its handler.
HttpHandler SiteHttpHandler(SiteHandlers handlers);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SITE_HTTP_H_
