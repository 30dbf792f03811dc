// One connection to PostgreSQL through libpqxx: for everything but the log's bytes in bulk, which
// PqSession moves in binary form. Exceptions of libpqxx end behind this header.
#ifndef SIGHTLINE_COLLECTOR_STORE_PQXX_CONNECTION_H_
#define SIGHTLINE_COLLECTOR_STORE_PQXX_CONNECTION_H_

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/sql_database.h"

namespace sightline {

// What runs around the statements of a body.
enum class PqxxTransaction {
  kNone,      // each statement sees what is committed by then
  kSnapshot,  // all see the same state; nothing can be written
  kWrite,     // committed when the body returns OK, else rolled back
};

// One thread at a time.
class PqxxConnection {
 public:
  // UNAVAILABLE when the server does not answer or does not let us in.
  static absl::StatusOr<std::unique_ptr<PqxxConnection>> Open(const std::string& url);
  ~PqxxConnection();

  // ABORTED when nobody knows whether the commit came to be.
  absl::Status Run(PqxxTransaction kind, absl::FunctionRef<absl::Status(SqlSession&)> body);

  // Whether a call failed: the connection is then not to be used again.
  bool failed() const { return failed_; }

 private:
  struct Whole;
  explicit PqxxConnection(std::unique_ptr<Whole> whole);

  const std::unique_ptr<Whole> whole_;
  bool failed_ = false;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_PQXX_CONNECTION_H_
