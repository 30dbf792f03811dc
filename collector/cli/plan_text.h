// A plan for a person. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_PLAN_TEXT_H_
#define SIGHTLINE_COLLECTOR_CLI_PLAN_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::cli {

// `signature` is a sentence about the signature, such as "not signed".
std::string RenderPlan(const v1::Plan& plan, absl::string_view signature, absl::Time now,
                       bool colour);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_PLAN_TEXT_H_
