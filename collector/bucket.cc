#include "collector/bucket.h"

#include "absl/strings/str_cat.h"
#include "collector/store/append_plan.h"
#include "common/crypto.h"

namespace sightline {
namespace {
// The store forgets them, too (Store::PrepareDays).
constexpr size_t kDaysKept = 5;
}  // namespace

std::string BucketOf(const Origin& origin, absl::string_view day_key) {
  std::string data;
  for (int shift = 24; shift >= 0; shift -= 8) {
    data.push_back(static_cast<char>((origin.asn >> shift) & 0xff));
  }
  data += origin.prefix;
  return HmacSha256(day_key, data).substr(0, kBucketBytes);
}

int64_t DayOf(absl::Time time) { return DayOf(absl::ToUnixMillis(time)); }

std::optional<std::string> BucketKeys::KnownFor(absl::Time time) {
  const std::lock_guard lock(mutex_);
  const auto it = keys_.find(DayOf(time));
  if (it == keys_.end()) return std::nullopt;
  return it->second;
}

absl::StatusOr<std::string> BucketKeys::KeyFor(absl::Time time) {
  if (std::optional<std::string> known = KnownFor(time)) return *std::move(known);
  const int64_t day = DayOf(time);
  absl::StatusOr<std::string> key = store_.BucketKey(day);
  if (!key.ok()) return key.status();
  const std::lock_guard lock(mutex_);
  if (keys_.size() >= kDaysKept) keys_.erase(keys_.begin());
  keys_.emplace(day, *key);
  return key;
}

}  // namespace sightline
