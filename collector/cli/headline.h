// A verdict in one line. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_HEADLINE_H_
#define SIGHTLINE_COLLECTOR_CLI_HEADLINE_H_

#include <string>

#include "sightline/v1/summary.pb.h"

namespace sightline::cli {

// For whom the target is reachable, in words: "open in Beijing Shi, Shanghai Shi (2 of 6 regions)".
// Regions without enough evidence are counted, never passed over.
std::string Headline(const v1::TargetVerdict& verdict);

// How sure the scope is: "LOCAL 0.98, MIXED 0.02": what has one percent or more, the most probable
// first; empty when nothing was decided.
std::string Certainty(const v1::TargetVerdict& verdict);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_HEADLINE_H_
