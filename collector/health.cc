#include "collector/health.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "collector/log.h"
#include "common/redact.h"

namespace sightline {
namespace {

size_t Index(HealthPart part) { return static_cast<size_t>(part); }

std::string_view View(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::string_view Name(HealthPart part) {
  constexpr absl::string_view kNames[kHealthParts] = {"store", "intake", "fold", "plan"};
  return kNames[Index(part)];
}

absl::string_view Name(HealthState state) {
  constexpr absl::string_view kNames[] = {"SERVING", "DEGRADED", "FAILING"};
  return kNames[static_cast<size_t>(state)];
}

Health::Health(const Clock& clock) : clock_(clock) {
  for (PartHealth& part : parts_) part.since = clock_.Now();
}

void Health::Set(HealthPart part, HealthState state, absl::string_view reason) {
  const absl::Time now = clock_.Now();
  std::string clean = RedactAddresses(reason);
  const std::lock_guard lock(mutex_);
  PartHealth& health = parts_[Index(part)];
  const ServiceHealth before = ServicesLocked();
  const bool changed = health.state != state;
  const bool first = !std::exchange(reported_[Index(part)], true);
  if (changed) health.since = now;
  health.state = state;
  health.reason = std::move(clean);
  // That all is well in the beginning is no news.
  if (!changed && !first) return;
  if (first && state == HealthState::kServing) return;
  Log(state == HealthState::kServing    ? LogLevel::kInfo
      : state == HealthState::kDegraded ? LogLevel::kWarn
                                        : LogLevel::kError,
      "health", "changed", {{"of", Name(part)}, {"state", Name(state)}, {"reason", health.reason}});
  const ServiceHealth after = ServicesLocked();
  if (follower_ && !(after == before)) follower_(after);
}

void Health::Follow(std::function<void(const ServiceHealth&)> follower) {
  const std::lock_guard lock(mutex_);
  follower_ = std::move(follower);
  if (follower_) follower_(ServicesLocked());
}

PartHealth Health::Get(HealthPart part) const {
  const std::lock_guard lock(mutex_);
  return parts_[Index(part)];
}

ServiceHealth Health::Services() const {
  const std::lock_guard lock(mutex_);
  return ServicesLocked();
}

HealthState Health::Overall() const {
  const std::lock_guard lock(mutex_);
  return OverallLocked();
}

ServiceHealth Health::ServicesLocked() const {
  const auto works = [this](HealthPart part) {
    return parts_[Index(part)].state != HealthState::kFailing;
  };
  return {works(HealthPart::kStore) && works(HealthPart::kIntake), works(HealthPart::kFold)};
}

HealthState Health::OverallLocked() const {
  return std::max_element(
             parts_.begin(), parts_.end(),
             [](const PartHealth& a, const PartHealth& b) { return a.state < b.state; })
      ->state;
}

std::string Health::Json() const {
  boost::json::object parts;
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < kHealthParts; ++i) {
    const PartHealth& health = parts_[i];
    boost::json::object part;
    part["state"] = View(Name(health.state));
    part["since"] = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", health.since, absl::UTCTimeZone());
    if (!health.reason.empty()) part["reason"] = health.reason;
    parts[View(Name(static_cast<HealthPart>(i)))] = std::move(part);
  }
  boost::json::object whole;
  whole["status"] = View(Name(OverallLocked()));
  whole["parts"] = std::move(parts);
  return boost::json::serialize(whole);
}

}  // namespace sightline
