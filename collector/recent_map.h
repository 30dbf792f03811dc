// A map that forgets what was not asked for in a long while, so that it never grows above a bound.
#ifndef SIGHTLINE_COLLECTOR_RECENT_MAP_H_
#define SIGHTLINE_COLLECTOR_RECENT_MAP_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace sightline {

// Keeps at least the kGenerationMax entries used last and at most twice as many. Not thread-safe.
template <typename Value>
class RecentMap {
 public:
  static constexpr size_t kGenerationMax = 32'768;

  // nullptr when it is not there. Good until the next call.
  Value* Find(uint64_t key) {
    const auto young = young_.find(key);
    if (young != young_.end()) return &young->second;
    const auto old = old_.find(key);
    if (old == old_.end()) return nullptr;
    Value value = std::move(old->second);
    old_.erase(old);
    return &Insert(key, std::move(value));
  }

  // Made when it is not there. Good until the next call.
  Value& At(uint64_t key) {
    Value* const found = Find(key);
    return found != nullptr ? *found : Insert(key, Value());
  }

  size_t size() const { return young_.size() + old_.size(); }

 private:
  Value& Insert(uint64_t key, Value value) {
    if (young_.size() >= kGenerationMax) {
      old_ = std::move(young_);
      young_.clear();
    }
    return young_.insert_or_assign(key, std::move(value)).first->second;
  }

  absl::flat_hash_map<uint64_t, Value> young_;
  absl::flat_hash_map<uint64_t, Value> old_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_RECENT_MAP_H_
