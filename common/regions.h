// Names of countries and regions from Debian's iso-codes, read at run time.
#ifndef SIGHTLINE_COMMON_REGIONS_H_
#define SIGHTLINE_COMMON_REGIONS_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sightline {

// Immutable after Load, so thread-safe.
class RegionNames {
 public:
  // Reads iso_3166-1.json and iso_3166-2.json in `folder`.
  static absl::StatusOr<RegionNames> Load(const std::string& folder = "/usr/share/iso-codes/json");

  // Whether ISO 3166-1 alpha-2 or ISO 3166-2 knows the code.
  bool Knows(absl::string_view code) const { return names_.contains(code); }

  // English name; the code itself when unknown.
  std::string NameOf(absl::string_view code) const;

 private:
  absl::flat_hash_map<std::string, std::string> names_;
};

// "CN" of "CN-BJ"; the code itself when it has no hyphen.
absl::string_view CountryOf(absl::string_view region);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_REGIONS_H_
