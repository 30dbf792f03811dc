// A service manager's end of the notification socket, for tests.
#ifndef SIGHTLINE_TESTS_COMMON_NOTIFY_MANAGER_H_
#define SIGHTLINE_TESTS_COMMON_NOTIFY_MANAGER_H_

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

namespace sightline {

// A manager's end of the socket. `name` is a path, or "@NAME".
class NotifyManager {
 public:
  explicit NotifyManager(const std::string& name)
      : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())),
              0);
  }
  NotifyManager(const NotifyManager&) = delete;
  NotifyManager& operator=(const NotifyManager&) = delete;
  ~NotifyManager() { close(fd_); }

  // What came, within `wait_ms`.
  std::string Wait(int wait_ms = 20'000) const {
    pollfd one = {fd_, POLLIN, 0};
    poll(&one, 1, wait_ms);
    return Next();
  }
  // The first message from now on that holds `text`; what came before it is dropped.
  std::string WaitFor(const std::string& text) const {
    std::string message = Wait();
    while (message != "nothing" && message.find(text) == std::string::npos) message = Wait();
    return message;
  }
  // What came, or "nothing".
  std::string Next() const {
    char buffer[1024];
    const ssize_t size = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(buffer, static_cast<size_t>(size));
  }

 private:
  int fd_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COMMON_NOTIFY_MANAGER_H_
