// Openings and closings of a country as a feed that news readers follow (Atom, RFC 4287).
#ifndef SIGHTLINE_COLLECTOR_ATOM_FEED_H_
#define SIGHTLINE_COLLECTOR_ATOM_FEED_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

inline constexpr char kAtomContentType[] = "application/atom+xml; charset=utf-8";
inline constexpr size_t kFeedEntriesMax = 50;

// What is not in the events. All names may hold any text.
struct FeedSource {
  // What tells this deployment from others, in the ids of feed and entries: the same for all
  // collectors of one store and for ever, such as the operator's key_id.
  std::string deployment;
  // "https://sightline.example", without a slash at its end: where readers find the collector. The
  // feed is at /feed/CN.atom below it.
  std::string base_url;
  // Names for people, of a country or region and of a target.
  std::function<std::string(const std::string& code)> place_name;
  std::function<std::string(const std::string& target_id)> target_name;
  // Where the page tells of the event, below base_url, such as "/#/CN/whatsapp".
  std::function<std::string(const v1::Event& event)> page_of;
};

// When something of the event was last said anew: the newest of its detect, end, sustained and
// long-run times and of its amendments.
absl::Time UpdateTime(const v1::Event& event);

// The newest kFeedEntriesMax of `events` (of `country`, in any order), the last updated first. The
// ids of entries rest on event_id and never change. An event that was withdrawn stays and says so.
// `updated` is that of a feed without entries; of others it is that of the first one, so the same
// events give the same bytes. Pure; thread-safe.
std::string AtomFeed(const std::string& country, absl::Span<const v1::Event> events,
                     const FeedSource& source, absl::Time updated);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_ATOM_FEED_H_
