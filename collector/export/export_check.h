// Whether an export is whole and says what its log says.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_EXPORT_CHECK_H_
#define SIGHTLINE_COLLECTOR_EXPORT_EXPORT_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "collector/audit.h"
#include "collector/export/export_blocks.h"
#include "common/crypto.h"
#include "common/regions.h"
#include "sightline/internal/v1/export.pb.h"

namespace sightline {

enum class CheckStage {
  kFile,   // checksums; counts bytes
  kJudge,  // signatures, chains, and everything judged again; counts records
};

struct CheckOptions {
  // Of the operator's first plan; later plans may name others. Nothing: signatures of plans are not
  // checked.
  std::optional<VerifyKey> operator_key;
  size_t page_records = 1024;
  uint64_t silence_max = AuditOptions().silence_max;
  // Called now and then.
  std::function<void(CheckStage stage, uint64_t done, uint64_t total)> progress;
};

// Reads the file twice: once for its checksums, once to judge it again with the code of the
// collector (audit.h). Uses every core. Memory: as the audit, and 50 bytes for each block of the
// file. What does not fit is in the report; by a plan that breaks its rules nothing is judged.
// INVALID_ARGUMENT: it is no export. DATA_LOSS: it is not whole, or holds what none does, and
// where. RESOURCE_EXHAUSTED: as Audit.
absl::StatusOr<internal::v1::ExportReport> CheckExport(const std::string& path,
                                                       const RegionNames& names,
                                                       const CheckOptions& options);

absl::StatusOr<internal::v1::ExportReport> CheckExport(ExportBlockReader reader,
                                                       const RegionNames& names,
                                                       const CheckOptions& options);

// The report for a person. What the file says of itself is in it unescaped.
std::string ToText(const internal::v1::ExportReport& report);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_EXPORT_CHECK_H_
