#include "agent/schedule.h"

#include <algorithm>
#include <cmath>

namespace sightline::agent {

Schedule::Schedule(absl::Duration interval, double jitter_ratio, absl::Time now,
                   std::mt19937_64& random)
    : interval_(interval), jitter_ratio_(jitter_ratio), random_(random) {
  const absl::Duration spread = std::min(interval, absl::Minutes(1));
  nominal_ = now + spread * std::uniform_real_distribution<double>(0, 1)(random_);
}

absl::Time Schedule::Next(absl::Time now) {
  if (nominal_ < now) {
    const double missed = std::floor(absl::FDivDuration(now - nominal_, interval_));
    nominal_ += interval_ * (missed + 1);
  }
  if (nominal_ > now + interval_ * 2) nominal_ = now + interval_;
  absl::Time start = nominal_;
  if (!first_) {
    start +=
        interval_ * std::uniform_real_distribution<double>(-jitter_ratio_, jitter_ratio_)(random_);
  }
  first_ = false;
  nominal_ += interval_;
  return std::max(start, now);
}

void Schedule::Change(absl::Duration interval, double jitter_ratio, absl::Time now) {
  interval_ = interval;
  jitter_ratio_ = jitter_ratio;
  nominal_ = now + interval;
}

std::vector<const v1::Check*> ShuffledChecks(const v1::Plan& plan, v1::AgentRole role,
                                             std::mt19937_64& random) {
  std::vector<const v1::Check*> checks;
  for (const v1::Target& target : plan.targets()) {
    for (const v1::Feature& feature : target.features()) {
      for (const v1::Check& check : feature.checks()) checks.push_back(&check);
    }
  }
  if (role == v1::AGENT_ROLE_CONTROL) {
    for (const v1::Storefront& store : plan.storefronts()) checks.push_back(&store.check());
  }
  std::shuffle(checks.begin(), checks.end(), random);
  return checks;
}

}  // namespace sightline::agent
