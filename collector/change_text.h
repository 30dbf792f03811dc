// A change in sentences that a person can quote. Pure function.
#ifndef SIGHTLINE_COLLECTOR_CHANGE_TEXT_H_
#define SIGHTLINE_COLLECTOR_CHANGE_TEXT_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "sightline/v1/change.pb.h"

namespace sightline {

// One sentence for each kind of `change`, in English, in the order of the kinds. `name_of` gives
// the name of a region for people.
std::string ChangeText(const v1::Change& change,
                       const std::function<std::string(const std::string& region)>& name_of);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_CHANGE_TEXT_H_
