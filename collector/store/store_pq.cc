// PostgreSQL through libpqxx. Exceptions of libpqxx end in this file, in Guard.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/store/backends.h"
#include "collector/store/connection_pool.h"
#include "collector/store/pq_status.h"

namespace sightline {
namespace {

// A server that does not answer is given up on instead of waited for. Seconds, but for
// tcp_user_timeout: milliseconds. What the URL sets itself stays.
constexpr absl::string_view kUrlDefaults[] = {"connect_timeout=10", "keepalives_idle=30",
                                              "keepalives_interval=10", "keepalives_count=3",
                                              "tcp_user_timeout=30000"};

constexpr char kSettings[] =
    "SET client_encoding = 'UTF8'; SET client_min_messages = 'error'; "
    "SET statement_timeout = '30s'; SET lock_timeout = '20s'; "
    "SET idle_in_transaction_session_timeout = '60s'";

// Ends every other connection that appends for the same node, and waits until it is gone: it may be
// committing what its collector, now dead or cut off, never heard of.
constexpr char kFenceNode[] =
    "SELECT pid, pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = "
    "current_database() AND application_name = $1 AND pid <> pg_backend_pid()";

constexpr pqxx::oid kOidBool = 16;
constexpr pqxx::oid kOidBytea = 17;
constexpr pqxx::oid kOidText = 25;

// Runs what may throw.
template <typename Function>
absl::Status Guard(Function&& function) {
  try {
    return function();
  } catch (...) {
    return StatusOfPqException();
  }
}

// Values in PostgreSQL's text form.
struct ToText {
  std::string operator()(int64_t value) const { return absl::StrCat(value); }
  std::string operator()(SqlText text) const { return std::string(text.value); }
  std::string operator()(SqlBytes bytes) const {
    return absl::StrCat("\\x", absl::BytesToHexString(bytes.value));
  }
};

std::vector<std::string> ToTexts(absl::Span<const SqlValue> values) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const SqlValue& value : values) texts.push_back(std::visit(ToText{}, value));
  return texts;
}

SqlCell ToCell(const pqxx::field& field) {
  switch (field.type()) {
    case kOidBytea:
      return {0, pqxx::binarystring(field).str()};
    case kOidText:
      return {0, std::string(field.c_str(), field.size())};
    case kOidBool:
      return {field.as<bool>() ? 1 : 0, {}};
    default:
      return {field.as<int64_t>(), {}};
  }
}

struct Connection {
  explicit Connection(const std::string& url) : pq(url) {
    // A connection that libpqxx mends behind our back would lack the settings and the fence.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    pq.inhibit_reactivation(true);
#pragma GCC diagnostic pop
    pqxx::nontransaction tx(pq);
    tx.exec(kSettings);
    // A commit that is acknowledged must be on the disk, whatever the database's default.
    const pqxx::result mode = tx.exec("SHOW synchronous_commit");
    if (mode[0][0].as<std::string>() == "off") tx.exec("SET synchronous_commit = on");
  }

  pqxx::connection pq;
  std::map<std::string, std::string> prepared;  // SQL to the name of its prepared statement
};

class PqSession : public SqlSession {
 public:
  PqSession(Connection& connection, pqxx::transaction_base& tx)
      : connection_(connection), tx_(tx) {}

  absl::StatusOr<SqlResult> Run(absl::string_view sql, absl::Span<const SqlValue> args) override {
    SqlResult result;
    const absl::Status status = Try([&] {
      const pqxx::result rows =
          tx_.exec_params(std::string(sql), pqxx::prepare::make_dynamic_params(ToTexts(args)));
      result.affected = static_cast<int64_t>(rows.affected_rows());
      result.rows.reserve(rows.size());
      for (const pqxx::row& row : rows) {
        std::vector<SqlCell>& cells = result.rows.emplace_back();
        for (const pqxx::field& field : row) cells.push_back(ToCell(field));
      }
    });
    if (!status.ok()) return status;
    return result;
  }

  // All statements travel together and come back together: one round trip.
  absl::StatusOr<std::vector<int64_t>> RunEach(absl::string_view sql,
                                               absl::Span<const SqlValues> args) override {
    std::vector<int64_t> affected;
    affected.reserve(args.size());
    const absl::Status status = Try([&] {
      const std::string name = Prepared(std::string(sql));
      pqxx::pipeline pipeline(tx_);
      pipeline.retain(static_cast<int>(args.size()));
      std::vector<pqxx::pipeline::query_id> ids;
      ids.reserve(args.size());
      for (const SqlValues& values : args) {
        std::vector<std::string> literals = ToTexts(values);
        for (std::string& literal : literals) literal = tx_.quote(literal);
        ids.push_back(pipeline.insert(
            absl::StrCat("EXECUTE ", name, "(", absl::StrJoin(literals, ", "), ")")));
      }
      pipeline.complete();
      for (const pqxx::pipeline::query_id id : ids) {
        affected.push_back(static_cast<int64_t>(pipeline.retrieve(id).affected_rows()));
      }
    });
    if (!status.ok()) return status;
    return affected;
  }

  absl::Status InsertBatches(absl::Span<const SqlBatchRow> rows) override {
    return Try([&] {
      pqxx::stream_to stream(tx_, "batches",
                             std::vector<std::string>(kBatchColumns.begin(), kBatchColumns.end()));
      std::array<std::string, kBatchColumns.size()> texts;
      for (const SqlBatchRow& row : rows) {
        std::transform(row.begin(), row.end(), texts.begin(),
                       [](const SqlValue& value) { return std::visit(ToText{}, value); });
        stream << texts;
      }
      stream.complete();
    });
  }

