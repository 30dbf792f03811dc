// Reads a spool's folder without changing it, also while an agent works there.
#ifndef SIGHTLINE_AGENT_SPOOL_VIEW_H_
#define SIGHTLINE_AGENT_SPOOL_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/spool.h"
#include "agent/spool_index.h"
#include "common/files.h"

namespace sightline::agent {

std::string SegmentPath(const std::string& folder, uint64_t segment);

// DATA_LOSS for a spool whose chain cannot be continued, with what to do.
absl::Status UnusableSpool(const std::string& folder, absl::string_view why);

// Replays all segments of the folder into `index`, which is new. Fills in what `recovery` says of
// torn and damaged bytes. DATA_LOSS when the newest segment's state cannot be read.
absl::Status ReplaySpool(Files& files, const std::string& folder, SpoolIndex& index,
                         SpoolRecovery& recovery);

struct SpoolView {
  size_t batches = 0;                      // That wait, tombstones among them.
  size_t bytes = 0;                        // On disk.
  std::optional<absl::Time> oldest_round;  // Start of the round of the batch that waits longest.
  size_t torn_bytes = 0;                   // As SpoolRecovery; an append may be under way, too.
  uint64_t batches_damaged = 0;            // The next start puts tombstones in their place.
};

// What is there. A folder that is missing is an empty spool. DATA_LOSS when an agent could not
// start with it; errors of the file system otherwise.
absl::StatusOr<SpoolView> ViewSpool(Files& files, const std::string& folder);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_SPOOL_VIEW_H_
