// What a collector keeps: the log of signed batches, the registry of agents, the plans. One narrow
// interface with two implementations that pass the same conformance tests.
//
// The log and the registry are the truth. Verdicts, cells, events and checkpoints are made from
// them by one collector at a time, the holder of a lease, and can be made again.
//
// Invariants of every implementation:
//  1. A record is in the log exactly once, and an agent's records form one unbroken chain.
//  2. What Append reported as APPENDED survives a crash of the collector and of the machine.
//  3. Each node's records have node_seq 1, 2, 3, ... in the order in which they became visible, so
//     a reader that asks for "after N" never misses one.
//  4. A write is done whole or not at all.
//
// Errors of every call: UNAVAILABLE (try again later), ABORTED (a race or an in-doubt commit: read
// again, then retry), DEADLINE_EXCEEDED (the store was too slow; retry), RESOURCE_EXHAUSTED (its
// disk is full), INVALID_ARGUMENT (names the field that breaks its rule), DATA_LOSS (the store
// holds what it must not), others as documented.
#ifndef SIGHTLINE_COLLECTOR_STORE_STORE_H_
#define SIGHTLINE_COLLECTOR_STORE_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/store/records.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// What can be read of a store, or of what was taken from one. Thread-safe.
class StoreReader {
 public:
  virtual ~StoreReader() = default;

  // --- Registry and plans ---

  // NOT_FOUND when no such agent is enrolled.
  virtual absl::StatusOr<AgentRecord> FindAgent(absl::string_view agent_id) = 0;

  // At most `limit` agents with agent_id above `after`, ordered by agent_id.
  virtual absl::StatusOr<std::vector<AgentRecord>> ListAgents(absl::string_view after,
                                                              size_t limit) = 0;

  // Every change of the agent's key, by generation; empty when there is none, or no such agent.
  virtual absl::StatusOr<std::vector<v1::KeySuccession>> ReadKeySuccessions(
      absl::string_view agent_id) = 0;

  // Every plan ever stored, by version.
  virtual absl::StatusOr<std::vector<v1::SignedPlan>> ListPlans() = 0;

  // --- Log ---

  // At most `limit` records of `node` with node_seq above `after`, in that order.
  virtual absl::StatusOr<std::vector<LogRecord>> ReadLog(absl::string_view node, uint64_t after,
                                                         size_t limit) = 0;

  // Nodes that have appended, ordered.
  virtual absl::StatusOr<std::vector<std::string>> ListNodes() = 0;

  // Lowest node_seq of `node` with receive_time at or after `time`, minus one; the end of the
  // node's log when there is none. Where a fold starts that needs nothing older. Of receive times
  // that are not in the order of node_seq any of the places that fit is returned.
  virtual absl::StatusOr<uint64_t> SeekLog(absl::string_view node, absl::Time time) = 0;

  // First day that is whole; 0 when nothing was ever dropped. One look at one row. It moves before
  // anything is dropped: whoever finds no batch and then finds its day before FirstDay knows why.
  virtual absl::StatusOr<int64_t> FirstDay() = 0;

  // --- What the fold wrote ---

  // Empty when none was written.
  virtual absl::StatusOr<FoldCheckpoint> ReadCheckpoint() = 0;

  // Verdicts of a country with window_start in [from, until), by window_start and target_id.
  virtual absl::StatusOr<std::vector<VerdictRecord>> ReadVerdicts(absl::string_view country,
                                                                  absl::Time from,
                                                                  absl::Time until) = 0;

  // As ReadVerdicts, with `verdict` left empty: those are most of the bytes.
  virtual absl::StatusOr<std::vector<VerdictRecord>> ReadCells(absl::string_view country,
                                                               absl::Time from,
                                                               absl::Time until) = 0;

  // Events of a country that overlap [from, until), by onset and event_id: those with an onset
  // before `until` and an end after `from`.
  virtual absl::StatusOr<std::vector<EventRecord>> ReadEvents(absl::string_view country,
                                                              absl::Time from,
                                                              absl::Time until) = 0;

  // All timelines of a country, by target_id.
  virtual absl::StatusOr<std::vector<TimelineRecord>> ReadTimelines(absl::string_view country) = 0;

  // Starts of the oldest and the newest window that have verdicts on a country; nothing when there
  // is none.
  virtual absl::StatusOr<std::optional<absl::Time>> OldestVerdict(absl::string_view country) = 0;
  virtual absl::StatusOr<std::optional<absl::Time>> NewestVerdict(absl::string_view country) = 0;
};

// Thread-safe.
class Store : public StoreReader {
 public:
  // --- Registry ---

  // Adds invites. ALREADY_EXISTS when a token hash is known.
  virtual absl::Status AddInvites(absl::Span<const InviteRecord> invites) = 0;

