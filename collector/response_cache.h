// What was made for HTTP lately, so that many readers of the same cost as much as one.
#ifndef SIGHTLINE_COLLECTOR_RESPONSE_CACHE_H_
#define SIGHTLINE_COLLECTOR_RESPONSE_CACHE_H_

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"

namespace sightline {

// A body in the forms that are sent.
struct MadeBody {
  using Shared = std::shared_ptr<const std::string>;

  std::string hash;  // of the plain body
  Shared plain;
  Shared gzip;         // nullptr when it is not worth it
  absl::Time checked;  // when it last was what would be made

  size_t bytes() const {
    return hash.size() + plain->size() + (gzip == nullptr ? 0 : gzip->size());
  }
};

// Holds bodies up to a number of bytes; those that were asked for longest ago go first. Not
// thread-safe.
class ResponseCache {
 public:
  explicit ResponseCache(size_t bytes_max) : bytes_max_(bytes_max) {}

  // nullptr when it is not there; valid until the next Put.
  MadeBody* Find(const std::string& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  // One that is larger than the whole cache is not kept.
  void Put(const std::string& key, MadeBody body) {
    Erase(key);
    const size_t bytes = key.size() + body.bytes();
    if (bytes > bytes_max_) return;
    while (bytes_ + bytes > bytes_max_) Erase(std::string(entries_.back().first));
    bytes_ += bytes;
    entries_.emplace_front(key, std::move(body));
    places_[key] = entries_.begin();
  }

  size_t bytes() const { return bytes_; }

 private:
  using Entries = std::list<std::pair<std::string, MadeBody>>;  // the newest first

  void Erase(const std::string& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    bytes_ -= key.size() + found->second->second.bytes();
    entries_.erase(found->second);
    places_.erase(found);
  }

  const size_t bytes_max_;
  size_t bytes_ = 0;
  Entries entries_;
  std::map<std::string, Entries::iterator> places_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_RESPONSE_CACHE_H_
