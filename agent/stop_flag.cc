#include "agent/stop_flag.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace sightline::agent {
namespace {

std::atomic<StopFlag*> signalled_flag = nullptr;
std::atomic<probe::Prober*> signalled_prober = nullptr;

void OnSignal(int) {
  const int saved_errno = errno;
  if (StopFlag* flag = signalled_flag.load()) flag->Request();
  if (probe::Prober* prober = signalled_prober.load()) prober->Stop();
  errno = saved_errno;
}

void OnReloadSignal(int) {
  const int saved_errno = errno;
  if (StopFlag* flag = signalled_flag.load()) flag->RequestReload();
  errno = saved_errno;
}

bool IsIgnored(int signal) {
  struct sigaction now = {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

StopFlag::StopFlag() : event_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

StopFlag::~StopFlag() { close(event_fd_); }

void StopFlag::Request() {
  requested_.store(true);
  Ring();
}

void StopFlag::RequestReload() {
  reload_.store(true);
  Ring();
}

void StopFlag::Ring() {
  const uint64_t one = 1;
  // It can fail only when the counter is full, and then the waiter wakes all the same.
  [[maybe_unused]] const ssize_t written = write(event_fd_, &one, sizeof(one));
}

bool StopFlag::WaitFor(absl::Duration delay) {
  if (requested() || reload_.load()) return requested();
  pollfd poll_fd = {event_fd_, POLLIN, 0};
  const absl::Duration bounded = std::clamp(delay, absl::ZeroDuration(), absl::Hours(24));
  const timespec time = absl::ToTimespec(bounded);
  if (ppoll(&poll_fd, 1, &time, nullptr) > 0) {
    // What rang is in the flags, and the next call is to wait again.
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = read(event_fd_, &count, sizeof(count));
  }
  return requested();
}

StopOnSignals::StopOnSignals(StopFlag& flag, probe::Prober& prober, OnHangup on_hangup) {
  signalled_flag.store(&flag);
  signalled_prober.store(&prober);
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  const bool reloads = on_hangup == OnHangup::kReload;
  if (reloads) action.sa_handler = OnReloadSignal;
  if (reloads || !IsIgnored(SIGHUP)) sigaction(SIGHUP, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

StopOnSignals::~StopOnSignals() {
  signalled_flag.store(nullptr);
  signalled_prober.store(nullptr);
}

}  // namespace sightline::agent
