#include "agent/enroll.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/consent.h"
#include "agent/road.h"
#include "common/crypto.h"
#include "common/invite.h"
#include "common/plan.h"
#include "common/private_file.h"
#include "common/wire.h"

namespace sightline::agent {
namespace {

// The plan decides whether a code is known; this catches what no plan can know.
absl::Status CheckRegionShape(const std::string& region) {
  const bool shaped = region.size() >= 2 && region.size() <= 6 &&
                      std::all_of(region.begin(), region.end(), [](unsigned char c) {
                        return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '-';
                      });
  if (shaped) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("region \"", absl::CEscape(region),
                                                 "\": must be an ISO 3166-2 code in capitals, such "
                                                 "as CN-BJ for Beijing or CN-SH for Shanghai"));
}

v1::EnrollRequest MakeRequest(const v1::Invite& invite, const SigningKey& key,
                              const std::string& region) {
  v1::EnrollRequest request;
  request.set_token(invite.token());
  request.set_public_key(key.public_key().raw());
  request.set_region(region);
  request.set_proof(
      key.Sign(kEnrollDomain, EnrollPayload(invite.token(), request.public_key(), region)));
  return request;
}

Identity MakeIdentity(const v1::Invite& invite, const EnrollOptions& options,
                      const std::string& agent_id) {
  Identity identity;
  identity.agent_id = agent_id;
  identity.region = options.region;
  identity.role = invite.role();
  identity.collectors = {invite.collectors().begin(), invite.collectors().end()};
  identity.operator_public_key = invite.operator_public_key();
  identity.collector_roots_pem = invite.collector_roots_pem();
  identity.proxy = options.proxy;
  return identity;
}

absl::StatusOr<v1::EnrollResponse> Redeem(const v1::Invite& invite, const std::string& proxy,
                                          const v1::EnrollRequest& request,
                                          const EnrollCall& call) {
  const std::vector<std::string> addresses = {invite.collectors().begin(),
                                              invite.collectors().end()};
  absl::StatusOr<v1::EnrollResponse> response = CallInTurn<v1::EnrollResponse>(
      RoadsTo(addresses, proxy),
      [&](const std::string& road) { return call(road, invite.collector_roots_pem(), request); });
  if (response.ok()) return response;
  const absl::Status& status = response.status();
  if (!IsNoAnswer(status)) {
    return absl::Status(status.code(),
                        absl::StrCat("the collector did not enrol this agent: ", status.message()));
  }
  return absl::UnavailableError(
      absl::StrCat("no collector of the invite answered: ", status.message(),
                   "; the invite is not used up as far as this machine knows: run the same command "
                   "again later, or name a proxy with --proxy"));
}

}  // namespace

absl::StatusOr<std::string> ReadInvite(const std::string& invite, Files& files) {
  if (!absl::StartsWith(invite, "@")) return invite;
  absl::StatusOr<std::string> content = files.Read(invite.substr(1));
  if (!content.ok()) {
    return absl::Status(content.status().code(),
                        absl::StrCat("the invite: ", content.status().message()));
  }
  if (const absl::StatusOr<v1::Invite> decoded = DecodeInvite(*content); !decoded.ok()) {
    return absl::Status(decoded.status().code(),
                        absl::StrCat(invite.substr(1), ": ", decoded.status().message()));
  }
  return content;
}

absl::Status Enroll(const EnrollOptions& options, Files& files, const Clock& clock,
                    const EnrollCall& call, std::istream& in, std::ostream& out) {
  const absl::StatusOr<std::string> invite_text = ReadInvite(options.invite, files);
  if (!invite_text.ok()) return invite_text.status();
  const absl::StatusOr<v1::Invite> invite = DecodeInvite(*invite_text);
  if (!invite.ok()) return invite.status();
  const absl::StatusOr<VerifyKey> operator_key = VerifyKey::FromRaw(invite->operator_public_key());
  if (!operator_key.ok()) {
    return absl::InvalidArgumentError("the invite holds no usable operator key; ask for a new one");
  }
  if (absl::Status status = CheckRegionShape(options.region); !status.ok()) return status;
  if (absl::Status status = CheckProxy(options.proxy); !status.ok()) return status;
  StateFolder folder(files, options.state_folder);
  if (const auto identity = folder.LoadIdentity(); !absl::IsNotFound(identity.status())) {
    if (!identity.ok()) return identity.status();
    return absl::AlreadyExistsError(
        absl::StrCat(options.state_folder, " holds an agent that is enrolled for ",
                     identity->region, " already; name another folder with --state"));
  }
  absl::Status agreed = Ask({options.language, options.accept, options.terminal},
                            ConsentText(options.language, options.region, options.state_folder),
                            "not enrolled: you did not agree; nothing was sent or kept", in, out);
  if (!agreed.ok()) return agreed;

  if (absl::Status status = folder.Make(); !status.ok()) return status;
  const absl::StatusOr<FolderLock> lock = FolderLock::Take(folder);
  if (!lock.ok()) return lock.status();
  if (absl::Status status = CheckPrivateFile(folder.KeyPath()); !status.ok()) return status;
  const absl::StatusOr<SigningKey> key = folder.LoadOrMakeKey();
  if (!key.ok()) return key.status();

  const absl::StatusOr<v1::EnrollResponse> response =
      Redeem(*invite, options.proxy, MakeRequest(*invite, *key, options.region), call);
  if (!response.ok()) return response.status();
  if (response->agent_id() != key->public_key().Id()) {
    return absl::DataLossError("the collector enrolled another key than ours; ask the operator");
  }
  auto opened = OpenPlan(response->plan(), {*operator_key}, 0, clock.Now());
  if (const auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) {
    return absl::FailedPreconditionError(
        absl::StrCat("the collector's plan is not usable: ", ToText(*refusal),
                     "; tell the operator, and run the same command again later"));
  }
  // The identity comes last: with it the folder is complete.
  if (absl::Status status = folder.SavePlan(response->plan()); !status.ok()) return status;
  const Identity identity = MakeIdentity(*invite, options, response->agent_id());
  if (absl::Status status = folder.SaveIdentity(identity); !status.ok()) return status;

  const v1::Plan& plan = std::get<v1::Plan>(opened);
  std::vector<std::string> targets;
  for (const v1::Target& target : plan.targets()) targets.push_back(target.display_name());
  out << "Enrolled as " << absl::BytesToHexString(identity.agent_id).substr(0, 16) << " for "
      << identity.region << ". The plan (version " << plan.version()
      << ") probes: " << absl::StrJoin(targets, ", ") << ".\n"
      << "Start with: "
      << (options.start_command.empty()
              ? absl::StrCat("sightline-agent run --state ", options.state_folder)
              : options.start_command)
      << "\n";
  return absl::OkStatus();
}

}  // namespace sightline::agent
