#include "collector/export/verdict_pages.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace sightline {
namespace {

// Rows that a page should hold, and how much time one may span.
constexpr size_t kRowsMin = 256;
constexpr size_t kRowsMax = 2048;
constexpr absl::Duration kSpanMin = absl::Seconds(1);
constexpr absl::Duration kSpanMax = absl::Hours(24 * 30);

}  // namespace

absl::Status ForEachVerdict(StoreReader& store, const std::string& country, absl::Time from,
                            absl::Time until,
                            absl::FunctionRef<absl::Status(VerdictRecord&)> take) {
  const absl::StatusOr<std::optional<absl::Time>> oldest = store.OldestVerdict(country);
  if (!oldest.ok()) return oldest.status();
  const absl::StatusOr<std::optional<absl::Time>> newest = store.NewestVerdict(country);
  if (!newest.ok()) return newest.status();
  if (!oldest->has_value() || !newest->has_value()) return absl::OkStatus();
  // How many rows a window has is not known, nor how long it is.
  absl::Duration span = absl::Minutes(1);
  for (absl::Time at = std::max(from, **oldest); at <= **newest && at < until;) {
    const absl::Time end = std::min(at + span, until);
    absl::StatusOr<std::vector<VerdictRecord>> rows = store.ReadVerdicts(country, at, end);
    if (!rows.ok()) return rows.status();
    at = end;
    if (rows->size() > kRowsMax) span = std::max(span / 2, kSpanMin);
    if (rows->size() < kRowsMin) span = std::min(span * 2, kSpanMax);
    for (VerdictRecord& record : *rows) {
      if (absl::Status status = take(record); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace sightline
