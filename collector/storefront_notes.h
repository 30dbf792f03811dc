// Dated notes that controls make by themselves: an app left a country's store, or came back.
#ifndef SIGHTLINE_COLLECTOR_STOREFRONT_NOTES_H_
#define SIGHTLINE_COLLECTOR_STOREFRONT_NOTES_H_

#include <deque>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/storefront_watch.h"
#include "sightline/v1/annotation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

class Store;

// "storefront.whatsapp.app-store.absent.20240419T000000Z": target, store, what became of it, and
// when. The same change has the same name whoever finds it, so a note is never there twice.
std::string StorefrontNoteId(const StoreChange& change);

// The note, with the names that `plan` has. Pure.
v1::Annotation StorefrontNote(const StoreChange& change, const v1::Plan& plan);

// What the last notes of a country say is known: it rests on what is in the store, so that another
// leader goes on where this one ends. Sightings of the windows that a leader did not hear whole,
// because they were folded before it began, are missing: then a change is noted a window or two
// later. Not thread-safe; blocks on the store.
class StorefrontNotes {
 public:
  // `store` must outlive it.
  StorefrontNotes(Store& store, absl::Duration window_length)
      : store_(store), watch_(window_length) {}

  // Each round that is folded.
  void Hear(const Round& round) { watch_.Add(round); }

  // Writes the notes of windows up to `newest`. Reads a country's notes when it first hears of it.
  // Errors are those of the store; call again, nothing is lost.
  absl::Status Write(absl::Time newest, const v1::Plan& plan,
                     const std::set<std::string>& countries);

 private:
  absl::Status Load(const std::set<std::string>& countries);

  Store& store_;
  StorefrontWatch watch_;
  std::set<std::string> loaded_;       // countries
  std::deque<StoreChange> unwritten_;  // oldest first
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STOREFRONT_NOTES_H_
