// Protocol Buffers in the forms that people read.
#ifndef SIGHTLINE_COMMON_MESSAGE_H_
#define SIGHTLINE_COMMON_MESSAGE_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sightline {

// Protocol Buffers JSON: field names as in the .proto files, unset fields printed too, on one line
// or indented.
std::string ToJson(const google::protobuf::Message& message, bool indent);

// The same on one line, with enum values as numbers: for long columns of them.
std::string ToJsonWithNumbers(const google::protobuf::Message& message);

// Parses the text format. The error has line, column and what was wrong.
absl::Status ParseText(absl::string_view text, google::protobuf::Message* message);

// Name of an enum value without the prefix of its type: SCOPE_LOCAL is "LOCAL".
std::string ShortName(const google::protobuf::EnumDescriptor& descriptor, int value);

template <typename Enum>
std::string ShortName(Enum value) {
  return ShortName(*google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);
absl::Time FromProto(const google::protobuf::Timestamp& time);
absl::Duration FromProto(const google::protobuf::Duration& duration);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_MESSAGE_H_
