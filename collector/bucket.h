// Turns an origin into the bucket that may vote once per window.
#ifndef SIGHTLINE_COLLECTOR_BUCKET_H_
#define SIGHTLINE_COLLECTOR_BUCKET_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/geo.h"
#include "collector/store/store.h"

namespace sightline {

inline constexpr size_t kBucketBytes = 16;

// First 16 bytes of HMAC-SHA-256(day_key, asn as 4 bytes big-endian followed by the prefix).
std::string BucketOf(const Origin& origin, absl::string_view day_key);

// Days since 1970-01-01 UTC.
int64_t DayOf(absl::Time time);

// The store's bucket keys, each asked for once. Thread-safe; may wait for the store.
class BucketKeys {
 public:
  // Does not own `store`.
  explicit BucketKeys(Store& store) : store_(store) {}
  absl::StatusOr<std::string> KeyFor(absl::Time time);
  // The key if it was asked for lately; never waits.
  std::optional<std::string> KnownFor(absl::Time time);

 private:
  Store& store_;
  std::mutex mutex_;
  std::map<int64_t, std::string> keys_;  // guarded by mutex_; at most kDaysKept
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_BUCKET_H_
