// The query of an URL of the collector's HTTP port, as anybody may send it.

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "collector/query.h"
#include "collector/read_time.h"
#include "common/message.h"
#include "sightline/v1/summary.pb.h"
#include "sightline/v1/timeline.pb.h"

namespace sightline {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

template <typename Request>
void Take(const std::string& query) {
  Request request;
  const absl::Status status = ParseQuery(query, &request);
  if (!status.ok()) {
    Require(absl::IsInvalidArgument(status) && !status.message().empty());
    return;
  }
  Require(ToJson(request, /*indent=*/false).size() > 1);
}

}  // namespace
}  // namespace sightline

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string query(reinterpret_cast<const char*>(data), size);
  sightline::Take<sightline::v1::GetSummaryRequest>(query);
  sightline::Take<sightline::v1::GetTimelineRequest>(query);
  sightline::Take<sightline::v1::ListEventsRequest>(query);
  sightline::v1::ListEventsRequest events;
  if (sightline::ParseQuery(query, &events).ok()) {
    (void)sightline::ReadTimeSpan(events);
  }
  return 0;
}
