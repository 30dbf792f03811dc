// What a reader who watches is shown: a line a message. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_WATCH_TEXT_H_
#define SIGHTLINE_COLLECTOR_CLI_WATCH_TEXT_H_

#include <string>

#include "sightline/v1/change.pb.h"

namespace sightline::cli {

// "2024-04-08 13:00 UTC  whatsapp  opened  WhatsApp is ...": the window, the target, the kinds and
// the text. What came over the network cannot control the terminal.
std::string ChangeLine(const v1::Change& change, bool colour);

// "2024-04-08 13:00 UTC  nothing changed": the newest window.
std::string HeartbeatLine(const v1::Heartbeat& heartbeat, bool colour);

// RFC 4180. The line of names.
std::string WatchCsvHead();

// A line a message; of a summary, which says how things are, a line a target. The first field says
// which it is: summary, change or heartbeat. What is not set is empty.
std::string WatchCsv(const v1::WatchSummariesResponse& message);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_WATCH_TEXT_H_
