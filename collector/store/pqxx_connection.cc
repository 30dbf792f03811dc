#include "collector/store/pqxx_connection.h"

#include <algorithm>
#include <array>
#include <map>
#include <pqxx/pqxx>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/store/pq_status.h"

namespace sightline {
namespace {

constexpr pqxx::oid kOidBool = 16;
constexpr pqxx::oid kOidBytea = 17;
constexpr pqxx::oid kOidText = 25;

constexpr size_t kPreparedMax = 100;

// Runs what may throw.
template <typename Function>
absl::Status Guard(Function&& function) {
  try {
    return function();
  } catch (...) {
    return StatusOfPqxxException();
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

}  // namespace

struct PqxxConnection::Whole {
  explicit Whole(const std::string& url) : pq(url) {
    // A connection that libpqxx mends behind our back would lack the settings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    pq.inhibit_reactivation(true);
#pragma GCC diagnostic pop
    pqxx::nontransaction tx(pq);
    tx.exec(std::string(kPostgresqlSettings));
  }

  pqxx::connection pq;
  std::map<std::string, std::string> prepared;  // SQL to the name of its prepared statement
};

namespace {

// A transaction, or none, of one connection.
class PqxxSession : public SqlSession {
 public:
  PqxxSession(pqxx::connection_base& connection, std::map<std::string, std::string>& prepared,
              pqxx::transaction_base& tx)
      : connection_(connection), prepared_(prepared), tx_(tx) {}

  absl::StatusOr<SqlResult> Run(absl::string_view sql, absl::Span<const SqlValue> args) override {
    SqlResult result;
    const absl::Status status = Try([&] {
      const std::vector<std::string> texts = ToTexts(args);
      const auto params = pqxx::prepare::make_dynamic_params(texts);  // refers to texts
      const std::string* name = Prepared(std::string(sql));
      const pqxx::result rows = name == nullptr ? tx_.exec_params(std::string(sql), params)
                                                : tx_.exec_prepared(*name, params);
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

  // By COPY in text form; appenders have a connection of another kind.
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

  // nullptr when too many are prepared already.
  const std::string* Prepared(const std::string& sql) {
    const auto known = prepared_.find(sql);
    if (known != prepared_.end()) return &known->second;
    if (prepared_.size() >= kPreparedMax) return nullptr;
    std::string name = absl::StrCat("s", prepared_.size());
    connection_.prepare(name, sql);
    return &prepared_.emplace(sql, std::move(name)).first->second;
  }

  pqxx::connection_base& connection_;
  std::map<std::string, std::string>& prepared_;
  pqxx::transaction_base& tx_;
  bool failed_ = false;
};

}  // namespace

PqxxConnection::PqxxConnection(std::unique_ptr<Whole> whole) : whole_(std::move(whole)) {}
PqxxConnection::~PqxxConnection() = default;

absl::StatusOr<std::unique_ptr<PqxxConnection>> PqxxConnection::Open(const std::string& url) {
  std::unique_ptr<PqxxConnection> connection;
  const absl::Status status = Guard([&] {
    connection.reset(new PqxxConnection(std::make_unique<Whole>(url)));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return connection;
}

absl::Status PqxxConnection::Run(PqxxTransaction kind,
                                 absl::FunctionRef<absl::Status(SqlSession&)> body) {
  using Snapshot = pqxx::transaction<pqxx::repeatable_read, pqxx::readwrite_policy::read_only>;
  const auto within = [&](auto& tx) -> absl::Status {
    PqxxSession session(whole_->pq, whole_->prepared, tx);
    absl::Status done = body(session);
    failed_ = session.failed();
    if (!done.ok()) return done;
    failed_ = true;  // until the commit is known
    tx.commit();
    failed_ = false;
    return absl::OkStatus();
  };
  failed_ = true;  // until the transaction has begun
  return Guard([&]() -> absl::Status {
    switch (kind) {
      case PqxxTransaction::kNone: {
        pqxx::nontransaction tx(whole_->pq);
        return within(tx);
      }
      case PqxxTransaction::kSnapshot: {
        Snapshot tx(whole_->pq);
        return within(tx);
      }
      case PqxxTransaction::kWrite:
        break;
    }
    pqxx::work tx(whole_->pq);
    return within(tx);
  });
}

}  // namespace sightline
