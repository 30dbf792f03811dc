// Exports as they come from strangers: everything that `sightline verify` does with one.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "collector/export/export_blocks.h"
#include "collector/export/export_check.h"
#include "common/regions.h"

namespace sightline {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckReport(const internal::v1::ExportReport& report) {
  Require(report.audit().result() == ResultOf(report.audit()));
  Require(report.audit().result() != internal::v1::AUDIT_RESULT_UNSPECIFIED);
  Require(report.fingerprint().size() == 2 * kHashBytes);
  Require(!ToText(report).empty());
  // Nothing is called whole of which some was not read.
  Require(report.audit().result() != internal::v1::AUDIT_RESULT_FITS ||
          (report.audit().records() == report.end().records() &&
           report.audit().agents() == report.end().agents() &&
           report.audit().verdicts_compared() == report.end().verdicts()));
}

}  // namespace
}  // namespace sightline

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& names = *new sightline::RegionNames(*sightline::RegionNames::Load());
  const int fd = memfd_create("export", MFD_CLOEXEC);
  sightline::Require(fd >= 0 && write(fd, data, size) == static_cast<ssize_t>(size));
  auto reader = sightline::ExportBlockReader::FromDescriptor(fd, "export");
  if (!reader.ok()) {
    sightline::Require(absl::IsInvalidArgument(reader.status()));
    return 0;
  }
  sightline::CheckOptions options;
  options.page_records = 8;
  // Much less than verify takes, for an input has ten seconds.
  options.silence_max = 1 << 14;
  const auto report = sightline::CheckExport(*std::move(reader), names, options);
  if (report.ok()) {
    sightline::CheckReport(*report);
  } else {
    sightline::Require(absl::IsDataLoss(report.status()) ||
                       absl::IsResourceExhausted(report.status()));
    sightline::Require(!report.status().message().empty());
  }
  return 0;
}
