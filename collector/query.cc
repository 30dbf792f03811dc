#include "collector/query.h"

#include <curl/curl.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace sightline {
namespace {

using google::protobuf::FieldDescriptor;

// INVALID_ARGUMENT: what it stands for has a control character, or is no UTF-8.
absl::StatusOr<std::string> Decode(absl::string_view encoded) {
  const std::string spaced = absl::StrReplaceAll(encoded, {{"+", " "}});
  int length = 0;
  const std::unique_ptr<char, decltype(&curl_free)> decoded(
      curl_easy_unescape(nullptr, spaced.c_str(), static_cast<int>(spaced.size()), &length),
      &curl_free);
  if (decoded == nullptr) return absl::InvalidArgumentError("cannot be decoded");
  std::string text(decoded.get(), static_cast<size_t>(length));
  for (const char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError("has a control character");
    }
  }
  return text;
}

std::string Known(const google::protobuf::Descriptor& descriptor) {
  std::vector<std::string> names;
  for (int i = 0; i < descriptor.field_count(); ++i) names.push_back(descriptor.field(i)->name());
  return absl::StrJoin(names, ", ");
}

// Takes a string the way the JSON of Protocol Buffers has it: times, durations, masks.
absl::Status SetFromJson(const std::string& value, google::protobuf::Message* message) {
  const auto status = google::protobuf::util::JsonStringToMessage(
      absl::StrCat("\"", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\""),
      message);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      message->GetDescriptor()->name() == "Duration"
          ? "must be a number of seconds, such as 3600s"
          : absl::StrCat("is no ", message->GetDescriptor()->name(),
                         "; times are written like 2024-04-06T00:00:00Z"));
}

absl::Status Set(const FieldDescriptor& field, const std::string& value,
                 google::protobuf::Message* message) {
  const google::protobuf::Reflection& reflection = *message->GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.is_repeated()) {
        reflection.AddString(message, &field, value);
      } else {
        reflection.SetString(message, &field, value);
      }
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t number = 0;
      if (!absl::SimpleAtoi(value, &number)) {
        return absl::InvalidArgumentError("must be a whole number");
      }
      reflection.SetInt32(message, &field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetFromJson(value, reflection.MutableMessage(message, &field));
    default:
      return absl::InvalidArgumentError("cannot be set in a query");
  }
}

}  // namespace

absl::Status ParseQuery(absl::string_view query, google::protobuf::Message* message) {
  const google::protobuf::Descriptor& descriptor = *message->GetDescriptor();
  std::map<std::string, int> seen;
  for (const absl::string_view part : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> sides =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    const absl::StatusOr<std::string> name = Decode(sides.first);
    const FieldDescriptor* field = name.ok() ? descriptor.FindFieldByName(*name) : nullptr;
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("there is no parameter \"",
                                                     absl::Utf8SafeCEscape(sides.first),
                                                     "\"; known: ", Known(descriptor)));
    }
    if (++seen[*name] > 1 && !field->is_repeated()) {
      return absl::InvalidArgumentError(absl::StrCat(*name, ": is there twice"));
    }
    const absl::StatusOr<std::string> value = Decode(sides.second);
    absl::Status status = value.status();
    if (value.ok()) status = Set(*field, *value, message);
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(*name, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace sightline