  absl::Status RunScript(absl::string_view sql) override {
    return Try([&] { tx_.exec(std::string(sql)); });
  }

  // Whether libpqxx threw: the connection is then not to be used again.
  bool failed() const { return failed_; }

 private:
  template <typename Function>
  absl::Status Try(Function&& function) {
    absl::Status status = Guard([&] {
      function();
      return absl::OkStatus();
    });
    if (!status.ok()) failed_ = true;
    return status;
  }

  const std::string& Prepared(const std::string& sql) {
    const auto [it, is_new] =
        connection_.prepared.try_emplace(sql, absl::StrCat("s", connection_.prepared.size()));
    if (is_new) tx_.exec(absl::StrCat("PREPARE ", it->second, " AS ", sql));
    return it->second;
  }

  Connection& connection_;
  pqxx::transaction_base& tx_;
  bool failed_ = false;
};

class PqDatabase : public SqlDatabase {
 public:
  explicit PqDatabase(std::string url) : url_(std::move(url)) {}

  absl::Status Read(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return OnPooled<pqxx::nontransaction>(body);
  }

  absl::Status ReadOnce(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    using Snapshot = pqxx::transaction<pqxx::repeatable_read, pqxx::readwrite_policy::read_only>;
    return OnPooled<Snapshot>(body);
  }

  absl::Status Write(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return OnPooled<pqxx::work>(body);
  }

  absl::Status WriteAsNode(
      absl::string_view node,
      absl::FunctionRef<absl::StatusOr<uint64_t>(SqlSession&, uint64_t)> body) override {
    const std::lock_guard<std::mutex> lock(appenders_mutex_);
    std::unique_ptr<Appender>& appender = appenders_[std::string(node)];
    uint64_t used = 0;
    bool failed = true;
    const absl::Status status = Guard([&] {
      if (appender == nullptr) {
        absl::StatusOr<std::unique_ptr<Appender>> opened = OpenAppender(node);
        if (!opened.ok()) return opened.status();
        appender = *std::move(opened);
      }
      pqxx::work tx(appender->connection.pq);
      PqSession session(appender->connection, tx);
      const absl::StatusOr<uint64_t> last = body(session, appender->last_node_seq);
      failed = session.failed();
      if (!last.ok()) return last.status();
      used = *last;
      failed = true;  // until the commit is known
      tx.commit();
      failed = false;
      return absl::OkStatus();
    });
    if (status.ok()) {
      appender->last_node_seq = used;
    } else if (failed) {
      // The next call connects again, waits for what is in doubt and reads the highest node_seq.
      appender.reset();
      pool_.Clear();
    }
    return status;
  }

 private:
  // The one connection that appends for a node, and the highest node_seq that it committed.
  struct Appender {
    explicit Appender(const std::string& url) : connection(url) {}
    Connection connection;
    uint64_t last_node_seq = 0;
  };

  template <typename Transaction>
  absl::Status OnPooled(absl::FunctionRef<absl::Status(SqlSession&)> body) {
    std::unique_ptr<Connection> connection = pool_.Take();
    bool failed = true;
    const absl::Status status = Guard([&] {
      if (connection == nullptr) connection = std::make_unique<Connection>(url_);
      Transaction tx(connection->pq);
      PqSession session(*connection, tx);
      absl::Status done = body(session);
      failed = session.failed();
      if (!done.ok()) return done;
      failed = true;  // until the commit is known
      tx.commit();
      failed = false;
      return absl::OkStatus();
    });
    if (!failed) {
      pool_.Give(std::move(connection));
    } else if (absl::IsUnavailable(status) || absl::IsAborted(status)) {
      pool_.Clear();
    }
    return status;
  }

  absl::StatusOr<std::unique_ptr<Appender>> OpenAppender(absl::string_view node) {
    auto appender = std::make_unique<Appender>(url_);
    pqxx::nontransaction tx(appender->connection.pq);
    const std::string name = absl::StrCat("sightline ", node);
    tx.exec(absl::StrCat("SET application_name = ", tx.quote(name)));
    for (const pqxx::row& other : tx.exec_params(kFenceNode, name)) {
      if (other[1].as<bool>()) continue;
      return absl::UnavailableError(
          absl::StrCat("PostgreSQL process ", other[0].as<int>(), " still appends for node ", node,
                       "; wait for it to end, and give each collector its own node name"));
    }
    const pqxx::result last = tx.exec_params(std::string(kSelectLastNodeSeq), std::string(node));
    appender->last_node_seq = last.empty() ? 0 : last[0][0].as<uint64_t>();
    return appender;
  }

  const std::string url_;
  ConnectionPool<Connection> pool_;
  std::mutex appenders_mutex_;
  std::map<std::string, std::unique_ptr<Appender>> appenders_;  // guarded by appenders_mutex_
};

std::string WithDefaults(std::string url) {
  for (const absl::string_view setting : kUrlDefaults) {
    const absl::string_view name = setting.substr(0, setting.find('=') + 1);
    if (absl::StrContains(url, name)) continue;
    absl::StrAppend(&url, absl::StrContains(url, '?') ? "&" : "?", setting);
  }
  return url;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqlDatabase>> OpenPostgresql(const std::string& url) {
  auto database = std::make_unique<PqDatabase>(WithDefaults(url));
  const absl::Status reachable = database->Read([](SqlSession&) { return absl::OkStatus(); });
  if (!reachable.ok()) return reachable;
  return database;
}

}  // namespace sightline
