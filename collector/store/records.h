// What a store keeps, row by row: plain values on their way in and out of it.
#ifndef SIGHTLINE_COLLECTOR_STORE_RECORDS_H_
#define SIGHTLINE_COLLECTOR_STORE_RECORDS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "sightline/v1/admin.pb.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline {

// An enrolled agent and the end of its chain. Times are whole milliseconds.
struct AgentRecord {
  std::string agent_id;    // 32 bytes, SHA-256 of public_key
  std::string public_key;  // 32 bytes, raw Ed25519: the first key; agent_keys.h has what came later
  v1::AgentRole role = v1::AGENT_ROLE_UNSPECIFIED;
  std::string region;  // ISO 3166-2, or 3166-1 for a control
  absl::Time enroll_time;
  bool equivocated = false;  // sent two batches with one batch_seq
  uint64_t last_seq = 0;     // highest batch_seq in the log, 0 when none
  std::string head;          // 32 bytes: what the next prev_hash must hold
  // Why nothing is taken from it any more, and since when; unspecified while it takes part.
  v1::AgentEnd end = v1::AGENT_END_UNSPECIFIED;
  absl::Time end_time = absl::UnixEpoch();
  uint64_t key_generation = 0;  // how often its key was changed
};

// An agent ended or changed its key.
struct AgentChangeRecord {
  int64_t change_seq = 0;  // 1, 2, 3, ... in a store
  std::string agent_id;    // 32 bytes
};

// An invite as stored: never the token itself.
struct InviteRecord {
  std::string token_hash;  // 32 bytes, SHA-256 of the token
  v1::AgentRole role = v1::AGENT_ROLE_UNSPECIFIED;
  absl::Time expire_time;
};

// One verified batch on its way into the log or out of it. The peer address is not in it.
struct LogRecord {
  std::string node;        // collector that appended it
  uint64_t node_seq = 0;   // position in that collector's order; given by Append
  std::string agent_id;    // 32 bytes
  uint64_t first_seq = 0;  // equals batch_seq but for a tombstone
  uint64_t batch_seq = 0;
  std::string prev_hash;   // 32 bytes
  std::string chain_hash;  // 32 bytes: what the next batch's prev_hash holds
  absl::Time round_time;   // from the signed batch; its UTC day is the partition
  absl::Time receive_time;
  std::string country;    // ISO 3166-1 alpha-2 of the peer address; empty when unknown
  uint32_t asn = 0;       // of the peer address; 0 when unknown
  std::string bucket;     // 16 bytes: origin that may vote once per window
  std::string batch;      // SignedBatch.batch, byte for byte
  std::string signature;  // 64 bytes
  // On its way in: the agent's key_generation when the batch was verified. Not stored.
  uint64_t key_generation = 0;
};

// What Append did with one record.
enum class AppendOutcome {
  kAppended,
  // The agent's last_seq and head are not those that the record continues from: somebody else
  // appended meanwhile, or the record was there before. Or the agent ended, or its key was changed
  // after the record was verified. Read the agent and decide.
  kConflict,
};

struct AppendResult {
  std::vector<AppendOutcome> outcomes;  // one for each record, in order
  // node_seq of the last record appended. Those appended have consecutive numbers up to here, in
  // the order of the records. 0 when none was.
  uint64_t last_node_seq = 0;
};

// Who does what only one collector at a time may do. No clock is in it: a holder that lives moves
// `beat`; whoever sees term and beat stand still for long enough by its own clock takes over with
// term + 1.
struct LeaseRecord {
  std::string holder;  // node name; empty before anybody held it
  uint64_t term = 0;   // changes with the holder
  uint64_t beat = 0;
  bool operator==(const LeaseRecord&) const = default;
};

// What the fold leader found out about one target in one window of one country.
struct VerdictRecord {
  std::string target_id;
  std::string country;  // ISO 3166-1 alpha-2
  absl::Time window_start;
  absl::Duration window_length;
  std::string ruleset_version;
  std::string verdict;  // v1::TargetVerdict, serialised
  std::string cells;    // internal::v1::Cells, serialised
};

