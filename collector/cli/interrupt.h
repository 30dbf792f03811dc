// Ctrl-C as a wish to stop that can be waited for.
#ifndef SIGHTLINE_COLLECTOR_CLI_INTERRUPT_H_
#define SIGHTLINE_COLLECTOR_CLI_INTERRUPT_H_

#include <signal.h>

#include <stop_token>
#include <thread>

namespace sightline::cli {

// While it lives, the first SIGINT and the first SIGTERM ask token() to stop; a second one ends the
// process, should the command hang. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  int event_fd_;
  std::thread waiter_;
  struct sigaction old_interrupt_ = {};
  struct sigaction old_terminate_ = {};
};

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_INTERRUPT_H_
