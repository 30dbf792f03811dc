#include "common/invite.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/crypto.h"

namespace sightline {
namespace {
constexpr absl::string_view kPrefix = "sl1.";
constexpr size_t kTokenBytes = 32;
}  // namespace

std::string EncodeInvite(const v1::Invite& invite) {
  return absl::StrCat(kPrefix, absl::WebSafeBase64Escape(invite.SerializeAsString()));
}

absl::StatusOr<v1::Invite> DecodeInvite(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::StartsWith(text, kPrefix)) {
    return absl::InvalidArgumentError(
        "this is no invite: an invite begins with \"sl1.\"; copy the whole line");
  }
  std::string bytes;
  v1::Invite invite;
  if (!absl::WebSafeBase64Unescape(text.substr(kPrefix.size()), &bytes) ||
      !invite.ParseFromString(bytes) || invite.token().size() != kTokenBytes ||
      invite.operator_public_key().size() != kPublicKeyBytes || invite.collectors().empty()) {
    return absl::InvalidArgumentError(
        "the invite is damaged or cut short; copy the whole line, or ask for a new one");
  }
  return invite;
}

}  // namespace sightline
