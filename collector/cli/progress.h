// How far something long is, on standard error: one line that is drawn again on a terminal, and
// elsewhere a line every few seconds.
#ifndef SIGHTLINE_COLLECTOR_CLI_PROGRESS_H_
#define SIGHTLINE_COLLECTOR_CLI_PROGRESS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "collector/cli/commands.h"

namespace sightline::cli {

// Not thread-safe. `terminal` must outlive it. The destructor takes the line off the terminal.
class Progress {
 public:
  explicit Progress(const Terminal& terminal) : terminal_(terminal) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // Of `total`, `done` is done; `what` names the stage, `unit` what is counted, for the rate:
  // "judging again: 34 %, 12300 records/s".
  void Show(const std::string& what, const std::string& unit, uint64_t done, uint64_t total);

 private:
  const Terminal& terminal_;
  std::string stage_;
  absl::Time begun_;
  absl::Time shown_;
  bool drawn_ = false;
};

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_PROGRESS_H_
