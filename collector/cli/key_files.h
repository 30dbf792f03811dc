// Operator keys on disk.
#ifndef SIGHTLINE_COLLECTOR_CLI_KEY_FILES_H_
#define SIGHTLINE_COLLECTOR_CLI_KEY_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto.h"

namespace sightline::cli {

// "operator.pub.pem" for "operator.pem"; without ".pem" at the end, ".pub.pem" is added.
std::string PublicKeyPath(absl::string_view path);

// Writes the private key to `path` (PKCS #8 PEM, 0600) and the public one to PublicKeyPath(path)
// (0644), on the disk on return. Never overwrites: ALREADY_EXISTS when either is there, and then
// neither is changed.
absl::Status WriteNewKey(const SigningKey& key, const std::string& path);

// Errors name the path and what the file should hold.
absl::StatusOr<SigningKey> ReadSigningKey(const std::string& path);
absl::StatusOr<VerifyKey> ReadVerifyKey(const std::string& path);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_KEY_FILES_H_
