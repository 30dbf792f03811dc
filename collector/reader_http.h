// The readers' API as JSON over HTTP, for the dashboard and for people with curl: the calls of
// Summaries that need no stream, under /api/v1/.
#ifndef SIGHTLINE_COLLECTOR_READER_HTTP_H_
#define SIGHTLINE_COLLECTOR_READER_HTTP_H_

#include "collector/board.h"
#include "collector/chronicle.h"
#include "collector/http_server.h"
#include "collector/plan_book.h"
#include "collector/region_translations.h"
#include "common/clock.h"
#include "common/regions.h"

namespace sightline {

// What it answers from, all in memory. Owns nothing; everything outlives the handler.
struct ReaderHttpParts {
  const PlanBook& plans;
  const RegionNames& regions;
  RegionTranslations& translations;
  const Board& board;
  const Chronicle& chronicle;
  const Clock& clock;
};

// Answers
//   /api/v1/countries                 which there are, and the collector's clock
//   /api/v1/targets, regions, summary, timeline, events, annotations, changes
//                                     with the fields of the request as query, the newest window
//                                     only; JSON of Protocol Buffers, enum values of timeline as
//                                     numbers; at most 60000 values of a timeline
// with an ETag, compressed when the caller takes gzip; errors as {"code", "message"}. Other paths:
// 404. Never waits. For one thread at a time: it keeps what it
// made lately, 4 MiB of it.
HttpHandler ReaderHttpHandler(const ReaderHttpParts& parts);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_READER_HTTP_H_
