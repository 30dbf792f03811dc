// A store with changes of a country, and webhooks that want them.
#ifndef SIGHTLINE_TESTS_COLLECTOR_WEBHOOK_WORLD_H_
#define SIGHTLINE_TESTS_COLLECTOR_WEBHOOK_WORLD_H_

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/message.h"
#include "sightline/internal/v1/webhook.pb.h"
#include "sightline/v1/change.pb.h"
#include "sightline/v1/webhook.pb.h"
#include "tests/collector/memory_store.h"
#include "tests/common/fake_clock.h"
#include "tests/common/test_plan.h"

namespace sightline {

inline constexpr char kTestSecret[] = "0123456789abcdef0123456789abcdef";

// Refuses to write down what came of a post, when told to: as if the program had died in between.
// Counts how often somebody looked.
class ForgetfulStore : public MemoryStore {
 public:
  void FailMovesWith(absl::Status status) { move_failure_ = std::move(status); }

  int looks() const { return looks_; }

  absl::StatusOr<std::vector<WebhookRecord>> ListWebhooks() override {
    ++looks_;
    return MemoryStore::ListWebhooks();
  }

  absl::Status MoveWebhook(absl::string_view lease_name, const LeaseRecord& held,
                           const WebhookMove& move) override {
    if (!move_failure_.ok()) return move_failure_;
    return MemoryStore::MoveWebhook(lease_name, held, move);
  }

 private:
  absl::Status move_failure_;
  std::atomic<int> looks_ = 0;
};

// The fold holds its lease; who posts takes another one.
class WebhookWorld {
 public:
  WebhookWorld() { EXPECT_TRUE(*store.MoveLease("fold", {}, fold_)); }

  // The next change of China.
  void AddChange(v1::ChangeKind kind = v1::CHANGE_KIND_OPENED,
                 const std::string& target_id = "whatsapp") {
    v1::Change change;
    change.set_change_seq(++last_change);
    change.set_country("CN");
    change.set_target_id(target_id);
    change.add_kinds(kind);
    *change.mutable_change_time() = ToProto(clock.Now());
    const std::vector<ChangeRecord> changes = {{"CN", last_change, change.SerializeAsString()}};
    EXPECT_TRUE(store.WriteFold("fold", fold_, {.changes = changes}).ok());
  }

  void AddWindow(absl::Time start) {
    const std::vector<VerdictRecord> verdicts = {
        {"whatsapp", "CN", start, absl::Hours(1), "2", "", ""}};
    EXPECT_TRUE(store.WriteFold("fold", fold_, {.verdicts = verdicts}).ok());
  }

  // Wants openings of China from now on.
  void AddWebhook(const std::string& webhook_id, const std::string& url,
                  absl::Duration heartbeat_interval = absl::Hours(24)) {
    internal::v1::WebhookConfig config;
    config.set_secret(kTestSecret);
    v1::Webhook& webhook = *config.mutable_webhook();
    webhook.set_webhook_id(webhook_id);
    webhook.set_url(url);
    webhook.set_country("CN");
    webhook.add_kinds(v1::CHANGE_KIND_OPENED);
    *webhook.mutable_heartbeat_interval() = ToProto(heartbeat_interval);
    *webhook.mutable_create_time() = ToProto(clock.Now());
    EXPECT_TRUE(
        store.AddWebhook({webhook_id, "CN", last_change, config.SerializeAsString(), ""}).ok());
  }

  WebhookRecord Find(const std::string& webhook_id) {
    const std::vector<WebhookRecord> all = *store.ListWebhooks();
    for (const WebhookRecord& record : all) {
      if (record.webhook_id == webhook_id) return record;
    }
    ADD_FAILURE() << "there is no webhook " << webhook_id;
    return {};
  }

  v1::WebhookState State(const std::string& webhook_id) {
    v1::WebhookState state;
    EXPECT_TRUE(state.ParseFromString(Find(webhook_id).state));
    return state;
  }

  // The oldest first.
  std::vector<v1::Delivery> Log(const std::string& webhook_id) {
    std::vector<v1::Delivery> log;
    const std::vector<DeliveryRecord> records =
        *store.ReadDeliveries(webhook_id, std::numeric_limits<int64_t>::max(), 1000);
    for (auto it = records.rbegin(); it != records.rend(); ++it) {
      EXPECT_TRUE(log.emplace_back().ParseFromString(it->delivery));
    }
    return log;
  }

  // "ID-c1" to "ID-cN".
  static std::vector<std::string> Names(const std::string& webhook_id, int64_t last) {
    std::vector<std::string> names;
    for (int64_t seq = 1; seq <= last; ++seq) names.push_back(absl::StrCat(webhook_id, "-c", seq));
    return names;
  }

  FakeClock clock{kTestNow};
  ForgetfulStore store;
  int64_t last_change = 0;

 private:
  const LeaseRecord fold_ = {"n1", 1, 1};
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_WEBHOOK_WORLD_H_
