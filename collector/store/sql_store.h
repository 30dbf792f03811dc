// The store's meaning, written once over any SqlDatabase.
#ifndef SIGHTLINE_COLLECTOR_STORE_SQL_STORE_H_
#define SIGHTLINE_COLLECTOR_STORE_SQL_STORE_H_

#include <memory>
#include <string>
#include <vector>

#include "collector/store/sql_database.h"
#include "collector/store/store.h"

namespace sightline {

// See store.h. The schema is that of migrations/.
class SqlStore : public Store {
 public:
  explicit SqlStore(std::unique_ptr<SqlDatabase> database) : database_(std::move(database)) {}

  absl::Status AddInvites(absl::Span<const InviteRecord> invites) override;
  absl::StatusOr<AgentRecord> Enroll(absl::string_view token_hash,
                                     const AgentRecord& agent) override;
  absl::StatusOr<v1::AgentRole> FindInviteRole(absl::string_view token_hash) override;
  absl::StatusOr<AgentRecord> FindAgent(absl::string_view agent_id) override;
  absl::StatusOr<std::vector<AgentRecord>> ListAgents(absl::string_view after,
                                                      size_t limit) override;
  absl::StatusOr<std::vector<v1::KeySuccession>> ReadKeySuccessions(
      absl::string_view agent_id) override;
  absl::Status FlagEquivocation(absl::string_view agent_id) override;
  absl::StatusOr<AgentRecord> EndAgent(absl::string_view agent_id, v1::AgentEnd end,
                                       absl::Time time) override;
  absl::StatusOr<bool> ForgetOrEndAgent(absl::string_view agent_id, absl::Time time) override;
  absl::Status AddKeySuccession(const v1::KeySuccession& succession) override;
  absl::StatusOr<std::vector<AgentChangeRecord>> ReadAgentChanges(int64_t after,
                                                                  size_t limit) override;
  absl::Status AddPlan(uint64_t version, const v1::SignedPlan& plan) override;
  absl::StatusOr<std::vector<v1::SignedPlan>> ListPlans() override;
  absl::StatusOr<AppendResult> Append(absl::string_view node,
                                      absl::Span<const LogRecord> records) override;
  absl::StatusOr<std::vector<LogRecord>> ReadLog(absl::string_view node, uint64_t after,
                                                 size_t limit) override;
  absl::StatusOr<std::vector<std::string>> ListNodes() override;
  absl::StatusOr<uint64_t> SeekLog(absl::string_view node, absl::Time time) override;
  absl::StatusOr<std::string> FindBatch(absl::string_view agent_id, uint64_t batch_seq,
                                        int64_t day) override;
  absl::Status PrepareDays(int64_t today) override;
  absl::Status DropDaysBefore(int64_t day) override;
  absl::StatusOr<int64_t> FirstDay() override;
  absl::StatusOr<LeaseRecord> ReadLease(absl::string_view name) override;
  absl::StatusOr<bool> MoveLease(absl::string_view name, const LeaseRecord& seen,
                                 const LeaseRecord& next) override;
  absl::Status WriteFold(absl::string_view lease_name, const LeaseRecord& held,
                         const FoldWrite& write) override;
  absl::StatusOr<FoldCheckpoint> ReadCheckpoint() override;
  absl::StatusOr<std::vector<VerdictRecord>> ReadVerdicts(absl::string_view country,
                                                          absl::Time from,
                                                          absl::Time until) override;
  absl::StatusOr<std::vector<VerdictRecord>> ReadCells(absl::string_view country, absl::Time from,
                                                       absl::Time until) override;
  absl::StatusOr<std::vector<EventRecord>> ReadEvents(absl::string_view country, absl::Time from,
                                                      absl::Time until) override;
  absl::StatusOr<std::vector<TimelineRecord>> ReadTimelines(absl::string_view country) override;
  absl::StatusOr<std::optional<absl::Time>> OldestVerdict(absl::string_view country) override;
  absl::StatusOr<std::optional<absl::Time>> NewestVerdict(absl::string_view country) override;
  absl::StatusOr<std::vector<ChangeRecord>> ReadChanges(absl::string_view country, int64_t after,
                                                        size_t limit) override;
  absl::StatusOr<int64_t> NewestChange(absl::string_view country) override;
  absl::StatusOr<std::vector<StatementRecord>> ReadStatements(absl::string_view country) override;
  absl::StatusOr<std::vector<WindowRevision>> ReadRevisions(absl::string_view country,
                                                            int64_t after) override;
  absl::StatusOr<int64_t> NewestRevision(absl::string_view country) override;
  absl::Status PutAnnotation(const AnnotationRecord& annotation) override;
  absl::Status DeleteAnnotation(absl::string_view country,
                                absl::string_view annotation_id) override;
  absl::StatusOr<std::vector<AnnotationRecord>> ReadAnnotations(absl::string_view country) override;
  absl::Status AddWebhook(const WebhookRecord& webhook) override;
  absl::StatusOr<std::vector<WebhookRecord>> ListWebhooks() override;
  absl::Status DeleteWebhook(absl::string_view webhook_id) override;
  absl::Status MoveWebhook(absl::string_view lease_name, const LeaseRecord& held,
                           const WebhookMove& move) override;
  absl::Status AddDelivery(absl::string_view webhook_id, absl::string_view delivery) override;
  absl::StatusOr<std::vector<DeliveryRecord>> ReadDeliveries(absl::string_view webhook_id,
                                                             int64_t before, size_t limit) override;
  absl::StatusOr<int64_t> BeginAuditEntry(const AuditEntryRecord& entry) override;
  absl::Status FinishAuditEntry(int64_t audit_seq, absl::string_view outcome) override;
  absl::StatusOr<std::vector<AuditEntryRecord>> ListAuditEntries(int64_t before,
                                                                 size_t limit) override;
  absl::StatusOr<std::string> BucketKey(int64_t day) override;

 private:
  // One statement outside a transaction.
  absl::StatusOr<SqlResult> Query(absl::string_view sql, absl::Span<const SqlValue> args);

  std::unique_ptr<SqlDatabase> database_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SQL_STORE_H_
