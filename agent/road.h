// Roads to a collector: its address, reached directly or through an HTTP CONNECT proxy. A road is
// text, "HOST:PORT" or "HOST:PORT through http://HOST:PORT", as people see it in `status`. Only
// enrolment and reports use the proxy; probing never does.
#ifndef SIGHTLINE_AGENT_ROAD_H_
#define SIGHTLINE_AGENT_ROAD_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace sightline::agent {

struct Road {
  std::string address;
  std::string proxy;  // Empty: directly.
};

// INVALID_ARGUMENT unless `proxy` is "http://HOST:PORT" and nothing more; an empty one is fine.
absl::Status CheckProxy(absl::string_view proxy);

// In the order in which they are tried: all addresses directly, then all through the proxy, unless
// that is empty.
std::vector<std::string> RoadsTo(const std::vector<std::string>& addresses,
                                 const std::string& proxy);
Road ParseRoad(absl::string_view road);
// The host of "HOST:PORT", without the brackets of an IPv6 address.
std::string HostOf(absl::string_view address);

// Whether nobody answered, so that another road may bring an answer.
bool IsNoAnswer(const absl::Status& status);

// The message, or the name of the code where there is none.
std::string Reason(const absl::Status& status);

// Calls along one road after the other until somebody answers, and returns the answer; a refusal
// names the road. When nobody answers, UNAVAILABLE says why of each: "a:1 (reason), b:2 (reason)".
template <typename Response>
absl::StatusOr<Response> CallInTurn(
    const std::vector<std::string>& roads,
    const std::function<absl::StatusOr<Response>(const std::string& road)>& call) {
  std::vector<std::string> problems;
  for (const std::string& road : roads) {
    absl::StatusOr<Response> response = call(road);
    if (response.ok()) return response;
    const absl::Status& status = response.status();
    if (!IsNoAnswer(status)) {
      return absl::Status(status.code(), absl::StrCat(road, ": ", Reason(status)));
    }
    problems.push_back(absl::StrCat(road, " (", Reason(status), ")"));
  }
  return absl::UnavailableError(absl::StrJoin(problems, ", "));
}

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_ROAD_H_
