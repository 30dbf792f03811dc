#include "collector/webhook/delivery_loop.h"

#include "collector/log.h"

namespace sightline {

DeliveryLoop::DeliveryLoop(const DeliveryLoopParts& parts, const DeliveryLoopOptions& options)
    : parts_(parts),
      options_(options),
      poster_(options.post),
      courier_({parts.store, parts.clock, poster_, parts.metrics}),
      lease_(parts.store, parts.steady_clock, kWebhookLease, options.node, options.lease),
      thread_([this] { Run(); }) {}

DeliveryLoop::~DeliveryLoop() {
  stopping_ = true;
  poster_.Wake();
  thread_.join();
}

void DeliveryLoop::StandBy() {
  if (!leads_) return;
  leads_ = false;
  courier_.Forget();
  Log(LogLevel::kInfo, "webhook", "stands_by", {});
}

absl::Status DeliveryLoop::Lead(const Finished& finished) {
  if (!leads_) Log(LogLevel::kInfo, "webhook", "leads", {});
  leads_ = true;
  absl::Status status = courier_.Take(finished, lease_.record());
  if (!absl::IsFailedPrecondition(status)) status.Update(courier_.Turn(lease_.record()));
  if (absl::IsFailedPrecondition(status)) {
    // The lease finds out by itself, a little later; until then nothing is posted.
    lead_not_before_ = parts_.steady_clock.Elapsed() + options_.lease.term;
    StandBy();
    return absl::OkStatus();
  }
  if (status.ok() && courier_.idle()) {
    StandBy();
    return lease_.Release();
  }
  return status;
}

absl::Status DeliveryLoop::Step(const Finished& finished) {
  if (!leads_) {
    const absl::StatusOr<std::vector<WebhookRecord>> webhooks = parts_.store.ListWebhooks();
    if (!webhooks.ok()) return webhooks.status();
    if (webhooks->empty()) return absl::OkStatus();
  }
  const absl::Status beaten = lease_.Tick();
  if (lease_.Held() && parts_.steady_clock.Elapsed() >= lead_not_before_) {
    const absl::Status led = Lead(finished);
    return led.ok() ? beaten : led;
  }
  StandBy();
  return beaten;
}

void DeliveryLoop::Report(const absl::Status& status) {
  const std::string error = status.ok() ? std::string() : status.ToString();
  // A lasting error is said once, not twice a second.
  if (error == last_error_) return;
  if (!error.empty()) Log(LogLevel::kError, "webhook", "stopped", {{"detail", error}});
  last_error_ = error;
}

void DeliveryLoop::Run() {
  Finished finished;
  while (!stopping_) {
    Report(Step(finished));
    finished = poster_.Wait(courier_.busy() ? absl::ZeroDuration() : options_.poll_interval);
  }
  const absl::Status released = lease_.Release();
  if (!released.ok()) {
    Log(LogLevel::kWarn, "webhook", "lease_kept", {{"detail", released.ToString()}});
  }
}

}  // namespace sightline
