// Reads a whole store and says whether it is what it must be: each node's numbers, each agent's
// chain, every signature, and every verdict against a fresh fold of the log. For operators after a
// restore, and for tests.
#ifndef SIGHTLINE_COLLECTOR_AUDIT_H_
#define SIGHTLINE_COLLECTOR_AUDIT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/store/store.h"
#include "common/regions.h"
#include "sightline/internal/v1/audit.pb.h"

namespace sightline {

struct AuditOptions {
  // What the collectors ran with: later records are in no window.
  absl::Duration retain = absl::Hours(72);
  // When the store was read, if that is known: a verdict may lag behind what came in the minute
  // before. Without it, behind the newest record.
  absl::Time read_time = absl::InfinitePast();
  // Whether the report lists every agent.
  bool list_agents = false;
  size_t page_records = 1024;
  // Of silent windows between verdicts of a target, each times the regions and networks that are
  // followed, no more are looked at: some minutes. A month without any collector, of windows of a
  // minute and 60 targets with 100 networks each, comes to half of it.
  uint64_t silence_max = uint64_t{1} << 29;
  // Called after each page with the number of records read and of those there are, roughly.
  std::function<void(uint64_t done, uint64_t total)> progress;
};

// Reads only. Uses every core for signatures. What a collector adds meanwhile is read too, or left
// for the next audit; verdicts that the fold has not brought up to date yet are counted, not
// blamed. Memory: some 300 bytes for an agent, and the windows of the last `retain`. Errors are
// those of the store; what is wrong in it is in the report. RESOURCE_EXHAUSTED: `silence_max`.
absl::StatusOr<internal::v1::AuditReport> Audit(StoreReader& store, const RegionNames& names,
                                                const AuditOptions& options);

// What the counts of the report come to; Audit has put it in there. Whoever adds to a report asks
// again.
internal::v1::AuditResult ResultOf(const internal::v1::AuditReport& report);

// The report for a person. Its last line says whether everything fits, and what was not compared.
std::string ToText(const internal::v1::AuditReport& report);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AUDIT_H_