  // Redeems the invite and registers `agent` in one transaction; role comes from the invite,
  // last_seq and head start at genesis. Idempotent: the same token with the same public key returns
  // the first record. NOT_FOUND: no such token. FAILED_PRECONDITION: expired at
  // `agent.enroll_time`, used by another key. ALREADY_EXISTS: the key is enrolled by another
  // token; this one stays unused.
  virtual absl::StatusOr<AgentRecord> Enroll(absl::string_view token_hash,
                                             const AgentRecord& agent) = 0;

  // The role that an unused or used invite grants. NOT_FOUND: no such token.
  virtual absl::StatusOr<v1::AgentRole> FindInviteRole(absl::string_view token_hash) = 0;

  // Marks an agent that sent two batches with one batch_seq. NOT_FOUND when it is not enrolled.
  virtual absl::Status FlagEquivocation(absl::string_view agent_id) = 0;

  // Ends an agent and returns it as it is then: nothing more is appended for it. The first end
  // stands, so a repeat changes nothing. NOT_FOUND when it is not enrolled.
  virtual absl::StatusOr<AgentRecord> EndAgent(absl::string_view agent_id, v1::AgentEnd end,
                                               absl::Time time) = 0;

  // The agent leaves: true when it never had a batch in the log and nothing of it is left now, its
  // name beside the invite that it redeemed included. Otherwise it is ended, AGENT_END_LEFT, unless
  // it was ended before. NOT_FOUND when it is not enrolled.
  virtual absl::StatusOr<bool> ForgetOrEndAgent(absl::string_view agent_id, absl::Time time) = 0;

  // Adds a change of the agent's key; who signed it is the caller's to check (agent_keys.h). From
  // then on Append takes only what was verified with this generation in view. The same again is no
  // error. NOT_FOUND: no such agent. FAILED_PRECONDITION: it has ended, another generation than its
  // next, or batches from from_seq on are stored.
  virtual absl::Status AddKeySuccession(const v1::KeySuccession& succession) = 0;

  // At most `limit` of those that EndAgent, ForgetOrEndAgent and AddKeySuccession changed, with
  // change_seq above `after`, in the order in which that became visible. Of forgotten ones nothing
  // is there.
  virtual absl::StatusOr<std::vector<AgentChangeRecord>> ReadAgentChanges(int64_t after,
                                                                          size_t limit) = 0;

  // --- Plans ---

  // ALREADY_EXISTS when the version is there with other bytes; the same bytes again are no error.
  virtual absl::Status AddPlan(uint64_t version, const v1::SignedPlan& plan) = 0;

  // --- Log ---

  // Appends a group in one transaction: for each agent, its consecutive records (in order of
  // batch_seq) move last_seq and head by compare-and-set, or all of them from the first that does
  // not fit are kConflict. An agent that has ended, or whose key_generation is another than the
  // record's, is not moved. Other agents' records are not affected. Fills nothing but the store:
  // `records[i].node_seq` is given in order of `records`. On return without error everything
  // kAppended is on the disk. `node` is 1 to 48 letters, digits, '.', '_' or '-'. Only one process
  // may use a `node` name at a time.
  virtual absl::StatusOr<AppendResult> Append(absl::string_view node,
                                              absl::Span<const LogRecord> records) = 0;

  // The stored batch bytes of one agent's batch_seq, to tell a repeat from an equivocation. `day`
  // is that of the batch's round time. NOT_FOUND.
  virtual absl::StatusOr<std::string> FindBatch(absl::string_view agent_id, uint64_t batch_seq,
                                                int64_t day) = 0;

  // --- Days of the log (days since 1970-01-01 UTC of the round time) ---

  // Makes room for today and three days to both sides; batches of days without one are stored all
  // the same. Forgets bucket keys older than kLateMax, for good. Idempotent. ABORTED when a lock
  // was not free: nobody waits behind this call, so call again later.
  virtual absl::Status PrepareDays(int64_t today) = 0;

  // Drops every batch of days before `day`, for good, in steps that others who write need not wait
  // for. Cells and verdicts stay. FirstDay is `day` from the first step on and never goes back: an
  // earlier `day` only ends what an earlier call left undone, or what came in too late. Numbers of
  // dropped records are never given again. Idempotent. ABORTED when a lock was not free: call
  // again later.
  virtual absl::Status DropDaysBefore(int64_t day) = 0;

  // --- Fold ---

  // The lease of that name; empty when nobody ever held it.
  virtual absl::StatusOr<LeaseRecord> ReadLease(absl::string_view name) = 0;

  // Replaces the lease if it still is `seen`; whether it was.
  virtual absl::StatusOr<bool> MoveLease(absl::string_view name, const LeaseRecord& seen,
                                         const LeaseRecord& next) = 0;

  // Writes all of it in one transaction, if the lease still has this holder and term.
  // FAILED_PRECONDITION when somebody else took over, ALREADY_EXISTS when a change_seq is taken:
  // nothing is written.
  virtual absl::Status WriteFold(absl::string_view lease_name, const LeaseRecord& held,
                                 const FoldWrite& write) = 0;

