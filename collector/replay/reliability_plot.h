// Draws how often statements were right against how probable they were said to be. Pure;
// thread-safe.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_RELIABILITY_PLOT_H_
#define SIGHTLINE_COLLECTOR_REPLAY_RELIABILITY_PLOT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "collector/replay/score.h"

namespace sightline {

struct ReliabilityPanel {
  std::string title;
  Calibration calibration;
};

// An SVG document: one panel beside the other, each with a dot per bin at its mean probability and
// its share right (hollow below 30 statements), the diagonal on which honest probabilities lie, and
// below it how many statements each bin holds (height on a logarithmic scale). Needs no fonts or
// files from elsewhere.
std::string ReliabilitySvg(absl::string_view title, const std::vector<ReliabilityPanel>& panels);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_RELIABILITY_PLOT_H_
