#include "common/tls_policy.h"

#include <cstdlib>
#include <cstring>

namespace sightline {
namespace {

constexpr const char kVariable[] = "GRPC_SSL_CIPHER_SUITES";
// A list must name at least one suite that OpenSSL knows.
constexpr const char kUnusable[] = "PSK-AES256-GCM-SHA384";

}  // namespace

void RequireTls13() {
  const char* const before = std::getenv(kVariable);
  if (before == nullptr || std::strcmp(before, kUnusable) != 0) setenv(kVariable, kUnusable, 1);
}

}  // namespace sightline
