// What the service manager hears of the agent: that it works, what it does, that it is alive.
#ifndef SIGHTLINE_AGENT_SERVICE_REPORT_H_
#define SIGHTLINE_AGENT_SERVICE_REPORT_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/service_notify.h"

namespace sightline::agent {

// Without a manager nothing is said. One thread: the one that is to be proved alive.
class ServiceReport {
 public:
  explicit ServiceReport(ServiceNotify notify) : notify_(std::move(notify)) {}

  // The agent works, and `text`, one line, is what it does. Says READY the first time and after
  // Reloading(), and the text whenever it is another one.
  void Works(absl::string_view text);
  void Reloading();
  void Stopping() { notify_.Stopping(); }

  // The thread goes on as it should. Says so to a watchdog, not more often than it needs.
  void Alive();
  // How long the thread may sleep: half the watchdog's interval, or for ever.
  absl::Duration sleep_max() const;

 private:
  const ServiceNotify notify_;
  bool ready_ = false;
  std::string text_;
  absl::Time said_alive_ = absl::InfinitePast();  // By the clock that nobody sets.
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_SERVICE_REPORT_H_
