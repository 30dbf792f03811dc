// What the names of events begin with.
#ifndef SIGHTLINE_COLLECTOR_EVENT_NAME_H_
#define SIGHTLINE_COLLECTOR_EVENT_NAME_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// "whatsapp.CN-BJ.opening.": what never changes about an event. The onset that it was first told
// with follows, and a number when another one has that name.
inline std::string EventNameStem(absl::string_view target_id, absl::string_view country,
                                 const v1::Event& event) {
  const std::string place =
      event.region().empty() ? absl::StrCat(country, ".AS", event.asn()) : event.region();
  return absl::StrCat(target_id, ".", place,
                      event.kind() == v1::EVENT_KIND_CLOSING ? ".closing." : ".opening.");
}

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EVENT_NAME_H_
