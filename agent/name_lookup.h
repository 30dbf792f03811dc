// Asks the system's resolver about a name, as the connection to a collector does: by c-ares, which
// gRPC uses, so that what is seen here is what the agent meets.
#ifndef SIGHTLINE_AGENT_NAME_LOOKUP_H_
#define SIGHTLINE_AGENT_NAME_LOOKUP_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/destination.h"

namespace sightline::agent {

struct NameAnswer {
  std::string name;
  // OK with at least one address; NOT_FOUND when there is no such name; DEADLINE_EXCEEDED;
  // UNAVAILABLE for the rest. Says why.
  absl::Status status;
  std::vector<IpAddress> addresses;
  absl::Duration took;
};

// Blocks until there is an answer, at most for `timeout`. A literal address answers itself.
NameAnswer LookUpName(const std::string& name, absl::Duration timeout);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_NAME_LOOKUP_H_
