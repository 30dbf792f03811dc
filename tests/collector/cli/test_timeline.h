// A short history as a response: WhatsApp opens in Beijing, and two regions never say anything.
#ifndef SIGHTLINE_TESTS_COLLECTOR_CLI_TEST_TIMELINE_H_
#define SIGHTLINE_TESTS_COLLECTOR_CLI_TEST_TIMELINE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/message.h"
#include "sightline/v1/timeline.pb.h"

namespace sightline::cli {

inline v1::AccessState StateOfLetter(char letter) {
  switch (letter) {
    case 'O':
      return v1::ACCESS_STATE_OPEN;
    case 'P':
      return v1::ACCESS_STATE_PARTIAL;
    case 'B':
      return v1::ACCESS_STATE_BLOCKED;
    case 'D':
      return v1::ACCESS_STATE_DOWN;
    case 'C':
      return v1::ACCESS_STATE_DISPUTED;
    case '?':
      return v1::ACCESS_STATE_UNKNOWN;
    default:
      return v1::ACCESS_STATE_UNSPECIFIED;
  }
}

// One letter a step; '.' where nothing was judged.
inline void AddRegion(v1::GetTimelineResponse& timeline, const std::string& code,
                      const std::string& name, absl::string_view letters) {
  v1::RegionTimeline& region = *timeline.add_regions();
  region.set_region(code);
  region.set_display_name(name);
  for (const char letter : letters) {
    const v1::AccessState state = StateOfLetter(letter);
    const bool open = state == v1::ACCESS_STATE_OPEN;
    region.add_states(state);
    region.add_rate_mean_percents(open ? 94 : 3);
    region.add_rate_low_percents(open ? 82 : 0);
    region.add_rate_high_percents(open ? 99 : 9);
    region.add_buckets_open(open ? 8 : 0);
    region.add_buckets_blocked(open ? 0 : 8);
  }
}

inline v1::GetTimelineResponse OpeningOfBeijing(absl::Time start, absl::Duration step) {
  v1::GetTimelineResponse timeline;
  timeline.set_country("CN");
  timeline.set_target_id("whatsapp");
  *timeline.mutable_start_time() = ToProto(start);
  *timeline.mutable_step() = ToProto(step);
  *timeline.mutable_window_length() = ToProto(absl::Hours(1));
  const absl::string_view beijing = ".?BBBBDCPPOOOOO";
  for (const char letter : beijing) {
    timeline.add_window_counts(letter == '.' ? 0 : 4);
    timeline.add_scopes(letter == 'B'                    ? v1::SCOPE_NOWHERE
                        : letter == 'P' || letter == 'O' ? v1::SCOPE_LOCAL
                        : letter == '.'                  ? v1::SCOPE_UNSPECIFIED
                                                         : v1::SCOPE_UNDETERMINED);
    timeline.add_service_states(letter == 'D' ? v1::SERVICE_STATE_DOWN : v1::SERVICE_STATE_UP);
  }
  timeline.set_step_count(timeline.scopes_size());
  AddRegion(timeline, "CN-BJ", "Beijing Shi", beijing);
  AddRegion(timeline, "CN-GD", "Guangdong Sheng", ".BBBBBDBBBBBBBB");
  AddRegion(timeline, "CN-QH", "Qinghai Sheng", ".??????????????");
  AddRegion(timeline, "CN-XZ", "Xizang Zizhiqu", ".??????????????");
  return timeline;
}

}  // namespace sightline::cli

#endif  // SIGHTLINE_TESTS_COLLECTOR_CLI_TEST_TIMELINE_H_
