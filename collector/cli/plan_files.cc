#include "collector/cli/plan_files.h"

#include "absl/strings/str_cat.h"
#include "common/files.h"

namespace sightline::cli {

absl::StatusOr<PlanFile> ReadPlanFile(const std::string& path) {
  const absl::StatusOr<std::string> bytes = SystemFiles().Read(path);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<PlanFile> file = ParsePlanFile(*bytes);
  if (!file.ok()) {
    return absl::Status(file.status().code(), absl::StrCat(path, ": ", file.status().message()));
  }
  return file;
}

}  // namespace sightline::cli
