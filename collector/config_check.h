// `serve --check-config`: what is in force, and whether serve could start with it.
#ifndef SIGHTLINE_COLLECTOR_CONFIG_CHECK_H_
#define SIGHTLINE_COLLECTOR_CONFIG_CHECK_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "collector/serve_flags.h"
#include "common/flags/config_file.h"

namespace sightline {

// The URL of a store without what may be a secret: the password, and parameters that are not known
// to be none. Pure.
std::string RedactStoreUrl(absl::string_view url);

// A line for each setting, with where it comes from. Pure.
std::string SettingsText(absl::Span<const flags::Setting> settings);

// INVALID_ARGUMENT, beginning with `flag`, unless it is "HOST:PORT", IPv6 in brackets.
absl::Status CheckListenAddress(absl::string_view flag, absl::string_view address);

// Reads and checks all that serve does before it listens: files, the pair of certificate and key,
// the address database, the names of regions, and the store's schema, which is not changed. What it
// found, a line each. Errors as those of serve.
absl::StatusOr<std::vector<std::string>> CheckServe(const ServeFlags& flags);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_CONFIG_CHECK_H_
