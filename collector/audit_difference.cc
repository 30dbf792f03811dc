#include "collector/audit_difference.h"

#include <google/protobuf/util/message_differencer.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace sightline {
namespace {

constexpr size_t kBytesMax = 4096;

}  // namespace

std::string Difference(const google::protobuf::Message& stored,
                       const google::protobuf::Message& made) {
  std::string fields;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&fields);
  if (differencer.Compare(stored, made)) return "the same fields in other bytes";
  absl::StripTrailingAsciiWhitespace(&fields);
  if (fields.size() > kBytesMax) fields = absl::StrCat(fields.substr(0, kBytesMax), " ...");
  return absl::StrReplaceAll(fields, {{"\n", "; "}});
}

}  // namespace sightline
