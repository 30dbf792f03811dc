// "sightline score": replays scenarios and measures what was said in them.
#ifndef SIGHTLINE_COLLECTOR_CLI_SCORE_COMMAND_H_
#define SIGHTLINE_COLLECTOR_CLI_SCORE_COMMAND_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/cli/commands.h"
#include "collector/replay/replay.h"

namespace sightline::cli {

struct ScoreOptions {
  // Scenario files.
  std::vector<std::string> paths;
  // As in "101..105" or "1,3,7..9".
  std::string seeds = "101..105";
  // Replays at a time: count.
  int jobs = 2;
  // Folder for scores.txt, scores.json and reliability.svg, made when it is not there; empty: none
  // are written.
  std::string out_folder;
  Format format = Format::kTable;
};

// Runs one replay; called from several threads at a time.
using ReplayRunner = std::function<absl::StatusOr<Replay>(const Scenario&, uint64_t seed)>;

// At most 1000 seeds, in the order given. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<std::vector<uint64_t>> ParseSeeds(absl::string_view text);

// Replays every scenario with every seed, and writes the scores to terminal.out and the files. A
// line on terminal.err for each replay that is done. The first error ends it.
absl::Status ShowScore(const ScoreOptions& options, const ReplayRunner& run,
                       const Terminal& terminal);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_SCORE_COMMAND_H_
