// What SqlStore keeps of webhooks and of what was posted to them.
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/store/sql_lease.h"
#include "collector/store/sql_rows.h"
#include "collector/store/sql_store.h"

namespace sightline {
namespace {

constexpr absl::string_view kInsertWebhook =
    "INSERT INTO webhooks (webhook_id, country, position, config, state) "
    "VALUES ($1, $2, $3, $4, $5)";
constexpr absl::string_view kSelectWebhooks =
    "SELECT webhook_id, country, position, config, state FROM webhooks ORDER BY webhook_id";
constexpr absl::string_view kMoveWebhook =
    "UPDATE webhooks SET position = $1, state = $2 WHERE webhook_id = $3";
// Changes nothing, but locks the row until the end of the transaction.
constexpr absl::string_view kHoldWebhook =
    "UPDATE webhooks SET webhook_id = $1 WHERE webhook_id = $1";
constexpr absl::string_view kDeleteWebhook = "DELETE FROM webhooks WHERE webhook_id = $1";
constexpr absl::string_view kDeleteDeliveries = "DELETE FROM deliveries WHERE webhook_id = $1";
constexpr absl::string_view kSelectNewestDelivery =
    "SELECT delivery_seq FROM deliveries WHERE webhook_id = $1 ORDER BY delivery_seq DESC LIMIT 1";
constexpr absl::string_view kInsertDelivery =
    "INSERT INTO deliveries (webhook_id, delivery_seq, delivery) VALUES ($1, $2, $3)";
constexpr absl::string_view kDropDeliveries =
    "DELETE FROM deliveries WHERE webhook_id = $1 AND delivery_seq <= $2";
constexpr absl::string_view kSelectDeliveries =
    "SELECT delivery_seq, delivery FROM deliveries WHERE webhook_id = $1 AND delivery_seq < $2 "
    "ORDER BY delivery_seq DESC LIMIT $3";

absl::Status NoSuchWebhook(absl::string_view webhook_id) {
  return absl::NotFoundError(absl::StrCat("webhook_id: there is no webhook \"", webhook_id, "\""));
}

// Of a statement that finds the webhook by its id.
absl::Status ExpectFound(const absl::StatusOr<SqlResult>& result, absl::string_view webhook_id) {
  if (!result.ok()) return result.status();
  return result->affected == 1 ? absl::OkStatus() : NoSuchWebhook(webhook_id);
}

// The webhook's row is locked by this transaction: nobody else gives numbers meanwhile.
absl::Status InsertDelivery(SqlSession& session, absl::string_view webhook_id,
                            absl::string_view delivery) {
  const absl::StatusOr<SqlResult> newest =
      session.Run(kSelectNewestDelivery, {SqlText{webhook_id}});
  if (!newest.ok()) return newest.status();
  const int64_t seq = (newest->rows.empty() ? 0 : newest->rows[0][0].number) + 1;
  absl::Status status =
      session.Run(kInsertDelivery, {SqlText{webhook_id}, seq, SqlBytes{delivery}}).status();
  if (status.ok() && seq > kDeliveriesKept) {
    status = session.Run(kDropDeliveries, {SqlText{webhook_id}, seq - kDeliveriesKept}).status();
  }
  return status;
}

}  // namespace

absl::Status SqlStore::AddWebhook(const WebhookRecord& webhook) {
  return database_->Write([&](SqlSession& session) {
    return session
        .Run(kInsertWebhook, {SqlText{webhook.webhook_id}, SqlText{webhook.country},
                              webhook.position, SqlBytes{webhook.config}, SqlBytes{webhook.state}})
        .status();
  });
}

absl::StatusOr<std::vector<WebhookRecord>> SqlStore::ListWebhooks() {
  absl::StatusOr<SqlResult> found = Query(kSelectWebhooks, {});
  if (!found.ok()) return found.status();
  std::vector<WebhookRecord> records;
  for (std::vector<SqlCell>& row : found->rows) {
    records.push_back({std::move(row[0].bytes), std::move(row[1].bytes), row[2].number,
                       std::move(row[3].bytes), std::move(row[4].bytes)});
  }
  return records;
}

absl::Status SqlStore::DeleteWebhook(absl::string_view webhook_id) {
  return database_->Write([&](SqlSession& session) {
    const absl::Status status =
        ExpectFound(session.Run(kDeleteWebhook, {SqlText{webhook_id}}), webhook_id);
    if (!status.ok()) return status;
    return session.Run(kDeleteDeliveries, {SqlText{webhook_id}}).status();
  });
}

absl::Status SqlStore::MoveWebhook(absl::string_view lease_name, const LeaseRecord& held,
                                   const WebhookMove& move) {
  return database_->Write([&](SqlSession& session) {
    absl::Status status = HoldLease(session, lease_name, held);
    if (!status.ok()) return status;
    status = ExpectFound(
        session.Run(kMoveWebhook, {move.position, SqlBytes{move.state}, SqlText{move.webhook_id}}),
        move.webhook_id);
    if (!status.ok() || move.delivery.empty()) return status;
    return InsertDelivery(session, move.webhook_id, move.delivery);
  });
}

absl::Status SqlStore::AddDelivery(absl::string_view webhook_id, absl::string_view delivery) {
  return database_->Write([&](SqlSession& session) {
    const absl::Status status =
        ExpectFound(session.Run(kHoldWebhook, {SqlText{webhook_id}}), webhook_id);
    if (!status.ok()) return status;
    return InsertDelivery(session, webhook_id, delivery);
  });
}

absl::StatusOr<std::vector<DeliveryRecord>> SqlStore::ReadDeliveries(absl::string_view webhook_id,
                                                                     int64_t before, size_t limit) {
  absl::StatusOr<SqlResult> found =
      Query(kSelectDeliveries, {SqlText{webhook_id}, before, ToSqlInt(limit)});
  if (!found.ok()) return found.status();
  std::vector<DeliveryRecord> records;
  for (std::vector<SqlCell>& row : found->rows) {
    records.push_back({row[0].number, std::move(row[1].bytes)});
  }
  return records;
}

}  // namespace sightline