  // --- What was said, and in what order ---

  // At most `limit` changes of a country with change_seq above `after`, in that order.
  virtual absl::StatusOr<std::vector<ChangeRecord>> ReadChanges(absl::string_view country,
                                                                int64_t after, size_t limit) = 0;

  // change_seq of the country's last change; 0 when there is none.
  virtual absl::StatusOr<int64_t> NewestChange(absl::string_view country) = 0;

  // All statements of a country, by target_id.
  virtual absl::StatusOr<std::vector<StatementRecord>> ReadStatements(
      absl::string_view country) = 0;

  // Windows of a country with a revision above `after`, the lowest revision first.
  virtual absl::StatusOr<std::vector<WindowRevision>> ReadRevisions(absl::string_view country,
                                                                    int64_t after) = 0;

  // The country's highest revision; 0 when there is none.
  virtual absl::StatusOr<int64_t> NewestRevision(absl::string_view country) = 0;

  // --- Notes ---

  // Adds a note, or replaces the one of that country and annotation_id.
  virtual absl::Status PutAnnotation(const AnnotationRecord& annotation) = 0;

  // NOT_FOUND when there is none.
  virtual absl::Status DeleteAnnotation(absl::string_view country,
                                        absl::string_view annotation_id) = 0;

  // All notes of a country, by time and annotation_id.
  virtual absl::StatusOr<std::vector<AnnotationRecord>> ReadAnnotations(
      absl::string_view country) = 0;

  // --- Webhooks ---

  // ALREADY_EXISTS when its webhook_id is taken.
  virtual absl::Status AddWebhook(const WebhookRecord& webhook) = 0;

  // All of them, by webhook_id.
  virtual absl::StatusOr<std::vector<WebhookRecord>> ListWebhooks() = 0;

  // Deletes the webhook and its deliveries. NOT_FOUND when there is none.
  virtual absl::Status DeleteWebhook(absl::string_view webhook_id) = 0;

  // Writes all of it in one transaction, if the lease still has this holder and term.
  // FAILED_PRECONDITION when somebody else took over, NOT_FOUND when there is no such webhook:
  // nothing is written.
  virtual absl::Status MoveWebhook(absl::string_view lease_name, const LeaseRecord& held,
                                   const WebhookMove& move) = 0;

  // Appends to the attempts of a webhook, whoever holds the lease, and drops the oldest beyond
  // kDeliveriesKept. NOT_FOUND when there is no such webhook.
  virtual absl::Status AddDelivery(absl::string_view webhook_id, absl::string_view delivery) = 0;

  // At most `limit` attempts of a webhook with delivery_seq below `before`, the newest first.
  virtual absl::StatusOr<std::vector<DeliveryRecord>> ReadDeliveries(absl::string_view webhook_id,
                                                                     int64_t before,
                                                                     size_t limit) = 0;

  // --- Audit log ---

  // Adds an entry without an outcome; its audit_seq. Whatever the entry has as these is ignored.
  virtual absl::StatusOr<int64_t> BeginAuditEntry(const AuditEntryRecord& entry) = 0;

  // Says how the call ended. NOT_FOUND when there is no such entry.
  virtual absl::Status FinishAuditEntry(int64_t audit_seq, absl::string_view outcome) = 0;

  // At most `limit` entries with audit_seq below `before`, the newest first.
  virtual absl::StatusOr<std::vector<AuditEntryRecord>> ListAuditEntries(int64_t before,
                                                                         size_t limit) = 0;

  // --- Keys ---

  // The bucket key (32 bytes) of a day, made on first use; every collector on one store gets the
  // same. `day`: days since 1970-01-01 UTC.
  virtual absl::StatusOr<std::string> BucketKey(int64_t day) = 0;
};

enum class SchemaPolicy {
  kUpgrade,  // bring it up to date
  kRequire,  // FAILED_PRECONDITION, with what to run, when it is not
};

// Opens "sqlite:PATH" or "postgresql://...". INVALID_ARGUMENT: another form of URL.
// FAILED_PRECONDITION: the schema is newer than this program, or the file cannot be opened.
// UNAVAILABLE: the server does not answer. DATA_LOSS: the file is no database.
absl::StatusOr<std::unique_ptr<Store>> OpenStore(absl::string_view url,
                                                 SchemaPolicy policy = SchemaPolicy::kUpgrade);

struct SchemaReport {
  int64_t held = 0;   // version that the store had; 0: it was empty
  int64_t known = 0;  // version that this program has, and the store afterwards but for a dry run
};

// Brings the schema up to date, in one transaction; a dry run changes nothing. Errors as OpenStore.
absl::StatusOr<SchemaReport> UpdateSchema(absl::string_view url, bool dry_run);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_STORE_H_
