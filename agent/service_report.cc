#include "agent/service_report.h"

#include <ctime>

namespace sightline::agent {
namespace {

// Running time, which a watchdog counts in and which nobody sets.
absl::Time SteadyNow() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::TimeFromTimespec(now);
}

}  // namespace

void ServiceReport::Works(absl::string_view text) {
  if (!ready_) {
    notify_.Ready(text);
  } else if (text != text_) {
    notify_.Status(text);
  }
  ready_ = true;
  text_ = std::string(text);
}

void ServiceReport::Reloading() {
  notify_.Reloading();
  ready_ = false;
}

void ServiceReport::Alive() {
  const auto interval = notify_.watchdog_interval();
  if (!interval) return;
  const absl::Time now = SteadyNow();
  if (now - said_alive_ < *interval / 4) return;
  notify_.Alive();
  said_alive_ = now;
}

absl::Duration ServiceReport::sleep_max() const {
  const auto interval = notify_.watchdog_interval();
  return interval ? *interval / 2 : absl::InfiniteDuration();
}

}  // namespace sightline::agent
