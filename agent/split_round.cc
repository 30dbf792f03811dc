#include "agent/split_round.h"

#include <utility>

#include "agent/detail.h"
#include "common/wire.h"

namespace sightline::agent {
namespace {
// Room for the signature and every field of Batch besides the observations.
constexpr size_t kBatchOverheadBytes = 1024;
// Tag and length of one observation within the batch.
constexpr size_t kObservationOverheadBytes = 8;
constexpr size_t kPartBytesMax = kBatchBytesMax - kBatchOverheadBytes;
}  // namespace

std::vector<std::vector<v1::Observation>> SplitRound(std::vector<v1::Observation> observations) {
  std::vector<std::vector<v1::Observation>> parts(1);
  size_t part_bytes = 0;
  for (v1::Observation& observation : observations) {
    size_t bytes = observation.ByteSizeLong() + kObservationOverheadBytes;
    if (bytes > kPartBytesMax) {
      DropDetail(observation);
      bytes = observation.ByteSizeLong() + kObservationOverheadBytes;
    }
    if (parts.back().size() == kObservationsPerBatchMax || part_bytes + bytes > kPartBytesMax) {
      parts.emplace_back();
      part_bytes = 0;
    }
    part_bytes += bytes;
    parts.back().push_back(std::move(observation));
  }
  return parts;
}

}  // namespace sightline::agent
