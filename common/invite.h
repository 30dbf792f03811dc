// The one string that an operator gives to a volunteer.
#ifndef SIGHTLINE_COMMON_INVITE_H_
#define SIGHTLINE_COMMON_INVITE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline {

// "sl1." followed by the serialised message and the first 4 bytes of its SHA-256, in base64url.
std::string EncodeInvite(const v1::Invite& invite);

// White space around the text is ignored. INVALID_ARGUMENT when the text is no invite, is cut
// short, or lacks a field that an agent needs.
absl::StatusOr<v1::Invite> DecodeInvite(absl::string_view text);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_INVITE_H_
