// The operator's key of the signed plans in corpus/plan. It signs nothing else.
#ifndef SIGHTLINE_TESTS_FUZZ_OPERATOR_KEY_H_
#define SIGHTLINE_TESTS_FUZZ_OPERATOR_KEY_H_

#include "common/crypto.h"

namespace sightline {

inline SigningKey FuzzOperatorKey() {
  return *SigningKey::FromPem(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEIF2km9BNjmCGYYH8lBbrWTG4NzBz/+Qd1yGoer9uNCLy\n"
      "-----END PRIVATE KEY-----\n");
}

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_FUZZ_OPERATOR_KEY_H_
