#include "collector/registrar.h"

#include "absl/strings/str_cat.h"
#include "collector/log.h"

namespace sightline {
namespace {

absl::string_view NameOf(RegistryCall call) {
  switch (call) {
    case RegistryCall::kEnroll:
      return "Enroll";
    case RegistryCall::kRotateKey:
      return "RotateKey";
    case RegistryCall::kLeave:
      break;
  }
  return "Leave";
}

}  // namespace

absl::Status Registrar::Admit(RegistryCall call, const Origin& origin) {
  const absl::Duration wait = guard_.Admit(call, origin, clock_.Now());
  if (wait == absl::ZeroDuration()) return absl::OkStatus();
  const absl::Status status = absl::ResourceExhaustedError(
      absl::StrCat("too many such calls came from your network; try again in ",
                   absl::FormatDuration(absl::Ceil(wait, absl::Seconds(1)))));
  metrics_.RegistryCalled(NameOf(call), absl::StatusCodeToString(status.code())).Increment();
  Log(LogLevel::kWarn, "registry", "too_often", {{"call", NameOf(call)}});
  return status;
}

void Registrar::Settle(RegistryCall call, const Origin& origin, const absl::Status& status) {
  guard_.Settle(call, origin, status.code(), clock_.Now());
  metrics_.RegistryCalled(NameOf(call), absl::StatusCodeToString(status.code())).Increment();
}

absl::StatusOr<v1::EnrollResponse> Registrar::Enroll(const v1::EnrollRequest& request,
                                                     const Origin& origin) {
  absl::StatusOr<v1::EnrollResponse> response = enrolment_.Enroll(request);
  Settle(RegistryCall::kEnroll, origin, response.status());
  return response;
}

absl::StatusOr<v1::RotateKeyResponse> Registrar::RotateKey(const v1::RotateKeyRequest& request,
                                                           const Origin& origin) {
  absl::StatusOr<v1::RotateKeyResponse> response = agents_.RotateKey(request);
  Settle(RegistryCall::kRotateKey, origin, response.status());
  return response;
}

absl::StatusOr<v1::LeaveResponse> Registrar::Leave(const v1::LeaveRequest& request,
                                                   const Origin& origin) {
  absl::StatusOr<v1::LeaveResponse> response = agents_.Leave(request);
  Settle(RegistryCall::kLeave, origin, response.status());
  return response;
}

}  // namespace sightline
