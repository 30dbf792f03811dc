// The command line: flags in, text and exit code out.
#ifndef SIGHTLINE_COLLECTOR_CLI_APP_H_
#define SIGHTLINE_COLLECTOR_CLI_APP_H_

#include "collector/cli/commands.h"

namespace sightline::cli {

// Exit codes.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
// Of "verify": nothing is wrong, and not everything could be compared.
inline constexpr int kExitPartial = 3;

// Parses the arguments and runs the command. Reads the environment variables SIGHTLINE_COLLECTOR
// and SIGHTLINE_ROOTS. Results go to terminal.out, errors and help on errors to terminal.err.
int RunSightline(int argc, const char* const* argv, const Terminal& terminal);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_APP_H_
