// Answers of gRPC as bytes, so that many readers of the same cost as much as one.
#ifndef SIGHTLINE_COLLECTOR_SLICE_CACHE_H_
#define SIGHTLINE_COLLECTOR_SLICE_CACHE_H_

#include <grpcpp/support/slice.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace sightline {

// Begins anew when it is full. Thread-safe.
class SliceCache {
 public:
  explicit SliceCache(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Nothing when it is not there. What is returned shares its bytes.
  std::optional<grpc::Slice> Find(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = slices_.find(key);
    if (found == slices_.end()) return std::nullopt;
    return found->second;
  }

  // What is larger than the whole cache is not kept.
  void Put(const std::string& key, grpc::Slice slice) {
    const std::lock_guard lock(mutex_);
    const size_t bytes = key.size() + slice.size();
    if (bytes > bytes_max_) return;
    if (bytes_ + bytes > bytes_max_) {
      slices_.clear();
      bytes_ = 0;
    }
    if (slices_.emplace(key, std::move(slice)).second) bytes_ += bytes;
  }

 private:
  const size_t bytes_max_;
  mutable std::mutex mutex_;
  size_t bytes_ = 0;                           // guarded by mutex_
  std::map<std::string, grpc::Slice> slices_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SLICE_CACHE_H_
