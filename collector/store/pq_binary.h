// Values in PostgreSQL's binary format, as the protocol and COPY use it. Pure functions.
// https://www.postgresql.org/docs/15/protocol-message-formats.html (Bind) and sql-copy.html.
#ifndef SIGHTLINE_COLLECTOR_STORE_PQ_BINARY_H_
#define SIGHTLINE_COLLECTOR_STORE_PQ_BINARY_H_

#include <libpq-fe.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "collector/store/sql_database.h"

namespace sightline {

// Parameters of one statement as libpq takes them. Points into the values, which must outlive it.
class PqParams {
 public:
  explicit PqParams(absl::Span<const SqlValue> values);
  PqParams(const PqParams&) = delete;
  PqParams& operator=(const PqParams&) = delete;

  int count() const { return static_cast<int>(types_.size()); }
  const Oid* types() const { return types_.data(); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  std::vector<Oid> types_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<uint64_t> numbers_;  // in network order
};

// What a COPY begins with, one row of it, and what it ends with.
absl::string_view PqCopyHeader();
void AppendPqCopyRow(absl::Span<const SqlValue> row, std::string* out);
absl::string_view PqCopyTrailer();

// One field of a result that was asked for in binary. INTERNAL for a type that the schema lacks.
absl::StatusOr<SqlCell> PqCellAt(const PGresult* result, int row, int column);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_PQ_BINARY_H_
