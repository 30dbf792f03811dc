#include "tests/bench/load/copy_baseline_pq.h"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "sightline/v1/ingest.pb.h"
#include "tests/bench/load/data_file.h"
#include "tests/bench/load/prepare.h"

namespace sightline::load {
namespace {

constexpr char kTable[] =
    "CREATE TABLE bench_results (agent_id bytea NOT NULL, seq bigint NOT NULL, round_time_ms "
    "bigint "
    "NOT NULL, check_id text NOT NULL, dns smallint NOT NULL, tcp smallint NOT NULL, tls smallint "
    "NOT NULL, http smallint NOT NULL, app smallint NOT NULL, failure text NOT NULL, "
    "start_offset_ms integer NOT NULL, duration_ms integer NOT NULL, PRIMARY KEY (agent_id, seq))";
constexpr int16_t kColumns = 12;
// Signature, flags, length of the extension: the format of COPY ... (FORMAT binary).
constexpr absl::string_view kCopyHeader("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", 19);
constexpr size_t kPutBytes = size_t{256} * 1024;

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, Finish>;
using Result = std::unique_ptr<PGresult, Finish>;

// Big-endian, as PostgreSQL wants it.
template <typename Integer>
void PutRaw(std::string& out, Integer value) {
  for (int shift = 8 * (static_cast<int>(sizeof(value)) - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

template <typename Integer>
void PutInteger(std::string& out, Integer value) {
  PutRaw(out, static_cast<int32_t>(sizeof(value)));
  PutRaw(out, value);
}

void PutBytes(std::string& out, absl::string_view bytes) {
  PutRaw(out, static_cast<int32_t>(bytes.size()));
  out.append(bytes.data(), bytes.size());
}

void PutRow(std::string& out, const v1::Batch& batch, int64_t seq, const v1::Observation& seen) {
  PutRaw(out, kColumns);
  PutBytes(out, batch.agent_id());
  PutInteger(out, seq);
  PutInteger(out, batch.round_time_ms());
  PutBytes(out, seen.check_id());
  const v1::LayerVector& layers = seen.layers();
  for (const v1::LayerState state :
       {layers.dns(), layers.tcp(), layers.tls(), layers.http(), layers.app()}) {
    PutInteger(out, static_cast<int16_t>(state));
  }
  PutBytes(out, seen.failure());
  PutInteger(out, static_cast<int32_t>(seen.start_offset_ms()));
  PutInteger(out, static_cast<int32_t>(seen.duration_ms()));
}

// The bytes of each COPY.
struct Copies {
  std::vector<std::string> bytes;
  size_t rows = 0;
  size_t row_bytes = 0;
};

Copies Encode(const DataFile& data, const CopyOptions& options) {
  Copies copies;
  size_t in_copy = options.rows_per_copy;
  v1::SubmitRequest request;
  v1::Batch batch;
  for (uint64_t seq = 1; seq <= data.shape().batches_per_agent; ++seq) {
    for (uint32_t agent = 0; agent < data.shape().agents; ++agent) {
      const absl::string_view bytes = data.Request(agent, seq);
      request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
      batch.ParseFromString(request.batch().batch());
      int64_t row_seq = static_cast<int64_t>(seq - 1) * batch.observations_size();
      for (const v1::Observation& observation : batch.observations()) {
        if (copies.rows == options.rows) return copies;
        if (in_copy == options.rows_per_copy) {
          copies.bytes.emplace_back(kCopyHeader);
          in_copy = 0;
        }
        const size_t before = copies.bytes.back().size();
        PutRow(copies.bytes.back(), batch, ++row_seq, observation);
        copies.row_bytes += copies.bytes.back().size() - before;
        ++in_copy;
        ++copies.rows;
      }
    }
  }
  return copies;
}

absl::Status Execute(PGconn* connection, const char* sql, ExecStatusType want) {
  const Result result(PQexec(connection, sql));
  if (PQresultStatus(result.get()) == want) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(sql, ": ", PQerrorMessage(connection)));
}

absl::Status CopyOnce(PGconn* connection, const std::string& bytes) {
  absl::Status status =
      Execute(connection, "COPY bench_results FROM STDIN (FORMAT binary)", PGRES_COPY_IN);
  if (!status.ok()) return status;
  for (size_t at = 0; at < bytes.size(); at += kPutBytes) {
    const size_t size = std::min(kPutBytes, bytes.size() - at);
    PQputCopyData(connection, bytes.data() + at, static_cast<int>(size));
  }
  PQputCopyData(connection, "\xff\xff", 2);
  PQputCopyEnd(connection, nullptr);
  while (const Result result{PQgetResult(connection)}) {
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
      status = absl::UnavailableError(absl::StrCat("COPY: ", PQerrorMessage(connection)));
    }
  }
  return status;
}

}  // namespace

absl::Status CopyBaseline(const CopyOptions& options) {
  if (options.rows_per_copy == 0) return absl::InvalidArgumentError("--rows-per-copy: is 0");
  const auto data = DataFile::Open(absl::StrCat(options.folder, "/", kDataName));
  if (!data.ok()) return data.status();
  const Connection connection(PQconnectdb(options.url.c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return absl::UnavailableError(PQerrorMessage(connection.get()));
  }
  const Copies copies = Encode(**data, options);
  absl::Status status =
      Execute(connection.get(), "DROP TABLE IF EXISTS bench_results", PGRES_COMMAND_OK);
  if (status.ok()) status = Execute(connection.get(), kTable, PGRES_COMMAND_OK);
  const absl::Time start = absl::Now();
  for (const std::string& bytes : copies.bytes) {
    if (status.ok()) status = CopyOnce(connection.get(), bytes);
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  if (status.ok()) status = Execute(connection.get(), "DROP TABLE bench_results", PGRES_COMMAND_OK);
  if (!status.ok()) return status;
  absl::PrintF(R"({"rows": %d, "seconds": %.3f, "rows_per_s": %.0f, "bytes_per_row": %.1f, )"
               R"("rows_per_copy": %d})"
               "\n",
               copies.rows, seconds, static_cast<double>(copies.rows) / seconds,
               static_cast<double>(copies.row_bytes) / static_cast<double>(copies.rows),
               options.rows_per_copy);
  return absl::OkStatus();
}

}  // namespace sightline::load
