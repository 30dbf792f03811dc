#include "collector/enroll.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/log.h"
#include "common/invite.h"
#include "common/message.h"
#include "common/plan.h"
#include "common/wire.h"

namespace sightline {
namespace {

constexpr size_t kTokenBytes = 32;
constexpr int kInvitesMax = 1000;
constexpr absl::Duration kInviteLifetime = absl::Hours(24 * 7);
constexpr absl::Duration kInviteLifetimeMax = absl::Hours(24 * 366);

// The refusal does not say which part of a token was wrong.
absl::Status BadToken() {
  return absl::UnauthenticatedError(
      "token: unknown, expired or used by another key; ask the operator for a new invite");
}

std::string KnownRegions(const v1::Plan& plan) {
  std::vector<std::string> regions;
  for (const v1::CountryRegions& country : plan.countries()) {
    regions.insert(regions.end(), country.regions().begin(), country.regions().end());
  }
  return absl::StrJoin(regions, ", ");
}

}  // namespace

absl::StatusOr<v1::CreateInvitesResponse> Enrolment::CreateInvites(
    const v1::CreateInvitesRequest& request) {
  if (request.count() < 1 || request.count() > kInvitesMax) {
    return absl::InvalidArgumentError(absl::StrCat("count: must be 1 to ", kInvitesMax));
  }
  if (request.role() != v1::AGENT_ROLE_VOLUNTEER && request.role() != v1::AGENT_ROLE_CONTROL) {
    return absl::InvalidArgumentError("role: must be VOLUNTEER or CONTROL");
  }
  absl::Duration lifetime = kInviteLifetime;
  if (request.has_time_to_live()) lifetime = FromProto(request.time_to_live());
  if (lifetime <= absl::ZeroDuration() || lifetime > kInviteLifetimeMax) {
    return absl::InvalidArgumentError("time_to_live: must be above 0 and at most 366 days");
  }
  v1::CreateInvitesResponse response;
  std::vector<InviteRecord> records;
  for (int i = 0; i < request.count(); ++i) {
    v1::Invite invite;
    invite.set_token(RandomBytes(kTokenBytes));
    for (const std::string& collector : invite_template_.collectors) {
      invite.add_collectors(collector);
    }
    invite.set_operator_public_key(plans_.signing_key().raw());
    invite.set_collector_roots_pem(invite_template_.collector_roots_pem);
    invite.set_role(request.role());
    records.push_back({Sha256(invite.token()), request.role(), clock_.Now() + lifetime});
    response.add_invites(EncodeInvite(invite));
  }
  if (absl::Status status = store_.AddInvites(records); !status.ok()) return status;
  return response;
}

absl::Status Enrolment::CheckRegion(v1::AgentRole role, const v1::Plan& plan,
                                    const std::string& region) const {
  if (role == v1::AGENT_ROLE_CONTROL) {
    if (regions_.Knows(region) && !IsObservedCountry(plan, CountryOf(region))) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("region: \"", absl::Utf8SafeCEscape(region),
                     "\" must be an ISO 3166 code outside the countries under observation, because "
                     "the invite is for a control"));
  }
  if (IsObservedRegion(plan, region)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("region: \"", absl::Utf8SafeCEscape(region),
                                                 "\" is not in the list; it has ",
                                                 KnownRegions(plan)));
}

absl::StatusOr<v1::EnrollResponse> Enrolment::Enroll(const v1::EnrollRequest& request) {
  absl::StatusOr<v1::EnrollResponse> response = Redeem(request);
  // What the agent_id is or would have been.
  const std::string id = absl::BytesToHexString(Sha256(request.public_key()).substr(0, 6));
  if (response.ok()) {
    Log(LogLevel::kInfo, "enrolment", "enrolled", {{"agent", id}, {"region", request.region()}});
  } else {
    Log(LogLevel::kWarn, "enrolment", "refused",
        {{"agent", id},
         {"code", absl::StatusCodeToString(response.status().code())},
         {"detail", response.status().message()}});
  }
  return response;
}

absl::StatusOr<v1::EnrollResponse> Enrolment::Redeem(const v1::EnrollRequest& request) {
  if (request.token().size() != kTokenBytes) return BadToken();
  const absl::StatusOr<VerifyKey> key = VerifyKey::FromRaw(request.public_key());
  if (!key.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("public_key: ", key.status().message()));
  }
  const std::string payload =
      EnrollPayload(request.token(), request.public_key(), request.region());
  if (!key->Verify(kEnrollDomain, payload, request.proof())) {
    return absl::UnauthenticatedError("proof: does not sign the request with public_key");
  }
  // Found by its hash alone: how long that takes tells nothing of another token.
  const std::string token_hash = Sha256(request.token());
  const absl::StatusOr<v1::AgentRole> role = store_.FindInviteRole(token_hash);
  if (absl::IsNotFound(role.status())) return BadToken();
  if (!role.ok()) return role.status();
  const std::shared_ptr<const PlanVersion> plan = plans_.Current();
  if (plan == nullptr) {
    return absl::FailedPreconditionError(
        "the operator has published no plan yet; try again when there is one");
  }
  if (absl::Status status = CheckRegion(*role, plan->plan, request.region()); !status.ok()) {
    return status;
  }
  AgentRecord agent;
  agent.agent_id = key->Id();
  agent.public_key = key->raw();
  agent.role = *role;
  agent.region = request.region();
  agent.enroll_time = absl::FromUnixMillis(absl::ToUnixMillis(clock_.Now()));
  agent.head = GenesisHash();
  const absl::StatusOr<AgentRecord> enrolled = store_.Enroll(token_hash, agent);
  if (absl::IsNotFound(enrolled.status()) || absl::IsFailedPrecondition(enrolled.status())) {
    return BadToken();
  }
  if (!enrolled.ok()) return enrolled.status();
  v1::EnrollResponse response;
  response.set_agent_id(enrolled->agent_id);
  *response.mutable_plan() = plan->signed_plan;
  return response;
}

}  // namespace sightline
