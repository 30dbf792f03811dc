#include "tests/collector/export/forgery_table.h"

#include <algorithm>
#include <utility>

#include "collector/told_events.h"

namespace sightline {
namespace {

using internal::v1::ExportEvent;

v1::Event Parsed(const ExportEvent& row) {
  v1::Event event;
  EXPECT_TRUE(event.ParseFromString(row.event()));
  return event;
}

// A row whose columns are those of the event.
ExportEvent RowOf(const v1::Event& event) {
  const EventRecord record = ToRecord(event);
  ExportEvent row;
  row.set_event_id(record.event_id);
  row.set_target_id(record.target_id);
  row.set_onset_ms(absl::ToUnixMillis(record.onset));
  if (record.end != absl::InfiniteFuture()) row.set_end_ms(absl::ToUnixMillis(record.end));
  row.set_event(record.event);
  return row;
}

}  // namespace

ExportEvent& Opening(ForgedBlocks& blocks) { return *EventsOf(blocks).mutable_events(0); }

std::function<void(ForgedBlocks&)> ChangeEvent(std::function<void(v1::Event&)> change) {
  return [change = std::move(change)](ForgedBlocks& blocks) {
    v1::Event event = Parsed(Opening(blocks));
    change(event);
    Opening(blocks) = RowOf(event);
  };
}

std::function<void(ForgedBlocks&)> AddEvent(std::function<void(v1::Event&)> change) {
  return [change = std::move(change)](ForgedBlocks& blocks) {
    v1::Event event = Parsed(Opening(blocks));
    change(event);
    auto& rows = *EventsOf(blocks).mutable_events();
    *rows.Add() = RowOf(event);
    std::sort(rows.begin(), rows.end(), [](const ExportEvent& a, const ExportEvent& b) {
      return std::make_pair(a.onset_ms(), a.event_id()) <
             std::make_pair(b.onset_ms(), b.event_id());
    });
  };
}

}  // namespace sightline
