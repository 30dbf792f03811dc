#include "common/service_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace sightline {
namespace {

// One line: a line break would begin another variable.
std::string OneLine(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\n", " "}, {"\r", " "}});
}

}  // namespace

absl::StatusOr<ServiceNotify> ServiceNotify::FromEnvironment(const Getenv& getenv) {
  ServiceNotify notify;
  if (const char* socket = getenv("NOTIFY_SOCKET"); socket != nullptr && *socket != '\0') {
    notify.socket_ = socket;
    const bool known = socket[0] == '/' || socket[0] == '@';
    if (!known || notify.socket_.size() < 2 ||
        notify.socket_.size() >= sizeof(sockaddr_un{}.sun_path)) {
      return absl::InvalidArgumentError(
          absl::StrCat("NOTIFY_SOCKET: \"", notify.socket_,
                       "\" is no path of a Unix socket; the service manager sets it"));
    }
  }
  const char* microseconds = getenv("WATCHDOG_USEC");
  if (microseconds == nullptr || *microseconds == '\0') return notify;
  int64_t value = 0;
  if (!absl::SimpleAtoi(microseconds, &value) || value <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("WATCHDOG_USEC: \"", microseconds,
                     "\" is no number of microseconds; the service manager "
                     "sets it"));
  }
  // It may be meant for a process that started this one.
  const char* pid = getenv("WATCHDOG_PID");
  int64_t of = 0;
  if (pid == nullptr || (absl::SimpleAtoi(pid, &of) && of == getpid())) {
    notify.watchdog_ = absl::Microseconds(value);
  }
  return notify;
}

void ServiceNotify::Ready(absl::string_view status) const {
  Send(absl::StrCat("READY=1\nSTATUS=", OneLine(status)));
}

void ServiceNotify::Reloading() const {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t microseconds = int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  Send(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=", microseconds));
}

void ServiceNotify::Stopping() const { Send("STOPPING=1"); }

void ServiceNotify::Status(absl::string_view status) const {
  Send(absl::StrCat("STATUS=", OneLine(status)));
}

void ServiceNotify::Alive() const { Send("WATCHDOG=1"); }

void ServiceNotify::Send(const std::string& message) const {
  if (socket_.empty()) return;
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, socket_.data(), socket_.size());
  // A name without a file begins with a NUL, and its length counts.
  if (socket_[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  sendto(fd, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
         reinterpret_cast<const sockaddr*>(&address), size);
  close(fd);
}

}  // namespace sightline
