#include "agent/probe/failure.h"

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sightline::probe {

std::string FailureFromErrno(int error) {
  switch (error) {
    case ECONNREFUSED:
      return "connection_refused";
    case ECONNRESET:
    case EPIPE:  // Written to after the reset that an earlier call has consumed.
      return std::string(kConnectionReset);
    case EHOSTUNREACH:
      return "host_unreachable";
    case ENETUNREACH:
      return "network_unreachable";
    case ENETDOWN:
      return "network_down";
    case ENETRESET:
      return "network_reset";
    case ETIMEDOUT:
      return "timed_out";
    case EADDRNOTAVAIL:
      return "address_not_available";
    case EACCES:
    case EPERM:
      return "permission_denied";
    case ECONNABORTED:
      return "connection_aborted";
    case ENOTCONN:
      return "not_connected";
    case EBADF:
      return "connection_already_closed";
    default:
      return absl::StrCat("unknown_failure: errno ", error);
  }
}

bool IsLocalFailure(absl::string_view failure) {
  return absl::StartsWith(failure, "unknown_failure") || failure == "permission_denied" ||
         failure == "address_not_available";
}

bool IsNoiseFailure(absl::string_view failure) { return absl::StartsWith(failure, "noise_"); }

}  // namespace sightline::probe
