// The Atom feeds over HTTP.
#ifndef SIGHTLINE_COLLECTOR_FEED_HTTP_H_
#define SIGHTLINE_COLLECTOR_FEED_HTTP_H_

#include <string>

#include "collector/chronicle.h"
#include "collector/http_server.h"
#include "collector/plan_book.h"
#include "common/clock.h"
#include "common/regions.h"

namespace sightline {

// Owns nothing but the strings; everything outlives the handler.
struct FeedHttpParts {
  const PlanBook& plans;
  const RegionNames& regions;
  const Chronicle& chronicle;
  const Clock& clock;
  std::string deployment;  // atom_feed.h: tells this deployment from others, for ever
  // "https://sightline.example"; empty: as the caller names this host.
  std::string public_url;
};

// Answers /feed/CN.atom, with an ETag; 404 for other paths and countries, 503 before there is a
// plan. Never waits.
HttpHandler FeedHttpHandler(FeedHttpParts parts);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_FEED_HTTP_H_
