// From what single controls were told by app stores to what became different. Pure: no I/O, no
// clock.
#ifndef SIGHTLINE_COLLECTOR_STOREFRONT_WATCH_H_
#define SIGHTLINE_COLLECTOR_STOREFRONT_WATCH_H_

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "collector/verdict/round.h"

namespace sightline {

// Controls that must say the same of a window, for two windows in a row.
inline constexpr size_t kStorefrontControlsMin = 2;

// The app of a target in a country's store.
struct StoreKey {
  std::string country;
  std::string target_id;
  std::string store_id;
  bool operator<(const StoreKey& other) const {
    return std::tie(country, target_id, store_id) <
           std::tie(other.country, other.target_id, other.store_id);
  }
};

struct StoreChange {
  StoreKey key;
  bool listed = false;
  bool first = false;  // nothing was known before
  absl::Time time;     // start of the first of the two windows
  absl::Time known;    // end of the second
};

// A window says "listed" or "not listed" when the last word of at least kStorefrontControlsMin
// controls is that and no control's last word is the other. Two windows in a row that say the same
// are a change when something else, or nothing, was known. Windows that say nothing change nothing.
// Memory: the sightings of windows that are not over. Not thread-safe.
class StorefrontWatch {
 public:
  explicit StorefrontWatch(absl::Duration window_length) : length_(window_length) {}

  // What is known from before, by a change at `time`. Its two windows and those before them say
  // nothing new any more, should they be heard again.
  void Know(const StoreKey& key, bool listed, absl::Time time) {
    known_[key] = {time + length_, listed};
  }

  // Windows that were judged already hear no more.
  void Add(const Round& round);

  // Judges the windows that start at or before `newest`, and returns what became different, in the
  // order of the windows.
  std::vector<StoreChange> Judge(absl::Time newest);

 private:
  struct LastWord {
    absl::Time round_time;
    bool listed = false;
  };
  using Voices = std::map<std::string, LastWord>;  // by agent_id
  using WindowVoices = std::map<StoreKey, Voices>;
  struct Said {
    absl::Time window;
    bool listed = false;
  };

  static std::optional<bool> WordOf(const Voices& voices);

  const absl::Duration length_;
  std::map<absl::Time, WindowVoices> windows_;  // by start
  absl::Time judged_until_ = absl::InfinitePast();
  std::map<StoreKey, Said> said_;   // by the last window that said anything
  std::map<StoreKey, Said> known_;  // by the second window of the last change
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STOREFRONT_WATCH_H_
