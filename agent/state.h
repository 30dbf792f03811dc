// The agent's folder: who this agent is and what it has been given. Files in it:
//   agent.key      private key, PEM, 0600
//   identity.toml  what enrolment fixed
//   plan.pb        the SignedPlan in force, as received
//   operator_keys  keys that may have signed it, once the operator changed its key
//   spool/         sealed batches (spool.h)
//   status.toml    what `status` prints (status_board.h)
//   lock           held while `run` or `enroll` works here
#ifndef SIGHTLINE_AGENT_STATE_H_
#define SIGHTLINE_AGENT_STATE_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/crypto.h"
#include "common/files.h"
#include "sightline/v1/ingest.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::agent {

// What enrolment fixed, for good.
struct Identity {
  std::string agent_id;  // 32 bytes.
  std::string region;
  v1::AgentRole role = v1::AGENT_ROLE_UNSPECIFIED;
  std::vector<std::string> collectors;  // "HOST:PORT" each.
  std::string operator_public_key;      // 32 bytes.
  std::string collector_roots_pem;      // Empty: the system's trust store.
};

std::string IdentityToToml(const Identity& identity);
// INVALID_ARGUMENT says what is wrong in the text.
absl::StatusOr<Identity> IdentityFromToml(absl::string_view text);

// Reads and writes the folder. Not thread-safe. Errors name the file and say what to do.
class StateFolder {
 public:
  // `files` must outlive it.
  StateFolder(Files& files, std::string path) : files_(files), path_(std::move(path)) {}

  absl::Status Make() { return files_.MakeFolder(path_); }

  // NOT_FOUND when nobody enrolled here.
  absl::StatusOr<Identity> LoadIdentity() const;
  absl::Status SaveIdentity(const Identity& identity);

  absl::StatusOr<SigningKey> LoadKey() const;
  // The key of the folder; a new one, on the disk on return, when there is none.
  absl::StatusOr<SigningKey> LoadOrMakeKey();

  // Keys that may have signed the folder's plan. NOT_FOUND while only the one of the identity may.
  absl::StatusOr<std::vector<VerifyKey>> LoadOperatorKeys() const;
  absl::Status SaveOperatorKeys(absl::Span<const VerifyKey> keys);

  absl::StatusOr<v1::SignedPlan> LoadPlan() const;
  absl::Status SavePlan(const v1::SignedPlan& plan);

  std::string SpoolFolder() const { return path_ + "/spool"; }
  std::string StatusPath() const { return path_ + "/status.toml"; }
  std::string LockPath() const { return path_ + "/lock"; }
  const std::string& path() const { return path_; }

 private:
  Files& files_;
  std::string path_;
};

// Keeps other processes out of a folder for as long as it lives; ends with the process, however
// that ends. Movable only.
class FolderLock {
 public:
  // FAILED_PRECONDITION when another process holds it. The folder must exist.
  static absl::StatusOr<FolderLock> Take(const StateFolder& folder);
  // Whether some process holds the lock now.
  static bool IsHeld(const StateFolder& folder);

  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_STATE_H_
