#include "collector/export/csv_row.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace sightline {
namespace {

std::string CsvField(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  return absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
}

}  // namespace

void AddCsvRow(const std::vector<std::string>& fields, std::string& csv) {
  absl::StrAppend(&csv,
                  absl::StrJoin(fields, ",",
                                [](std::string* out, const std::string& field) {
                                  out->append(CsvField(field));
                                }),
                  "\r\n");
}

}  // namespace sightline
