#include "collector/admin_log.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "collector/log.h"
#include "collector/paging.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr size_t kNoteBytesMax = 900;

std::string NameOf(const absl::Status& status) { return absl::StatusCodeToString(status.code()); }

}  // namespace

std::string NoteText(absl::string_view text) {
  std::string note = absl::Utf8SafeCEscape(text);
  if (note.size() <= kNoteBytesMax) return note;
  size_t end = kNoteBytesMax;
  // Not in the middle of a character.
  while (end > 0 && (static_cast<unsigned char>(note[end]) & 0xC0U) == 0x80U) --end;
  note.resize(end);
  return note + "...";
}

absl::Status AdminLog::Run(const AdminCall& about, absl::FunctionRef<absl::Status()> call) {
  AuditEntryRecord entry;
  entry.time = clock_.Now();
  entry.node = node_;
  entry.actor = about.actor;
  entry.method = about.method;
  entry.detail = about.detail;
  const absl::StatusOr<int64_t> seq = store_.BeginAuditEntry(entry);
  if (!seq.ok()) {
    Log(LogLevel::kError, "admin", "audit_failed", {{"detail", seq.status().ToString()}});
    const absl::Status refused = absl::UnavailableError(
        "the audit log in the store could not be written, so nothing was done; try again later");
    Count(about.method, refused);
    return refused;
  }
  absl::Status status = call();
  Count(about.method, status);
  const absl::Status finished = store_.FinishAuditEntry(*seq, NameOf(status));
  if (!finished.ok()) {
    Log(LogLevel::kError, "admin", "audit_failed",
        {{"entry", *seq}, {"outcome", NameOf(status)}, {"detail", finished.ToString()}});
  }
  return status;
}

void AdminLog::Count(absl::string_view method, const absl::Status& status) {
  metrics_.AdminCalled(method, NameOf(status)).Increment();
}

absl::StatusOr<v1::ListAuditEntriesResponse> AdminLog::List(
    const v1::ListAuditEntriesRequest& request) {
  const absl::StatusOr<size_t> size = PageSize(request.page_size());
  if (!size.ok()) return size.status();
  const absl::StatusOr<int64_t> before = BeforeSeq(request.page_token());
  if (!before.ok()) return before.status();
  absl::StatusOr<std::vector<AuditEntryRecord>> records =
      store_.ListAuditEntries(*before, *size + 1);
  if (!records.ok()) return records.status();
  v1::ListAuditEntriesResponse response;
  if (records->size() > *size) {
    records->pop_back();
    response.set_next_page_token(TokenBefore(records->back().audit_seq));
  }
  for (const AuditEntryRecord& record : *records) {
    v1::AuditEntry& entry = *response.add_entries();
    entry.set_audit_seq(static_cast<uint64_t>(record.audit_seq));
    *entry.mutable_time() = ToProto(record.time);
    entry.set_node(record.node);
    entry.set_actor(record.actor);
    entry.set_method(record.method);
    entry.set_detail(record.detail);
    entry.set_outcome(record.outcome);
  }
  return response;
}

}  // namespace sightline
