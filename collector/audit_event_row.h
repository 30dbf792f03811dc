// What can be told about one stored event on its own.
#ifndef SIGHTLINE_COLLECTOR_AUDIT_EVENT_ROW_H_
#define SIGHTLINE_COLLECTOR_AUDIT_EVENT_ROW_H_

#include <optional>
#include <string>

#include "collector/store/store.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

struct EventFindings {
  // Nothing when the bytes are no event.
  std::optional<v1::Event> event;
  // What is wrong with the row, or an empty string. Starts with its event_id.
  std::string wrong;
};

// Compares every column with the event that the bytes are, and the name with target, place and
// kind. Pure.
EventFindings CheckEventRow(const EventRecord& record);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AUDIT_EVENT_ROW_H_
