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
#include "absl/strings/strip.h"
#include "common/crypto.h"
#include "common/invite.h"
#include "common/plan.h"
#include "common/wire.h"

namespace sightline::agent {
namespace {

absl::StatusOr<v1::Invite> ReadInvite(const std::string& text, Files& files) {
  if (!absl::StartsWith(text, "@")) return DecodeInvite(text);
  const absl::StatusOr<std::string> content = files.Read(text.substr(1));
  if (!content.ok()) {
    return absl::Status(content.status().code(),
                        absl::StrCat("the invite: ", content.status().message()));
  }
  return DecodeInvite(*content);
}

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

absl::Status AskConsent(const EnrollOptions& options, std::istream& in, std::ostream& out) {
  out << ConsentText(options.region, options.state_folder) << std::flush;
  if (options.accept) return absl::OkStatus();
  if (!options.terminal) {
    return absl::FailedPreconditionError(
        "there is no terminal to ask at; read the text above and, if you agree, add --accept");
  }
  out << "Do you agree? Type yes or no: " << std::flush;
  std::string answer;
  std::getline(in, answer);
  answer = absl::AsciiStrToLower(absl::StripAsciiWhitespace(answer));
  if (answer == "yes" || answer == "y") return absl::OkStatus();
  return absl::FailedPreconditionError("not enrolled: you did not agree; nothing was sent or kept");
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

// Whether another address could answer differently.
bool IsNoAnswer(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsInternal(status) || absl::IsUnknown(status);
}

absl::StatusOr<v1::EnrollResponse> CallInTurn(const v1::Invite& invite,
                                              const v1::EnrollRequest& request,
                                              const EnrollCall& call) {
  std::vector<std::string> problems;
  for (const std::string& address : invite.collectors()) {
    absl::StatusOr<v1::EnrollResponse> response =
        call(address, invite.collector_roots_pem(), request);
    if (response.ok()) return response;
    const absl::Status& status = response.status();
    if (!IsNoAnswer(status)) {
      return absl::Status(status.code(),
                          absl::StrCat("the collector at ", address,
                                       " did not enrol this agent: ", status.message()));
    }
    problems.push_back(absl::StrCat(address, " (", status.message(), ")"));
  }
  return absl::UnavailableError(
      absl::StrCat("no collector of the invite answered: ", absl::StrJoin(problems, ", "),
                   "; the invite is not used up as far as this machine knows: run the same command "
                   "again later"));
}

}  // namespace

std::string ConsentText(const std::string& region, const std::string& state_folder) {
  return absl::StrCat(
      "Sightline agent: what you agree to\n"
      "\n"
      "Risk.     Your machine will connect to services that may be forbidden where you are, from\n"
      "          your own line, again and again. Whoever watches the line can see that, and can "
      "see\n"
      "          that you send reports. In some places this can bring you into legal or personal\n"
      "          trouble. If you are not sure, answer no.\n"
      "Probed.   The names and addresses in the operator's signed plan: services and sites to\n"
      "          compare them with, once per round (the plan says how often). Name lookups, TCP, "
      "TLS\n"
      "          and HTTP GET only. Nobody logs in anywhere; nothing of yours is read.\n"
      "Sent.     Per check: what worked and what failed, times, answers of name servers, hashes "
      "of\n"
      "          certificates, signed with a key made on this machine; and the region you chose: ",
      region,
      ".\n"
      "          Your address is never written into a report. The collector sees it while you are\n"
      "          connected, uses it to find country and network, and does not store it.\n"
      "Kept.     In ",
      state_folder,
      ": the key, the plan, and reports that are not delivered yet.\n"
      "Stop.     End the program and delete that folder at any time.\n"
      "\n");
}

absl::Status Enroll(const EnrollOptions& options, Files& files, const Clock& clock,
                    const EnrollCall& call, std::istream& in, std::ostream& out) {
  const absl::StatusOr<v1::Invite> invite = ReadInvite(options.invite, files);
  if (!invite.ok()) return invite.status();
  const absl::StatusOr<VerifyKey> operator_key = VerifyKey::FromRaw(invite->operator_public_key());
  if (!operator_key.ok()) {
    return absl::InvalidArgumentError("the invite holds no usable operator key; ask for a new one");
  }
  if (absl::Status status = CheckRegionShape(options.region); !status.ok()) return status;
  StateFolder folder(files, options.state_folder);
  if (const auto identity = folder.LoadIdentity(); !absl::IsNotFound(identity.status())) {
    if (!identity.ok()) return identity.status();
    return absl::AlreadyExistsError(
        absl::StrCat(options.state_folder, " holds an agent that is enrolled for ",
                     identity->region, " already; name another folder with --state"));
  }
  if (absl::Status status = AskConsent(options, in, out); !status.ok()) return status;

  if (absl::Status status = folder.Make(); !status.ok()) return status;
  const absl::StatusOr<FolderLock> lock = FolderLock::Take(folder);
  if (!lock.ok()) return lock.status();
  const absl::StatusOr<SigningKey> key = folder.LoadOrMakeKey();
  if (!key.ok()) return key.status();

  const absl::StatusOr<v1::EnrollResponse> response =
      CallInTurn(*invite, MakeRequest(*invite, *key, options.region), call);
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
  Identity identity;
  identity.agent_id = response->agent_id();
  identity.region = options.region;
  identity.role = invite->role();
  identity.collectors = {invite->collectors().begin(), invite->collectors().end()};
  identity.operator_public_key = invite->operator_public_key();
  identity.collector_roots_pem = invite->collector_roots_pem();
  if (absl::Status status = folder.SaveIdentity(identity); !status.ok()) return status;

  const v1::Plan& plan = std::get<v1::Plan>(opened);
  std::vector<std::string> targets;
  for (const v1::Target& target : plan.targets()) targets.push_back(target.display_name());
  out << "Enrolled as " << absl::BytesToHexString(identity.agent_id).substr(0, 16) << " for "
      << identity.region << ". The plan (version " << plan.version()
      << ") probes: " << absl::StrJoin(targets, ", ") << ".\n"
      << "Start with: sightline-agent run --state " << options.state_folder << "\n";
  return absl::OkStatus();
}

}  // namespace sightline::agent
