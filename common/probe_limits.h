// How much a volunteer's agent may send and receive for its probes, whatever a plan asks for. Plans
// that ask for more are refused when they are signed and again by every agent.
#ifndef SIGHTLINE_COMMON_PROBE_LIMITS_H_
#define SIGHTLINE_COMMON_PROBE_LIMITS_H_

#include <cstdint>

namespace sightline {

inline constexpr uint32_t kConnectionsPerMinuteMax = 1200;
inline constexpr uint32_t kConnectionsPerDestinationPerMinuteMax = 240;
inline constexpr uint64_t kBytesPerHourMax = uint64_t{128} * 1024 * 1024;
inline constexpr uint64_t kBytesPerDestinationPerHourMax = uint64_t{32} * 1024 * 1024;
inline constexpr uint64_t kBytesPerDayMax = uint64_t{1024} * 1024 * 1024;

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_PROBE_LIMITS_H_
