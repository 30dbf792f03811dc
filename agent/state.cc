#include "agent/state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/road.h"
#include "common/message.h"
#include "common/plan.h"

namespace sightline::agent {
namespace {

constexpr const char kAgentId[] = "agent_id";
constexpr const char kRegion[] = "region";
constexpr const char kRole[] = "role";
constexpr const char kCollectors[] = "collectors";
constexpr const char kOperatorKey[] = "operator_public_key";
constexpr const char kRoots[] = "collector_roots_pem";
constexpr const char kProxy[] = "proxy";
constexpr const char kGeneration[] = "key_generation";
constexpr const char kPublicKey[] = "public_key";

absl::Status Wrong(absl::string_view field, absl::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", rule));
}

// 32 bytes from 64 hexadecimal digits; empty when the text is none.
std::string FromHex(const std::string& text) {
  const bool hex = text.size() == 2 * kHashBytes &&
                   text.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hex ? absl::HexStringToBytes(text) : std::string();
}

// The key that signs: absent until it was changed for the first time.
absl::Status ReadKeyFields(const toml::table& table, Identity& identity) {
  if (!table.contains(kGeneration)) return absl::OkStatus();
  const int64_t generation = table[kGeneration].value_exact<int64_t>().value_or(-1);
  if (generation < 0) return Wrong(kGeneration, "must be a whole number, 0 or more");
  identity.key_generation = static_cast<uint64_t>(generation);
  if (generation == 0) return absl::OkStatus();
  identity.public_key = FromHex(table[kPublicKey].value_or(std::string()));
  if (identity.public_key.empty()) return Wrong(kPublicKey, "must be 64 hexadecimal digits");
  return absl::OkStatus();
}

absl::StatusOr<Identity> FromTable(const toml::table& table) {
  Identity identity;
  identity.agent_id = FromHex(table[kAgentId].value_or(std::string()));
  if (identity.agent_id.empty()) return Wrong(kAgentId, "must be 64 hexadecimal digits");
  identity.operator_public_key = FromHex(table[kOperatorKey].value_or(std::string()));
  if (identity.operator_public_key.empty()) {
    return Wrong(kOperatorKey, "must be 64 hexadecimal digits");
  }
  identity.region = table[kRegion].value_or(std::string());
  if (identity.region.empty()) return Wrong(kRegion, "must be set");
  const std::string role = table[kRole].value_or(std::string());
  if (!v1::AgentRole_Parse("AGENT_ROLE_" + role, &identity.role)) {
    return Wrong(kRole, "must be VOLUNTEER or CONTROL");
  }
  if (const toml::array* collectors = table[kCollectors].as_array()) {
    for (const toml::node& node : *collectors) {
      identity.collectors.push_back(node.value_or(std::string()));
    }
  }
  if (identity.collectors.empty()) return Wrong(kCollectors, "must list at least one HOST:PORT");
  identity.collector_roots_pem = table[kRoots].value_or(std::string());
  identity.proxy = table[kProxy].value_or(std::string());
  // One that makes no sense would not be used, and nobody would notice.
  if (!CheckProxy(identity.proxy).ok()) return Wrong(kProxy, "must be http://HOST:PORT");
  if (absl::Status status = ReadKeyFields(table, identity); !status.ok()) return status;
  return identity;
}

absl::Status Annotate(const absl::Status& status, const std::string& path, absl::string_view hint) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message(), "; ", hint));
}

// A lock of an open file description: it ends with the process, however that ends.
struct flock WholeFile(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

constexpr absl::string_view kEnrolAnew =
    "restore the file from a copy, or enrol anew in an empty folder with a new invite";

}  // namespace

std::string IdentityToToml(const Identity& identity) {
  toml::array collectors;
  for (const std::string& address : identity.collectors) collectors.push_back(address);
  toml::table table{
      {kAgentId, absl::BytesToHexString(identity.agent_id)},
      {kRegion, identity.region},
      {kRole, ShortName(identity.role)},
      {kCollectors, std::move(collectors)},
      {kOperatorKey, absl::BytesToHexString(identity.operator_public_key)},
      {kRoots, identity.collector_roots_pem},
  };
  if (!identity.proxy.empty()) table.insert(kProxy, identity.proxy);
  if (identity.key_generation > 0) {
    table.insert(kGeneration, static_cast<int64_t>(identity.key_generation));
    table.insert(kPublicKey, absl::BytesToHexString(identity.public_key));
  }
  std::ostringstream text;
  text << table << "\n";
  return text.str();
}

absl::StatusOr<Identity> IdentityFromToml(absl::string_view text) {
  try {
    return FromTable(toml::parse(std::string_view(text.data(), text.size())));
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("line ", error.source().begin.line, ": ", error.what()));
  }
}

