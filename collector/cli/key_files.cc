#include "collector/cli/key_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/files.h"
#include "common/private_file.h"

namespace sightline::cli {
namespace {

absl::Status Annotate(const absl::Status& status, absl::string_view advice) {
  return absl::Status(status.code(), absl::StrCat(status.message(), "; ", advice));
}

// Takes the name, which no other process can have then, and writes through it.
absl::Status WriteExclusively(const std::string& path, absl::string_view data, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) {
    const int error = errno;
    if (error == EEXIST) {
      return absl::AlreadyExistsError(
          absl::StrCat(path,
                       " exists and is not overwritten: a lost operator key cannot be made again. "
                       "Name another file, or move this one away"));
    }
    return absl::ErrnoToStatus(error, absl::StrCat("cannot create ", path));
  }
  close(fd);
  absl::StatusOr<std::unique_ptr<AppendFile>> file = SystemFiles().OpenAppend(path);
  absl::Status status = file.status();
  if (status.ok()) status = (*file)->Append(data);
  if (status.ok()) status = (*file)->Sync();
  if (!status.ok()) unlink(path.c_str());
  return status;
}

}  // namespace

std::string PublicKeyPath(absl::string_view path) {
  return absl::StrCat(absl::StripSuffix(path, ".pem"), ".pub.pem");
}

absl::Status WriteNewKey(const SigningKey& key, const std::string& path) {
  absl::Status status = WriteExclusively(path, key.ToPem(), 0600);
  if (!status.ok()) return status;
  status = WriteExclusively(PublicKeyPath(path), key.public_key().ToPem(), 0644);
  // A private key whose public half could not be written was never shown to anybody.
  if (!status.ok()) unlink(path.c_str());
  return status;
}

absl::StatusOr<SigningKey> ReadSigningKey(const std::string& path) {
  const absl::StatusOr<std::string> pem = SystemFiles().Read(path);
  if (!pem.ok()) {
    return Annotate(pem.status(), "give the operator key that \"sightline keys new\" wrote");
  }
  absl::StatusOr<SigningKey> key = SigningKey::FromPem(*pem);
  if (!key.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " holds no Ed25519 private key (", key.status().message(),
                     "); give the file that \"sightline keys new\" wrote"));
  }
  // That it is a secret is known now.
  const absl::StatusOr<std::string> again = ReadPrivateFile(path);
  if (!again.ok()) return again.status();
  return SigningKey::FromPem(*again);
}

absl::StatusOr<VerifyKey> ReadVerifyKey(const std::string& path) {
  const absl::StatusOr<std::string> pem = SystemFiles().Read(path);
  if (!pem.ok()) {
    return Annotate(pem.status(), "give the .pub.pem file that \"sightline keys new\" wrote");
  }
  absl::StatusOr<VerifyKey> key = VerifyKey::FromPem(*pem);
  if (!key.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " holds no Ed25519 public key (", key.status().message(),
                     "); give the .pub.pem file that \"sightline keys new\" wrote"));
  }
  return key;
}

}  // namespace sightline::cli
