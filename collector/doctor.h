// What `sightline-collector doctor` makes of what it saw: findings for an operator. Pure: what was
// seen comes from doctor_look.h.
#ifndef SIGHTLINE_COLLECTOR_DOCTOR_H_
#define SIGHTLINE_COLLECTOR_DOCTOR_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/store/records.h"
#include "common/finding.h"

namespace sightline {

// The public port's certificate.
struct CertificateSight {
  absl::Status status;  // of reading the pair, and whether it fits
  absl::Time valid_from = absl::InfinitePast();
  absl::Time valid_until = absl::InfiniteFuture();
  std::vector<std::string> advertised;  // hosts that invites name
  std::vector<std::string> uncovered;   // those of them that the certificate does not have
};

// Files and limits of the machine.
struct MachineSight {
  absl::Status regions;  // of reading iso-codes
  absl::StatusOr<absl::Time> geo_made = absl::UnixEpoch();
  uint64_t files_max = 0;     // that a program of this user may open
  uint64_t files_needed = 0;  // for streams_max
};

// A collector on this machine.
struct RunningSight {
  std::string http;       // where it was asked; empty: it has no HTTP port
  absl::Status answered;  // whether anybody did
  int livez = 0;          // HTTP status
  int healthz = 0;
  std::string health;  // "SERVING", "DEGRADED" or "FAILING", and why
  std::string admin_socket;
  std::optional<uint32_t> socket_mode;  // with its type; nullopt: there is none
  bool runs() const { return !http.empty() && answered.ok(); }
};

struct NodeSight {
  std::string node;
  int64_t records = 0;
  int64_t first = 0;  // node_seq
  int64_t last = 0;
  // Of its newest batches: when they came, and when the agents say that they began.
  std::vector<absl::Time> received;
  std::vector<absl::Time> rounds;
};

// The file of a SQLite store.
struct SqliteSight {
  std::string quick_check;  // "ok", or SQLite's complaint
  std::string journal_mode;
  uint32_t file_mode = 0;
  int64_t bytes = 0;
  int64_t free_bytes = 0;  // of its disk, for the service's user
};

struct StoreSight {
  absl::Status status;  // of opening it; nothing else is known when it is not OK
  int64_t schema_held = 0;
  int64_t schema_known = 0;
  std::optional<SqliteSight> sqlite;
  // The rest only of a schema that is this program's.
  absl::Status read;  // of reading what follows
  bool days_dropped = false;
  int64_t agents = 0;
  std::vector<NodeSight> nodes;
  absl::Time oldest = absl::InfiniteFuture();  // batch, by the time at which it came
  bool has_bucket_key = false;                 // of today
  LeaseRecord lease;
  bool lease_beats = false;  // it moved while it was looked at
  absl::Status plans;        // whether the operator's key leads to all of them
  bool has_plan = false;
  uint64_t plan_version = 0;
  absl::Time plan_expires = absl::InfiniteFuture();
  // Start of the newest window with verdicts by country of the plan; nullopt: none yet.
  std::map<std::string, std::optional<absl::Time>> verdicts;
};

struct VerdictTimes {
  absl::Duration window = absl::Hours(1);
  absl::Duration grace = absl::Minutes(5);
};

Finding CheckConfiguration(const std::string& path, const absl::Status& read);
std::vector<Finding> CheckCertificate(const CertificateSight& sight, absl::Time now);
std::vector<Finding> CheckMachine(const MachineSight& sight, absl::Time now);
std::vector<Finding> CheckRunning(const RunningSight& sight);

// All of the store. `runs`: a collector answers on this machine.
std::vector<Finding> CheckStore(const StoreSight& sight, const VerdictTimes& times, bool runs,
                                absl::Time now);
// Its parts.
std::vector<Finding> CheckSchema(const StoreSight& sight);
std::vector<Finding> CheckSqlite(const SqliteSight& sight, absl::Duration age);
Finding CheckNumbers(const StoreSight& sight);
Finding CheckArrivals(const StoreSight& sight, absl::Time now);
Finding CheckClock(const StoreSight& sight, absl::Time now);
Finding CheckBucketKey(const StoreSight& sight, absl::Time now);
Finding CheckLease(const StoreSight& sight, bool runs);
Finding CheckPlan(const StoreSight& sight, absl::Time now);
Finding CheckVerdicts(const StoreSight& sight, const VerdictTimes& times, absl::Time now);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_DOCTOR_H_
