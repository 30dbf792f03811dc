#include "common/rcode.h"

namespace sightline {

absl::string_view FailureFromRcode(uint32_t rcode) {
  switch (rcode) {
    case 0:
      return "dns_no_answer";
    case 2:
      return "dns_servfail_error";
    case 3:
      return "dns_nxdomain_error";
    case 5:
      return "dns_refused_error";
    default:
      return "dns_server_misbehaving";
  }
}

}  // namespace sightline
