#include "collector/cli/interrupt.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace sightline::cli {
namespace {

std::atomic<int> signalled_fd = -1;

void Wake(int event_fd) {
  const uint64_t one = 1;
  // It can fail only when the counter is full, and then the waiter wakes all the same.
  [[maybe_unused]] const ssize_t written = write(event_fd, &one, sizeof(one));
}

void OnSignal(int) {
  const int saved_errno = errno;
  if (const int event_fd = signalled_fd.load(); event_fd >= 0) Wake(event_fd);
  errno = saved_errno;
}

}  // namespace

Interrupt::Interrupt() : event_fd_(eventfd(0, EFD_CLOEXEC)) {
  // Not in the handler: what is woken by a stop takes locks.
  waiter_ = std::thread([this] {
    uint64_t count = 0;
    while (read(event_fd_, &count, sizeof(count)) < 0 && errno == EINTR) {
    }
    source_.request_stop();
  });
  signalled_fd.store(event_fd_);
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  sigaction(SIGINT, &action, &old_interrupt_);
  sigaction(SIGTERM, &action, &old_terminate_);
}

Interrupt::~Interrupt() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
  signalled_fd.store(-1);
  Wake(event_fd_);
  waiter_.join();
  close(event_fd_);
}

}  // namespace sightline::cli
