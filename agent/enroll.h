// How a volunteer's machine becomes an agent: the explanation, the consent, the key, the call.
#ifndef SIGHTLINE_AGENT_ENROLL_H_
#define SIGHTLINE_AGENT_ENROLL_H_

#include <functional>
#include <istream>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/consent.h"
#include "agent/state.h"
#include "common/clock.h"
#include "common/files.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline::agent {

struct EnrollOptions {
  std::string invite;  // The string, or "@" and the name of a file that holds it.
  std::string region;
  std::string state_folder;
  bool accept = false;    // The volunteer has read the explanation and agrees.
  bool terminal = false;  // Somebody can answer a question.
  Language language = Language::kEnglish;
  // What starts the agent, for the last line; empty: `sightline-agent run` in the folder.
  std::string start_command = {};
  std::string proxy;  // "http://HOST:PORT" for a collector that does not answer directly; or empty.
};

// Calls Enroll along one road (road.h) with these trust anchors.
using EnrollCall = std::function<absl::StatusOr<v1::EnrollResponse>(
    const std::string& road, const std::string& roots_pem, const v1::EnrollRequest& request)>;

// The text of an invite: `invite` itself or, when it is "@FILE", what the file holds, which must be
// an invite.
absl::StatusOr<std::string> ReadInvite(const std::string& invite, Files& files);

// Explains, asks, makes the key, redeems the invite, verifies the plan and saves all. The key is on
// the disk before the invite is used, so that after a crash the same command finishes the work.
// Errors: FAILED_PRECONDITION without consent; ALREADY_EXISTS when an agent is enrolled in the
// folder; INVALID_ARGUMENT or UNAUTHENTICATED for the invite, the region or the proxy; UNAVAILABLE
// names each road and why nobody answered.
absl::Status Enroll(const EnrollOptions& options, Files& files, const Clock& clock,
                    const EnrollCall& call, std::istream& in, std::ostream& out);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_ENROLL_H_
