#include "common/plan_file.h"

#include "absl/strings/str_cat.h"
#include "common/crypto.h"
#include "common/message.h"
#include "common/plan.h"

namespace sightline {
namespace {

// Text never parses as a message whose key_id and signature have exactly these sizes.
std::optional<v1::SignedPlan> ParseSigned(const std::string& bytes) {
  v1::SignedPlan result;
  if (!result.ParseFromString(bytes) || result.key_id().size() != kHashBytes ||
      result.signature().size() != kSignatureBytes) {
    return std::nullopt;
  }
  return result;
}

}  // namespace

absl::StatusOr<PlanFile> ParsePlanFile(const std::string& bytes) {
  if (bytes.size() > kPlanBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", bytes.size(), " bytes; a plan has at most ", kPlanBytesMax));
  }
  PlanFile file;
  file.signed_plan = ParseSigned(bytes);
  if (file.signed_plan.has_value()) {
    if (!file.plan.ParseFromString(file.signed_plan->plan())) {
      return absl::InvalidArgumentError("the signed bytes are no plan; sign the plan again");
    }
  } else if (const absl::Status status = ParseText(bytes, &file.plan); !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("neither a signed plan nor a plan in text format: ", status.message()));
  }
  if (absl::Status status = ValidatePlan(file.plan); !status.ok()) return status;
  return file;
}

}  // namespace sightline
