// Who did what when on the operator's side, in the store: written before anything is done, and
// completed after it.
#ifndef SIGHTLINE_COLLECTOR_ADMIN_LOG_H_
#define SIGHTLINE_COLLECTOR_ADMIN_LOG_H_

#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/metrics.h"
#include "collector/store/store.h"
#include "common/clock.h"
#include "sightline/v1/admin.pb.h"

namespace sightline {

// One call, in texts of NoteText.
struct AdminCall {
  std::string actor;
  std::string method;
  std::string detail;  // without secrets: admin_detail.h
};

// `text` as one line of printable characters, cut to what an entry may hold. Pure.
std::string NoteText(absl::string_view text);

// Thread-safe. Owns nothing of these; waits for the store.
class AdminLog {
 public:
  AdminLog(Store& store, std::string node, const Clock& clock, Metrics& metrics)
      : store_(store), node_(std::move(node)), clock_(clock), metrics_(metrics) {}

  // Runs `call` between the halves of its entry, and returns what it returned. When the entry
  // cannot be begun, `call` does not run: UNAVAILABLE. When it cannot be completed, the log of the
  // program tells, and the entry stays without an outcome.
  absl::Status Run(const AdminCall& about, absl::FunctionRef<absl::Status()> call);

  // Counts a call that changes nothing, or that did not come so far.
  void Count(absl::string_view method, const absl::Status& status);

  // See Admin.ListAuditEntries. INVALID_ARGUMENT names the field.
  absl::StatusOr<v1::ListAuditEntriesResponse> List(const v1::ListAuditEntriesRequest& request);

 private:
  Store& store_;
  const std::string node_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_ADMIN_LOG_H_