absl::Status StateFolder::Make() {
  if (absl::Status status = files_.MakeFolder(path_); !status.ok()) return status;
  struct stat info = {};
  if (stat(path_.c_str(), &info) != 0 || (info.st_mode & 077) == 0) return absl::OkStatus();
  std::error_code error;
  // What somebody else keeps there is not ours to close.
  const bool empty = std::filesystem::is_empty(path_, error) && !error;
  if (empty && chmod(path_.c_str(), 0700) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      path_, " is in use already, and others on this machine can look into it; name a ",
      "new or empty folder of your own with --state"));
}

absl::StatusOr<Identity> StateFolder::LoadIdentity() const {
  const std::string path = IdentityPath();
  const absl::StatusOr<std::string> text = files_.Read(path);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat(
        path_,
        " holds no enrolled agent; run: sightline-agent enroll --invite STRING --region "
        "CODE --state ",
        path_));
  }
  if (!text.ok()) return text.status();
  absl::StatusOr<Identity> identity = IdentityFromToml(*text);
  if (!identity.ok()) return Annotate(identity.status(), path, kEnrolAnew);
  return identity;
}

absl::Status StateFolder::SaveIdentity(const Identity& identity) {
  return files_.WriteAtomically(IdentityPath(), IdentityToToml(identity), 0600);
}

absl::StatusOr<SigningKey> StateFolder::LoadKeyFrom(const std::string& path) const {
  const absl::StatusOr<std::string> pem = files_.Read(path);
  if (!pem.ok()) return pem.status();
  absl::StatusOr<SigningKey> key = SigningKey::FromPem(*pem);
  if (!key.ok()) return Annotate(key.status(), path, kEnrolAnew);
  return key;
}

absl::StatusOr<SigningKey> StateFolder::LoadOrMakeKeyAt(const std::string& path) {
  absl::StatusOr<SigningKey> key = LoadKeyFrom(path);
  if (!absl::IsNotFound(key.status())) return key;
  SigningKey made = SigningKey::Generate();
  if (absl::Status status = SaveKey(made, path); !status.ok()) return status;
  return made;
}

absl::StatusOr<std::vector<VerifyKey>> StateFolder::LoadOperatorKeys() const {
  const std::string path = OperatorKeysPath();
  const absl::StatusOr<std::string> text = files_.Read(path);
  if (!text.ok()) return text.status();
  std::vector<VerifyKey> keys;
  for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    absl::StatusOr<VerifyKey> key = VerifyKey::FromRaw(FromHex(std::string(line)));
    if (!key.ok() || keys.size() == kOperatorKeysMax) {
      keys.clear();
      break;
    }
    keys.push_back(*std::move(key));
  }
  if (keys.empty()) return Annotate(absl::DataLossError("the file is damaged"), path, kEnrolAnew);
  return keys;
}

absl::Status StateFolder::SaveOperatorKeys(absl::Span<const VerifyKey> keys) {
  std::string text;
  for (const VerifyKey& key : keys) {
    absl::StrAppend(&text, absl::BytesToHexString(key.raw()), "\n");
  }
  return files_.WriteAtomically(OperatorKeysPath(), text, 0600);
}

absl::Status StateFolder::SaveKey(const SigningKey& key, const std::string& path) {
  return files_.WriteAtomically(path, key.ToPem(), 0600);
}

absl::StatusOr<v1::SignedPlan> StateFolder::LoadPlan() const {
  const std::string path = PlanPath();
  const absl::StatusOr<std::string> bytes = files_.Read(path);
  if (!bytes.ok()) return bytes.status();
  v1::SignedPlan plan;
  if (!plan.ParseFromString(*bytes)) {
    return Annotate(absl::DataLossError("the file is damaged"), path, kEnrolAnew);
  }
  return plan;
}

absl::Status StateFolder::SavePlan(const v1::SignedPlan& plan) {
  return files_.WriteAtomically(PlanPath(), plan.SerializeAsString(), 0600);
}

absl::StatusOr<FolderLock> FolderLock::Take(const StateFolder& folder) {
  const int fd = open(folder.LockPath().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", folder.LockPath()));
  FolderLock lock(fd);
  struct flock whole = WholeFile(F_WRLCK);
  if (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
    if (errno != EAGAIN && errno != EACCES) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot lock ", folder.LockPath()));
    }
    return absl::FailedPreconditionError(
        absl::StrCat("another sightline-agent works in ", folder.path(),
                     " already; stop it first, or give each agent a folder of its own"));
  }
  return lock;
}

bool FolderLock::IsHeld(const StateFolder& folder) {
  const int fd = open(folder.LockPath().c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const FolderLock closer(fd);
  // Asks without taking the lock, so that an agent that starts meanwhile is not kept out.
  struct flock whole = WholeFile(F_RDLCK);
  return fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace sightline::agent
