// The verdicts of one window for a person at a terminal. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_SUMMARY_TEXT_H_
#define SIGHTLINE_COLLECTOR_CLI_SUMMARY_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/time/time.h"
#include "sightline/v1/summary.pb.h"

namespace sightline::cli {

struct SummaryOptions {
  // Name of the country for people; empty means the code of the response.
  std::string country_name;
  absl::Time now;
  // Columns of the terminal; 0 means as wide as needed.
  size_t width = 0;
  bool colour = false;
  // Symbols beyond ASCII. The words beside them are the same with and without.
  bool unicode = true;
  // Headlines and matrix only.
  bool brief = false;
  // Evidence for anchors as well, not for services and canaries alone.
  bool anchors = false;
};

// Headline per target, a matrix of regions and targets, then the evidence per target: buckets that
// reached it, access rate with its 90% interval, flip cost, cause where blocked, reasons. Networks
// are listed where they differ from their region. Text from the response cannot control the
// terminal.
std::string RenderSummary(const v1::GetSummaryResponse& summary, const SummaryOptions& options);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_SUMMARY_TEXT_H_
