// Whether each agent's records form one unbroken chain that ends where the registry says.
#ifndef SIGHTLINE_COLLECTOR_AUDIT_CHAINS_H_
#define SIGHTLINE_COLLECTOR_AUDIT_CHAINS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/store/store.h"
#include "sightline/internal/v1/audit.pb.h"

namespace sightline {

// Takes records in any order, for several nodes' logs hold one chain. Memory: some 200 bytes for an
// agent, and for each hole that is not filled yet. Not thread-safe.
class ChainAudit {
 public:
  // With `days_dropped` chains may begin anywhere and have holes. `report` must outlive it.
  ChainAudit(bool days_dropped, internal::v1::AuditReport& report)
      : days_dropped_(days_dropped), report_(report) {}

  // The registry's word on an agent, from before the log was read.
  void Expect(const AgentRecord& agent);

  void Add(const LogRecord& record);

  // Whether some chain has a hole that records written meanwhile may fill.
  bool HasHoles() const;

  // Once, after the log was read. `find` asks the registry again: a chain may have grown meanwhile.
  // `list_chains` puts every chain into the report. Returns errors of `find` alone.
  absl::Status Finish(const std::function<absl::StatusOr<AgentRecord>(const std::string&)>& find,
                      bool list_chains);

 private:
  // Consecutive records.
  struct Piece {
    uint64_t last_seq = 0;
    std::string prev_hash;  // before the first record
    std::string head;       // after the last one
    std::string node;       // where the first record is
    uint64_t node_seq = 0;
  };
  struct Chain {
    std::map<uint64_t, Piece> pieces;  // by first seq
    uint64_t records = 0;
    std::optional<AgentRecord> expected;
    bool expected_seen = false;
  };
  using Kind = internal::v1::AuditProblemKind;

  static Piece PieceOf(const LogRecord& record);
  void Link(const LogRecord& record, Chain& chain);
  void CheckStart(const std::string& agent_id, const Chain& chain);
  void CheckEnd(const std::string& agent_id, const Chain& chain);
  void Problem(Kind kind, absl::string_view agent_id, const Piece* where, std::string detail);

  const bool days_dropped_;
  internal::v1::AuditReport& report_;
  absl::flat_hash_map<std::string, Chain> chains_;  // by agent_id
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AUDIT_CHAINS_H_
