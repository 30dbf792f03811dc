// The agent's folder: who this agent is and what it has been given. Files in it:
//   agent.key       private key, PEM, 0600
//   identity.toml   what enrolment fixed, and which key signs
//   plan.pb         the SignedPlan in force, as received
//   operator_keys   keys that may have signed it, once the operator changed its key
//   spool/          sealed batches (spool.h)
//   status.toml     what `status` prints (status_board.h)
//   paused.toml     there while the agent is to keep still (pause.h)
//   agent.key.next  only while the key changes: the new one, PEM, 0600 (rotate.h)
//   rotation.pb     only while the key changes: the KeySuccession that both keys signed
//   lock            held while a command works here
#ifndef SIGHTLINE_AGENT_STATE_H_
#define SIGHTLINE_AGENT_STATE_H_

#include <cstdint>
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

// What enrolment fixed, for good; only the key may change later.
struct Identity {
  std::string agent_id;  // 32 bytes: SHA-256 of the first public key.
  std::string region;
  v1::AgentRole role = v1::AGENT_ROLE_UNSPECIFIED;
  std::vector<std::string> collectors;  // "HOST:PORT" each.
  std::string operator_public_key;      // 32 bytes.
  std::string collector_roots_pem;      // Empty: the system's trust store.
  std::string proxy;                    // "http://HOST:PORT" (road.h), or empty.
  // How often the key was changed, and the one that signs now: 32 bytes, empty for the first.
  uint64_t key_generation = 0;
  std::string public_key;
};

std::string IdentityToToml(const Identity& identity);
// INVALID_ARGUMENT says what is wrong in the text.
absl::StatusOr<Identity> IdentityFromToml(absl::string_view text);

// Reads and writes the folder. Not thread-safe. Errors name the file and say what to do.
class StateFolder {
 public:
  // `files` must outlive it.
  StateFolder(Files& files, std::string path) : files_(files), path_(std::move(path)) {}

  // Makes the folder, for its owner alone. An empty one that was there is closed to others, too;
  // FAILED_PRECONDITION when others can look into one that is not empty.
  absl::Status Make();

  // NOT_FOUND when nobody enrolled here.
  absl::StatusOr<Identity> LoadIdentity() const;
  absl::Status SaveIdentity(const Identity& identity);

  absl::StatusOr<SigningKey> LoadKey() const { return LoadKeyFrom(KeyPath()); }
  absl::StatusOr<SigningKey> LoadKeyFrom(const std::string& path) const;
  // The key of the folder; a new one, on the disk on return, when there is none.
  absl::StatusOr<SigningKey> LoadOrMakeKey() { return LoadOrMakeKeyAt(KeyPath()); }
  absl::StatusOr<SigningKey> LoadOrMakeKeyAt(const std::string& path);
  // Replaces the file in one step.
  absl::Status SaveKey(const SigningKey& key, const std::string& path);

  // Keys that may have signed the folder's plan. NOT_FOUND while only the one of the identity may.
  absl::StatusOr<std::vector<VerifyKey>> LoadOperatorKeys() const;
  absl::Status SaveOperatorKeys(absl::Span<const VerifyKey> keys);

  absl::StatusOr<v1::SignedPlan> LoadPlan() const;
  absl::Status SavePlan(const v1::SignedPlan& plan);

  std::string KeyPath() const { return path_ + "/agent.key"; }
  std::string NextKeyPath() const { return path_ + "/agent.key.next"; }
  std::string RotationPath() const { return path_ + "/rotation.pb"; }
  std::string IdentityPath() const { return path_ + "/identity.toml"; }
  std::string PlanPath() const { return path_ + "/plan.pb"; }
  std::string SpoolFolder() const { return path_ + "/spool"; }
  std::string OperatorKeysPath() const { return path_ + "/operator_keys"; }
  std::string PausePath() const { return path_ + "/paused.toml"; }
  std::string StatusPath() const { return path_ + "/status.toml"; }
  std::string LockPath() const { return path_ + "/lock"; }
  const std::string& path() const { return path_; }
  Files& files() const { return files_; }

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
