// A prober without a network, and a transport without a collector.
#ifndef SIGHTLINE_TESTS_AGENT_FAKE_PROBER_H_
#define SIGHTLINE_TESTS_AGENT_FAKE_PROBER_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "agent/probe/prober.h"
#include "agent/uplink.h"

namespace sightline::agent {

class FakeProber : public probe::Prober {
 public:
  explicit FakeProber(std::function<void(int round)> on_round = [](int) {})
      : on_round_(std::move(on_round)) {}

  probe::RoundReport RunRound(const v1::Plan&, const std::vector<const v1::Check*>& checks,
                              const probe::RoundOptions& options) override {
    round_time_ms = options.round_time_ms;
    probe::RoundReport report;
    for (const v1::Check* check : checks) {
      v1::Observation observation;
      observation.set_check_id(check->check_id());
      observation.mutable_layers()->set_dns(v1::LAYER_STATE_OK);
      observation.add_attempts()->set_address(std::string(detail_bytes, 'a') + detail);
      report.observations.push_back(std::move(observation));
    }
    report.vantage.set_egress(v1::EGRESS_TUN);
    report.vantage.set_region("XX");
    report.use_of_hour = report.use_of_day = {7, 2048, 4096};
    on_round_(++rounds);
    // As the engine does.
    while (hang && options.keep_going()) {
    }
    if (options.keep_going) options.keep_going();
    return report;
  }
  void Stop() override {}

  size_t detail_bytes = 20;
  std::string detail;
  bool hang = false;  // A round ends only when it is no longer wanted.
  int rounds = 0;
  int64_t round_time_ms = 0;

 private:
  std::function<void(int round)> on_round_;
};

// No collector answers.
class DeadTransport : public Transport {
 public:
  absl::Status Run(const std::string&, UplinkSession&) override {
    return absl::UnavailableError("connection refused");
  }
  void Cancel() override {}
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_TESTS_AGENT_FAKE_PROBER_H_
