// How a volunteer leaves: the collector is told, and everything that the agent made is deleted.
#ifndef SIGHTLINE_AGENT_FORGET_H_
#define SIGHTLINE_AGENT_FORGET_H_

#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/consent.h"
#include "agent/state.h"
#include "common/files.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline::agent {

struct ForgetOptions {
  std::string state_folder;
  Question question;
  // Connect nowhere: delete although the collector is not told.
  bool offline = false;
  // In place of the one that enrolment saved; empty: no proxy.
  std::optional<std::string> proxy;
};

// Calls Leave along one road (road.h) with these trust anchors.
using LeaveCall = std::function<absl::StatusOr<v1::LeaveResponse>(
    const std::string& road, const std::string& roots_pem, const v1::LeaveRequest& request)>;

// Asks, tells the collector, deletes. Nothing is deleted before the collector has answered, unless
// options.offline is set. The keys go first; when deleting was interrupted, the next call finishes
// it without asking the collector again. Errors: NOT_FOUND when there is nothing to forget;
// FAILED_PRECONDITION without consent, while the agent runs, or for a key that others can read;
// UNAVAILABLE when no collector answered, and whatever the collector refused with.
absl::Status Forget(const ForgetOptions& options, Files& files, const LeaveCall& call,
                    std::istream& in, std::ostream& out);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_FORGET_H_