// An opening or closing, as it stands now.
struct EventRecord {
  std::string event_id;  // unique in a store
  std::string target_id;
  std::string country;  // ISO 3166-1 alpha-2
  absl::Time onset;
  absl::Time end;     // InfiniteFuture while it goes on
  std::string event;  // v1::Event, serialised
};

// The history of one target in one country up to a window that is final, or (target_id is empty)
// how far the events of the country were told.
struct TimelineRecord {
  std::string target_id;
  std::string country;      // ISO 3166-1 alpha-2
  absl::Time window_start;  // of the last window in it
  // internal::v1::Timeline, serialised; empty when it begins after that window. Of the country:
  // internal::v1::HistoryEnd.
  std::string timeline;
};

// Where a fold goes on after a restart. In a write, `windows` holds those that changed since the
// last checkpoint; in a read, all that are kept.
struct FoldCheckpoint {
  std::map<std::string, uint64_t> positions;  // node -> last node_seq folded
  std::map<absl::Time, std::string> windows;  // start -> internal::v1::FoldWindow, serialised
  // In a write: kept windows that start before this are deleted.
  absl::Time keep_from = absl::InfinitePast();
};

// One change of what is said, in the order in which it was said.
struct ChangeRecord {
  std::string country;     // ISO 3166-1 alpha-2
  int64_t change_seq = 0;  // 1, 2, 3, ... in a country
  std::string change;      // v1::Change, serialised
};

// What was last said of a target in a country.
struct StatementRecord {
  std::string target_id;
  std::string country;    // ISO 3166-1 alpha-2
  std::string statement;  // internal::v1::Statement, serialised
};

// Tells who keeps a copy of verdicts which of them to read again.
struct WindowRevision {
  absl::Time window_start;
  int64_t revision = 0;  // grows within a country with every write
};

// A dated note for readers.
struct AnnotationRecord {
  std::string country;  // ISO 3166-1 alpha-2
  std::string annotation_id;
  absl::Time time;
  std::string annotation;  // v1::Annotation, serialised
};

// Who is told of changes.
struct WebhookRecord {
  std::string webhook_id;  // unique in a store
  std::string country;     // ISO 3166-1 alpha-2
  int64_t position = 0;    // change_seq of the last change that is dealt with
  std::string config;      // internal::v1::WebhookConfig, serialised; holds a secret
  std::string state;       // v1::WebhookState, serialised
};

// What became of a webhook. Views must stay valid during the call.
struct WebhookMove {
  absl::string_view webhook_id;
  int64_t position = 0;
  absl::string_view state;
  absl::string_view delivery;  // to append to the log of attempts; nothing when empty
};

// An attempt to post to a webhook.
struct DeliveryRecord {
  int64_t delivery_seq = 0;  // 1, 2, 3, ... of a webhook
  std::string delivery;      // v1::Delivery, serialised
};

// One call of an operator that changed something, or tried to. Times are whole milliseconds.
struct AuditEntryRecord {
  int64_t audit_seq = 0;  // 1, 2, 3, ... in a store; given by BeginAuditEntry
  absl::Time time;
  std::string node;
  // Texts without NUL, of 1000 bytes at most.
  std::string actor;
  std::string method;
  std::string detail;
  std::string outcome;  // empty until the call has ended
};

// Attempts that are kept of a webhook: the newest.
inline constexpr int64_t kDeliveriesKept = 1000;

// What a fold leader writes at once. Rows replace those of the same key: target, country and window
// of verdicts, target and event_id of events, target and country of timelines and statements.
// Changes are new. Every window that verdicts are written on gets a new revision, and so does the
// one that an event began in.
struct FoldWrite {
  absl::Span<const VerdictRecord> verdicts = {};
  absl::Span<const EventRecord> events = {};
  absl::Span<const TimelineRecord> timelines = {};
  absl::Span<const ChangeRecord> changes = {};
  absl::Span<const StatementRecord> statements = {};
  const FoldCheckpoint* checkpoint = nullptr;  // may be absent
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_RECORDS_H_
