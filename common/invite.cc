#include "common/invite.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/crypto.h"

namespace sightline {
namespace {
constexpr absl::string_view kPrefix = "sl1.";
constexpr size_t kTokenBytes = 32;
constexpr size_t kChecksumBytes = 4;

// Tells a whole invite from one that lost its end when it was copied.
std::string Checksum(absl::string_view bytes) { return Sha256(bytes).substr(0, kChecksumBytes); }

// False when the bytes are too short or do not fit their checksum.
bool TakeChecksum(absl::string_view& bytes) {
  if (bytes.size() <= kChecksumBytes) return false;
  const absl::string_view checksum = bytes.substr(bytes.size() - kChecksumBytes);
  bytes.remove_suffix(kChecksumBytes);
  return checksum == Checksum(bytes);
}

// Whether the text is how `bytes` are written: the last sign has bits that decoding drops.
bool IsWritten(absl::string_view text, absl::string_view bytes) {
  std::string signs(text);
  signs.erase(std::remove_if(signs.begin(), signs.end(), absl::ascii_isspace), signs.end());
  return signs == absl::WebSafeBase64Escape(bytes);
}
}  // namespace

std::string EncodeInvite(const v1::Invite& invite) {
  std::string bytes = invite.SerializeAsString();
  bytes += Checksum(bytes);
  return absl::StrCat(kPrefix, absl::WebSafeBase64Escape(bytes));
}

absl::StatusOr<v1::Invite> DecodeInvite(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::StartsWith(text, kPrefix)) {
    return absl::InvalidArgumentError(
        "this is no invite: an invite begins with \"sl1.\"; copy the whole line");
  }
  std::string bytes;
  v1::Invite invite;
  const bool decoded = absl::WebSafeBase64Unescape(text.substr(kPrefix.size()), &bytes) &&
                       IsWritten(text.substr(kPrefix.size()), bytes);
  absl::string_view message = bytes;
  if (!decoded || !TakeChecksum(message) || !invite.ParseFromString(std::string(message)) ||
      invite.token().size() != kTokenBytes ||
      invite.operator_public_key().size() != kPublicKeyBytes || invite.collectors().empty()) {
    return absl::InvalidArgumentError(
        "the invite is damaged or cut short; copy the whole line, or ask for a new one");
  }
  return invite;
}

}  // namespace sightline
