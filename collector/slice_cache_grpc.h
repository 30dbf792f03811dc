// Answers of gRPC as bytes, so that many readers of the same cost as much as one.
#ifndef SIGHTLINE_COLLECTOR_SLICE_CACHE_GRPC_H_
#define SIGHTLINE_COLLECTOR_SLICE_CACHE_GRPC_H_

#include <grpcpp/support/slice.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace sightline {

// Begins anew when it is full. Thread-safe.
class SliceCache {
 public:
  // What an answer was made from, kept alive so that another one is never taken for it; nullptr
  // when the key says it all.
  using Source = std::shared_ptr<const void>;

  explicit SliceCache(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Nothing when it is not there, or was made from something else. What is returned shares its
  // bytes.
  std::optional<grpc::Slice> Find(const std::string& key, const Source& source) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.source != source) return std::nullopt;
    return found->second.slice;
  }

  // Replaces what had that key. What is larger than the whole cache is not kept.
  void Put(const std::string& key, Source source, grpc::Slice slice) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      bytes_ -= key.size() + found->second.slice.size();
      entries_.erase(found);
    }
    const size_t bytes = key.size() + slice.size();
    if (bytes > bytes_max_) return;
    if (bytes_ + bytes > bytes_max_) {
      entries_.clear();
      bytes_ = 0;
    }
    bytes_ += bytes;
    entries_.emplace(key, Entry{std::move(source), std::move(slice)});
  }

 private:
  struct Entry {
    Source source;
    grpc::Slice slice;
  };

  const size_t bytes_max_;
  mutable std::mutex mutex_;
  size_t bytes_ = 0;                      // guarded by mutex_
  std::map<std::string, Entry> entries_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SLICE_CACHE_GRPC_H_
