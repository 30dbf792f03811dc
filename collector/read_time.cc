#include "collector/read_time.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/message.h"

namespace sightline {
namespace {

// Years 1 to 9999, as google.protobuf.Timestamp has it.
constexpr int64_t kSecondsMin = -62'135'596'800;
constexpr int64_t kSecondsMax = 253'402'300'799;
constexpr int32_t kNanosMax = 999'999'999;

}  // namespace

absl::StatusOr<absl::Time> ReadTime(absl::string_view field,
                                    const google::protobuf::Timestamp& time) {
  if (time.seconds() < kSecondsMin || time.seconds() > kSecondsMax || time.nanos() < 0 ||
      time.nanos() > kNanosMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": must be in the years 1 to 9999, with nanos from 0 to 999999999"));
  }
  return FromProto(time);
}

}  // namespace sightline
