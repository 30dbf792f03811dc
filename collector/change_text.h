// Changes and events in sentences that a person can quote. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_CHANGE_TEXT_H_
#define SIGHTLINE_COLLECTOR_CHANGE_TEXT_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "sightline/v1/change.pb.h"

namespace sightline {

// The name of a region for people.
using RegionNameOf = std::function<std::string(const std::string& region)>;

// One sentence for each kind of `change`, in English, in the order of the kinds.
std::string ChangeText(const v1::Change& change, const RegionNameOf& name_of);

// "opening in Beijing Shi since 2024-04-08 00:00 UTC": what the event is.
std::string EventWords(const v1::Event& event, const RegionNameOf& name_of);

// "The opening in Beijing Shi since 2024-04-08 00:00 UTC has lasted for 3 days.": how it stands.
std::string EventSentence(const v1::Event& event, const RegionNameOf& name_of);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_CHANGE_TEXT_H_
