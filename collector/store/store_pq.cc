// PostgreSQL: connections through libpqxx for everything but the log in bulk; for that a pool of
// readers through libpq, and one appender for each node.
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collector/store/backends.h"
#include "collector/store/connection_pool.h"
#include "collector/store/node_seq.h"
#include "collector/store/pq_session.h"
#include "collector/store/pqxx_connection.h"

namespace sightline {
namespace {

// A server that does not answer is given up on instead of waited for. Seconds, but for
// tcp_user_timeout: milliseconds. What the URL sets itself stays.
constexpr absl::string_view kUrlDefaults[] = {"connect_timeout=10", "keepalives_idle=30",
                                              "keepalives_interval=10", "keepalives_count=3",
                                              "tcp_user_timeout=30000"};

constexpr char kBeginWrite[] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

constexpr absl::string_view kTakeName = "SELECT set_config('application_name', $1, false)";
// Ends every other connection that appends for the same node, and waits until it is gone: it may be
// committing what its collector, now dead or cut off, never heard of.
constexpr absl::string_view kFenceNode =
    "SELECT pid, pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = "
    "current_database() AND application_name = $1 AND pid <> pg_backend_pid()";

class PqDatabase : public SqlDatabase {
 public:
  explicit PqDatabase(std::string url) : url_(std::move(url)) {}

  SqlDialect dialect() const override { return SqlDialect::kPostgresql; }

  absl::Status Read(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return RunOnPooled(PqxxTransaction::kNone, body);
  }

  absl::Status ReadBulk(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return OnPooled(bulk_pool_, body);
  }

  absl::Status ReadOnce(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return RunOnPooled(PqxxTransaction::kSnapshot, body);
  }

  absl::Status Write(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return RunOnPooled(PqxxTransaction::kWrite, body);
  }

  absl::Status WriteAsNode(
      absl::string_view node,
      absl::FunctionRef<absl::StatusOr<uint64_t>(SqlSession&, uint64_t)> body) override {
    const std::lock_guard<std::mutex> lock(appenders_mutex_);
    std::unique_ptr<Appender>& appender = appenders_[std::string(node)];
    if (appender == nullptr) {
      absl::StatusOr<std::unique_ptr<Appender>> opened = OpenAppender(node);
      if (!opened.ok()) {
        if (absl::IsUnavailable(opened.status())) ClearPools();
        return opened.status();
      }
      appender = *std::move(opened);
    }
    uint64_t used = 0;
    const absl::Status status = appender->session->Transact(kBeginWrite, [&](SqlSession& session) {
      const absl::StatusOr<uint64_t> last = body(session, appender->last_node_seq);
      if (last.ok()) used = *last;
      return last.status();
    });
    if (status.ok()) {
      appender->last_node_seq = used;
    } else if (appender->session->failed()) {
      // The next call connects again, waits for what is in doubt and reads the highest node_seq.
      appender.reset();
      ClearPools();
    }
    return status;
  }

 private:
  // The one connection that appends for a node, and the highest node_seq that it committed.
  struct Appender {
    std::unique_ptr<PqSession> session;
    uint64_t last_node_seq = 0;
  };

  absl::Status RunOnPooled(PqxxTransaction kind,
                           absl::FunctionRef<absl::Status(SqlSession&)> body) {
    return OnPooled(pool_, [&](PqxxConnection& connection) { return connection.Run(kind, body); });
  }

  template <typename Connection, typename Body>
  absl::Status OnPooled(ConnectionPool<Connection>& pool, Body body) {
    std::unique_ptr<Connection> connection = pool.Take();
    if (connection == nullptr) {
      absl::StatusOr<std::unique_ptr<Connection>> opened = Connection::Open(url_);
      if (!opened.ok()) return opened.status();
      connection = *std::move(opened);
    }
    absl::Status status = body(*connection);
    if (!connection->failed()) {
      pool.Give(std::move(connection));
    } else if (absl::IsUnavailable(status) || absl::IsAborted(status)) {
      ClearPools();
    }
    return status;
  }

  void ClearPools() {
    pool_.Clear();
    bulk_pool_.Clear();
  }

  absl::StatusOr<std::unique_ptr<Appender>> OpenAppender(absl::string_view node) {
    auto appender = std::make_unique<Appender>();
    absl::StatusOr<std::unique_ptr<PqSession>> opened = PqSession::Open(url_);
    if (!opened.ok()) return opened.status();
    appender->session = *std::move(opened);
    const std::string name = absl::StrCat("sightline ", node);
    const absl::Status named = appender->session->Run(kTakeName, {SqlText{name}}).status();
    if (!named.ok()) return named;
    const absl::StatusOr<SqlResult> others = appender->session->Run(kFenceNode, {SqlText{name}});
    if (!others.ok()) return others.status();
    for (const std::vector<SqlCell>& other : others->rows) {
      if (other[1].number != 0) continue;
      return absl::UnavailableError(
          absl::StrCat("PostgreSQL process ", other[0].number, " still appends for node ", node,
                       "; wait for it to end, and give each collector its own node name"));
    }
    const absl::StatusOr<uint64_t> last = LastNodeSeq(*appender->session, node);
    if (!last.ok()) return last.status();
    appender->last_node_seq = *last;
    return appender;
  }

  const std::string url_;
  ConnectionPool<PqxxConnection> pool_;
  ConnectionPool<PqSession> bulk_pool_;
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
