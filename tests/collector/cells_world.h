// Cells of made-up windows, for tests of what is made from them.
#ifndef SIGHTLINE_TESTS_COLLECTOR_CELLS_WORLD_H_
#define SIGHTLINE_TESTS_COLLECTOR_CELLS_WORLD_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/store/store.h"
#include "collector/verdict/verdict.h"
#include "common/message.h"
#include "sightline/internal/v1/fold.pb.h"
#include "sightline/v1/summary.pb.h"
#include "tests/common/test_plan.h"

namespace sightline {

inline constexpr absl::Duration kCellHour = absl::Hours(1);

// Start of the hour `i`; the first is that of a day.
inline absl::Time CellTime(int i) { return kTestNow + i * kCellHour; }

using OpenShare = std::map<std::string, double>;  // region -> share of its origins with access

// Twelve origins in each region, half in AS4134 and half in AS4837, seen by three controls.
inline std::string CellsOf(const OpenShare& shares) {
  internal::v1::Cells cells;
  cells.set_controls_decided(3);
  cells.set_controls_reached(3);
  for (const auto& [region, share] : shares) {
    for (const uint32_t asn : {4134U, 4837U}) {
      internal::v1::Cell& cell = *cells.add_cells();
      cell.set_region(region);
      cell.set_asn(asn);
      cell.set_buckets(6);
      cell.set_weight(6);
      cell.set_weight_open(6 * share);
      cell.set_buckets_open(static_cast<uint32_t>(6 * share));
      cell.set_buckets_blocked(6 - cell.buckets_open());
    }
  }
  return cells.SerializeAsString();
}

inline VerdictRecord CellRow(const std::string& target_id, int hour, const std::string& cells) {
  return {target_id,   "CN", CellTime(hour), kCellHour, std::string(kRulesetVersion),
          "a verdict", cells};
}

// "whatsapp.CN-BJ.opening.20240408T010000Z OPENING 1..9 REVERSED GLITCH": hours since CellTime(0).
// When it was known is left to the tests of the timeline.
inline std::string Brief(const v1::Event& event) {
  const auto hours = [](const google::protobuf::Timestamp& time) {
    return absl::ToInt64Hours(FromProto(time) - CellTime(0));
  };
  return absl::StrCat(event.event_id(), " ", ShortName(event.kind()), " ",
                      hours(event.onset_time()), "..",
                      event.has_end_time() ? absl::StrCat(hours(event.end_time())) : "", " ",
                      ShortName(event.end()), " ", ShortName(event.duration()));
}

inline v1::Event EventOf(const EventRecord& record) {
  v1::Event event;
  event.ParseFromString(record.event);
  return event;
}

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_CELLS_WORLD_H_
