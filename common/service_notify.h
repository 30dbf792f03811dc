// What a service tells the manager that started it: that it is ready, that it lives, that it ends.
// The protocol is systemd's, sd_notify(3): datagrams of "KEY=VALUE" lines to the Unix socket that
// NOTIFY_SOCKET names. libsystemd speaks it too, but has no archive that the agent could be linked
// with.
#ifndef SIGHTLINE_COMMON_SERVICE_NOTIFY_H_
#define SIGHTLINE_COMMON_SERVICE_NOTIFY_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sightline {

// Without a manager every call does nothing. Thread-safe. A message that cannot be sent is lost: a
// service must not end because nobody listens to it.
class ServiceNotify {
 public:
  using Getenv = std::function<const char*(const char* name)>;

  // Of the environment of this process. INVALID_ARGUMENT when NOTIFY_SOCKET or WATCHDOG_USEC are
  // there and cannot be understood.
  static absl::StatusOr<ServiceNotify> FromEnvironment(const Getenv& getenv);

  // It does its work from now on, also after Reloading(). `status` is one line for people.
  void Ready(absl::string_view status) const;
  // It reads its settings again.
  void Reloading() const;
  // It ends, in good order.
  void Stopping() const;
  void Status(absl::string_view status) const;
  // It is alive. To be called at least once in watchdog_interval(), by what is to be proved alive.
  void Alive() const;

  // How long it may be silent before the manager starts it anew; nullopt when it may for ever.
  std::optional<absl::Duration> watchdog_interval() const { return watchdog_; }
  bool managed() const { return !socket_.empty(); }

 private:
  void Send(const std::string& message) const;

  // A path, or "@" with a name that no file has. Empty: no manager.
  std::string socket_;
  std::optional<absl::Duration> watchdog_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_SERVICE_NOTIFY_H_
