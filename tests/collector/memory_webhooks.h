// The part of MemoryStore that keeps webhooks and what was posted to them.
#ifndef SIGHTLINE_TESTS_COLLECTOR_MEMORY_WEBHOOKS_H_
#define SIGHTLINE_TESTS_COLLECTOR_MEMORY_WEBHOOKS_H_

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/store.h"
#include "tests/collector/memory_agents.h"

namespace sightline {

// Thread-safe.
class MemoryWebhooks : public MemoryAgents {
 public:
  absl::Status AddWebhook(const WebhookRecord& webhook) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    if (webhooks_.emplace(webhook.webhook_id, webhook).second) return absl::OkStatus();
    return absl::AlreadyExistsError("webhook_id is taken");
  }

  absl::StatusOr<std::vector<WebhookRecord>> ListWebhooks() override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<WebhookRecord> result;
    for (const auto& [id, webhook] : webhooks_) result.push_back(webhook);
    return result;
  }

  absl::Status DeleteWebhook(absl::string_view webhook_id) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    deliveries_.erase(std::string(webhook_id));
    return webhooks_.erase(std::string(webhook_id)) == 1 ? absl::OkStatus() : NoSuch();
  }

  absl::Status MoveWebhook(absl::string_view lease_name, const LeaseRecord& held,
                           const WebhookMove& move) override {
    const absl::StatusOr<LeaseRecord> lease = ReadLease(lease_name);
    if (!lease.ok()) return lease.status();
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    if (lease->holder != held.holder || lease->term != held.term) {
      return absl::FailedPreconditionError("the lease is somebody else's");
    }
    const auto it = webhooks_.find(std::string(move.webhook_id));
    if (it == webhooks_.end()) return NoSuch();
    it->second.position = move.position;
    it->second.state = std::string(move.state);
    if (!move.delivery.empty()) AppendDelivery(it->first, move.delivery);
    return absl::OkStatus();
  }

  absl::Status AddDelivery(absl::string_view webhook_id, absl::string_view delivery) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    if (!webhooks_.contains(std::string(webhook_id))) return NoSuch();
    AppendDelivery(std::string(webhook_id), delivery);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<DeliveryRecord>> ReadDeliveries(absl::string_view webhook_id,
                                                             int64_t before,
                                                             size_t limit) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<DeliveryRecord> result;
    const std::map<int64_t, std::string>& all = deliveries_[std::string(webhook_id)];
    for (auto it = all.rbegin(); it != all.rend() && result.size() < limit; ++it) {
      if (it->first < before) result.push_back({it->first, it->second});
    }
    return result;
  }

 protected:
  void FailWebhooksWith(absl::Status status) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(status);
  }

 private:
  static absl::Status NoSuch() { return absl::NotFoundError("webhook_id: there is no such one"); }

  void AppendDelivery(const std::string& webhook_id, absl::string_view delivery) {
    std::map<int64_t, std::string>& all = deliveries_[webhook_id];
    all.emplace((all.empty() ? 0 : all.rbegin()->first) + 1, std::string(delivery));
    if (all.size() > static_cast<size_t>(kDeliveriesKept)) all.erase(all.begin());
  }

  std::mutex mutex_;
  absl::Status failure_;
  std::map<std::string, WebhookRecord> webhooks_;
  std::map<std::string, std::map<int64_t, std::string>> deliveries_;  // webhook_id, delivery_seq
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_MEMORY_WEBHOOKS_H_
