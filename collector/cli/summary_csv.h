// A summary for programs, as a table. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_SUMMARY_CSV_H_
#define SIGHTLINE_COLLECTOR_CLI_SUMMARY_CSV_H_

#include <string>

#include "sightline/v1/summary.pb.h"

namespace sightline::cli {

// RFC 4180: a head, and a row for each target and region in the order of the summary; a target
// without regions has one row. Enum values as in the .proto files without the prefix, ratios from
// 0 to 1. Rates and counts are empty where nothing is known.
std::string SummaryCsv(const v1::GetSummaryResponse& summary);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_SUMMARY_CSV_H_
