// How the state of a region looks on a terminal: the same sign and colour in every command.
#ifndef SIGHTLINE_COLLECTOR_CLI_STATE_LOOK_H_
#define SIGHTLINE_COLLECTOR_CLI_STATE_LOOK_H_

#include "absl/strings/string_view.h"
#include "collector/cli/table.h"
#include "sightline/v1/summary.pb.h"

namespace sightline::cli {

// One column wide; no two states share a sign.
struct StateLook {
  absl::string_view symbol;
  absl::string_view ascii;
  Tone tone;
};

// What is not a known state looks like UNKNOWN.
StateLook LookOf(v1::AccessState state);

Tone ToneOf(v1::Scope scope);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_STATE_LOOK_H_
