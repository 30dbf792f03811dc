// Counts and lists in sentences. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_WORDS_H_
#define SIGHTLINE_COLLECTOR_VERDICT_WORDS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace sightline {

// "1 region", "2 regions".
inline std::string NumberOf(size_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

// "a", "a and b", "a, b and c".
inline std::string Listed(const std::vector<std::string>& names) {
  if (names.size() < 2) return absl::StrJoin(names, "");
  return absl::StrCat(absl::StrJoin(names.begin(), names.end() - 1, ", "), " and ", names.back());
}

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_WORDS_H_
