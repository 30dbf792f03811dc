#include "agent/forget.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "agent/road.h"
#include "common/private_file.h"
#include "common/wire.h"

namespace sightline::agent {
namespace {

constexpr absl::string_view kUnfinished = ".new";

std::vector<std::string> KeyPaths(const StateFolder& folder) {
  return {folder.KeyPath(), folder.KeyPath() + std::string(kUnfinished), folder.NextKeyPath(),
          folder.NextKeyPath() + std::string(kUnfinished)};
}

// Everything else that an agent may make, the spool aside; the identity last, for with it gone
// nobody knows that there was an agent.
std::vector<std::string> OtherPaths(const StateFolder& folder) {
  std::vector<std::string> paths;
  for (const std::string& path :
       {folder.RotationPath(), folder.PlanPath(), folder.OperatorKeysPath(), folder.StatusPath(),
        folder.PausePath(), folder.IdentityPath()}) {
    paths.push_back(path + std::string(kUnfinished));
    paths.push_back(path);
  }
  return paths;
}

bool Exists(Files& files, const std::string& path) {
  return !absl::IsNotFound(files.Read(path).status());
}

// Whether the folder holds anything of an agent's.
bool HoldsAgent(const StateFolder& folder) {
  for (const auto& paths : {KeyPaths(folder), OtherPaths(folder)}) {
    for (const std::string& path : paths) {
      if (Exists(folder.files(), path)) return true;
    }
  }
  const auto spooled = folder.files().List(folder.SpoolFolder());
  return (spooled.ok() && !spooled->empty()) || Exists(folder.files(), folder.LockPath());
}

v1::LeaveRequest MakeRequest(const Identity& identity, const SigningKey& key) {
  v1::LeaveRequest request;
  request.set_agent_id(identity.agent_id);
  request.set_signature(key.Sign(kLeaveDomain, identity.agent_id));
  return request;
}

// The keys of which the collector knows one: two while a change is not finished.
absl::StatusOr<std::vector<SigningKey>> LoadKeys(const StateFolder& folder) {
  std::vector<SigningKey> keys;
  for (const std::string& path : {folder.KeyPath(), folder.NextKeyPath()}) {
    if (absl::Status status = CheckPrivateFile(path); !status.ok()) return status;
    absl::StatusOr<SigningKey> key = folder.LoadKeyFrom(path);
    if (key.ok()) {
      keys.push_back(*std::move(key));
    } else if (!absl::IsNotFound(key.status())) {
      return key.status();
    }
  }
  return keys;
}

// Returns what to tell the volunteer about the collector.
absl::StatusOr<std::string> Tell(const Identity& identity, const std::vector<SigningKey>& keys,
                                 const ForgetOptions& options, const LeaveCall& call) {
  const std::vector<std::string> roads =
      RoadsTo(identity.collectors, options.proxy.value_or(identity.proxy));
  absl::StatusOr<v1::LeaveResponse> response = absl::UnavailableError("not asked");
  for (const SigningKey& key : keys) {
    response = CallInTurn<v1::LeaveResponse>(roads, [&](const std::string& road) {
      return call(road, identity.collector_roots_pem, MakeRequest(identity, key));
    });
    if (!absl::IsUnauthenticated(response.status())) break;
  }
  if (response.ok()) {
    return response->forgotten()
               ? std::string("The collector holds nothing of this agent.")
               : absl::StrCat("The collector takes nothing more from this agent. Reports that it ",
                              "has stay in its log under the random name ",
                              absl::BytesToHexString(identity.agent_id).substr(0, 16), ".");
  }
  const absl::Status& status = response.status();
  if (absl::IsNotFound(status)) return std::string("The collector does not know this agent.");
  return absl::Status(
      status.code(),
      absl::StrCat(IsNoAnswer(status) ? "no collector answered: " : "the collector refused: ",
                   status.message(),
                   "; nothing was deleted. Try again later, or delete all the same, without "
                   "telling the collector, with --offline"));
}

// Removes what is there; the first error, after all was tried.
absl::Status RemoveAll(Files& files, const std::vector<std::string>& paths) {
  absl::Status first;
  for (const std::string& path : paths) {
    if (!Exists(files, path)) continue;
    first.Update(files.Remove(path));
  }
  return first;
}

absl::Status DeleteSpool(const StateFolder& folder) {
  const auto names = folder.files().List(folder.SpoolFolder());
  if (absl::IsNotFound(names.status())) return absl::OkStatus();
  if (!names.ok()) return names.status();
  std::vector<std::string> paths;
  for (const std::string& name : *names) {
    paths.push_back(absl::StrCat(folder.SpoolFolder(), "/", name));
  }
  return RemoveAll(folder.files(), paths);
}

// The caller holds the folder's lock, whose file goes last.
absl::Status Delete(const StateFolder& folder) {
  // With a key somebody could report in the agent's name: nothing else goes before all are gone.
  if (absl::Status status = RemoveAll(folder.files(), KeyPaths(folder)); !status.ok()) {
    return status;
  }
  absl::Status status = DeleteSpool(folder);
  if (status.ok()) status = RemoveAll(folder.files(), OtherPaths(folder));
  if (status.ok()) status = folder.files().Remove(folder.LockPath());
  if (!status.ok()) return status;
  // What is not ours stays, and with it its folder.
  std::error_code not_empty;
  std::filesystem::remove(folder.SpoolFolder(), not_empty);
  std::filesystem::remove(folder.path(), not_empty);
  return absl::OkStatus();
}

}  // namespace

absl::Status Forget(const ForgetOptions& options, Files& files, const LeaveCall& call,
                    std::istream& in, std::ostream& out) {
  const StateFolder folder(files, options.state_folder);
  if (!HoldsAgent(folder)) {
    return absl::NotFoundError(absl::StrCat(options.state_folder, " holds no agent to forget"));
  }
  absl::Status agreed =
      Ask(options.question, ForgetText(options.question.language, options.state_folder),
          "nothing was deleted: you did not agree", in, out);
  if (!agreed.ok()) return agreed;
  const absl::StatusOr<FolderLock> lock = FolderLock::Take(folder);
  if (!lock.ok()) return lock.status();

  std::string told = "The collector was not told.";
  if (!options.offline) {
    const absl::StatusOr<Identity> identity = folder.LoadIdentity();
    const absl::StatusOr<std::vector<SigningKey>> keys = LoadKeys(folder);
    if (!keys.ok()) return keys.status();
    if (absl::IsNotFound(identity.status())) {
      told = "It was not enrolled as far as this folder knows, so no collector was told.";
    } else if (!identity.ok()) {
      return identity.status();
    } else if (keys->empty()) {
      told =
          "Its key is gone already, by an earlier forget or otherwise, so no collector was told.";
    } else {
      absl::StatusOr<std::string> answer = Tell(*identity, *keys, options, call);
      if (!answer.ok()) return answer.status();
      told = *std::move(answer);
    }
  }
  if (absl::Status status = Delete(folder); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat("not all is deleted: ", status.message(),
                                                    "; run the same command again. ", told));
  }
  out << "Deleted what the agent made in " << options.state_folder << ". " << told << "\n";
  return absl::OkStatus();
}

}  // namespace sightline::agent
