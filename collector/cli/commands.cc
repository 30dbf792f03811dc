#include "collector/cli/commands.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "collector/cli/client.h"
#include "collector/cli/key_files.h"
#include "collector/cli/plan_files.h"
#include "collector/cli/plan_text.h"
#include "common/files.h"
#include "common/message.h"
#include "common/plan.h"

namespace sightline::cli {
namespace {

std::string ShortKey(absl::string_view key_id) {
  return absl::BytesToHexString(key_id).substr(0, 16);
}

// A sentence about the signature of a plan; an error when it was to be checked and is not good.
absl::StatusOr<std::string> SignatureText(const PlanFile& file, const ShowOptions& options) {
  const bool check = !options.operator_key_path.empty();
  if (!file.signed_plan.has_value()) {
    if (!check) {
      return absl::StrCat("none: this is a plan in text format",
                          file.times_set ? ", with times as if it were signed now" : "");
    }
    return absl::FailedPreconditionError(
        absl::StrCat(options.path, " is not signed; sign it with \"sightline plan sign\""));
  }
  const v1::SignedPlan& signed_plan = *file.signed_plan;
  if (!check) {
    return absl::StrCat("by key ", ShortKey(signed_plan.key_id()),
                        ", not checked (give --operator-key to check it)");
  }
  const absl::StatusOr<VerifyKey> key = ReadVerifyKey(options.operator_key_path);
  if (!key.ok()) return key.status();
  // An expired plan may be looked at: only the signature is in question here.
  const auto opened =
      OpenPlan(signed_plan, {*key}, /*held_version=*/0, FromProto(file.plan.issue_time()));
  if (const auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) {
    return absl::FailedPreconditionError(absl::StrCat(options.path, ": ", ToText(*refusal)));
  }
  return absl::StrCat("good, by key ", ShortKey(signed_plan.key_id()));
}

// Lets further keys sign the plan after this one.
absl::Status AddOperatorKeys(const SignOptions& options, const VerifyKey& signer, v1::Plan& plan) {
  if (options.also_accept_paths.empty()) return absl::OkStatus();
  const auto add = [&plan](const VerifyKey& key) {
    auto& listed = *plan.mutable_operator_keys();
    if (std::find(listed.begin(), listed.end(), key.raw()) == listed.end()) {
      plan.add_operator_keys(key.raw());
    }
  };
  add(signer);
  for (const std::string& path : options.also_accept_paths) {
    const absl::StatusOr<VerifyKey> key = ReadVerifyKey(path);
    if (!key.ok()) return key.status();
    add(*key);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status NewKeys(const std::string& path, const Terminal& terminal) {
  const SigningKey key = SigningKey::Generate();
  const absl::Status status = WriteNewKey(key, path);
  if (!status.ok()) return status;
  *terminal.out << "Wrote " << path << " (private: signs plans; keep it off the collector)\n"
                << "Wrote " << PublicKeyPath(path) << " (public: for the collector)\n"
                << "Key " << ShortKey(key.public_key().Id()) << "\n";
  return absl::OkStatus();
}

absl::Status SignPlanFile(const SignOptions& options, const Terminal& terminal) {
  const absl::StatusOr<SigningKey> key = ReadSigningKey(options.key_path);
  if (!key.ok()) return key.status();
  absl::StatusOr<PlanFile> file = ReadPlanFile(options.in_path, terminal.clock->Now());
  if (!file.ok()) return file.status();
  absl::Status status = AddOperatorKeys(options, key->public_key(), file->plan);
  if (!status.ok()) return status;
  const v1::SignedPlan signed_plan = SignPlan(file->plan, *key);
  // What agents would refuse is not handed out.
  const auto opened =
      OpenPlan(signed_plan, {key->public_key()}, /*held_version=*/0, terminal.clock->Now());
  if (const auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) {
    return absl::FailedPreconditionError(
        absl::StrCat(options.in_path, ": agents would refuse this plan: ", ToText(*refusal)));
  }
  status = SystemFiles().WriteAtomically(options.out_path, signed_plan.SerializeAsString(), 0644);
  if (!status.ok()) return status;
  *terminal.out << "Signed plan version " << file->plan.version() << " with key "
                << ShortKey(signed_plan.key_id()) << ": " << options.out_path << "\n"
                << "It expires at "
                << absl::FormatTime("%Y-%m-%d %H:%M UTC", FromProto(file->plan.expire_time()),
                                    absl::UTCTimeZone())
                << "; publish the next version before that\n";
  return absl::OkStatus();
}

absl::Status ShowPlan(const ShowOptions& options, const Terminal& terminal) {
  const absl::StatusOr<PlanFile> file = ReadPlanFile(options.path, terminal.clock->Now());
  if (!file.ok()) return file.status();
  const absl::StatusOr<std::string> signature = SignatureText(*file, options);
  if (!signature.ok()) return signature.status();
  *terminal.out << RenderPlan(file->plan, *signature, terminal.clock->Now(), terminal.colour);
  return absl::OkStatus();
}

absl::Status PublishPlanFile(const PublishOptions& options, const Terminal& terminal) {
  const absl::StatusOr<PlanFile> file = ReadPlanFile(options.path, terminal.clock->Now());
  if (!file.ok()) return file.status();
  if (!file->signed_plan.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat(options.path, " is not signed; sign it with \"sightline plan sign\""));
  }
  const absl::StatusOr<v1::PublishPlanResponse> response =
      PublishPlan(options.admin, *file->signed_plan);
  if (!response.ok()) return response.status();
  *terminal.out << "Plan version " << response->version() << " is current\n";
  return absl::OkStatus();
}

absl::Status Invite(const InviteOptions& options, const Terminal& terminal) {
  const absl::StatusOr<v1::CreateInvitesResponse> response =
      CreateInvites(options.admin, options.count, options.role);
  if (!response.ok()) return response.status();
  for (const std::string& invite : response->invites()) *terminal.out << invite << "\n";
  return absl::OkStatus();
}

}  // namespace sightline::cli
