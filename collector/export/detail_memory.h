// What agents said in detail in earlier rounds, for the rounds in which they said "as before".
#ifndef SIGHTLINE_COLLECTOR_EXPORT_DETAIL_MEMORY_H_
#define SIGHTLINE_COLLECTOR_EXPORT_DETAIL_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "sightline/v1/observation.pb.h"

namespace sightline {

// Where the detail of an observation is from.
enum class DetailOrigin {
  kOwn,       // of this round, or there was none to tell
  kRepeated,  // of an earlier round: the same but for times, times to live, amounts and bodies
  kMissing,   // told in an earlier batch that is not at hand
};

// Keeps the newest detail, however much passes through it. Not thread-safe.
class DetailMemory {
 public:
  // Never takes more than some `bytes_max`; the oldest goes first.
  explicit DetailMemory(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Batches of one agent in the order of their numbers. Keeps the detail of the observation, or,
  // when it refers to an earlier batch whose detail is here, puts that into it, without the times,
  // times to live, byte counts, dates and hashes of bodies of that round: of this one they are not
  // known.
  DetailOrigin Complete(absl::string_view agent_id, uint64_t batch_seq,
                        v1::Observation& observation);

  size_t bytes() const { return bytes_; }

 private:
  void Keep(std::string key, std::string detail);

  const size_t bytes_max_;
  size_t bytes_ = 0;
  absl::flat_hash_map<std::string, std::string> details_;
  std::deque<std::string> oldest_first_;  // keys of details_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_DETAIL_MEMORY_H_
