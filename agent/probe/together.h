#ifndef SIGHTLINE_AGENT_PROBE_TOGETHER_H_
#define SIGHTLINE_AGENT_PROBE_TOGETHER_H_

// Coroutines of one thread that wait for each other. For the engine only: this header costs seconds
// to compile.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace sightline::probe {

// Something that is waited for. Kept alive by whoever waits; set once.
class Event {
 public:
  template <typename Executor>
  explicit Event(const Executor& executor)
      : timer_(executor, boost::asio::steady_timer::time_point::max()) {}

  void Set() {
    set_ = true;
    timer_.cancel();
  }

  static boost::asio::awaitable<void> Wait(std::shared_ptr<Event> event) {
    boost::system::error_code ignored;
    while (!event->set_) {
      co_await event->timer_.async_wait(
          boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
  }

 private:
  bool set_ = false;
  boost::asio::steady_timer timer_;
};

// Runs all tasks side by side and returns when the last one has ended. A task that throws (memory
// ran out) counts as ended.
inline boost::asio::awaitable<void> RunTogether(std::vector<boost::asio::awaitable<void>> tasks) {
  if (tasks.empty()) co_return;
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto done = std::make_shared<Event>(executor);
  const auto left = std::make_shared<size_t>(tasks.size());
  for (boost::asio::awaitable<void>& task : tasks) {
    boost::asio::co_spawn(executor, std::move(task), [done, left](const std::exception_ptr&) {
      if (--*left == 0) done->Set();
    });
  }
  co_await Event::Wait(done);
}

// Makes each value once, however many coroutines ask for it at the same time. Must be destroyed
// before the io_context, or with no coroutine inside.
template <typename T>
class Memo {
 public:
  // The value of `key`, which `make` (a function that returns an awaitable of T) gives the first
  // time; nullptr when making it failed for want of memory. Lives as long as the Memo.
  template <typename Make>
  boost::asio::awaitable<const T*> Get(std::string key, Make make) {
    const std::shared_ptr<Slot> held = slots_[key];
    if (held != nullptr) {
      co_await Event::Wait(held->made);
      co_return held->value.has_value() ? &*held->value : nullptr;
    }
    const auto slot = std::make_shared<Slot>();
    slot->made = std::make_shared<Event>(co_await boost::asio::this_coro::executor);
    slots_[std::move(key)] = slot;
    const Finally finally{slot};
    slot->value = co_await make();
    co_return &*slot->value;
  }

 private:
  struct Slot {
    std::shared_ptr<Event> made;
    std::optional<T> value;
  };
  // Whatever happened, nobody waits for ever.
  struct Finally {
    std::shared_ptr<Slot> slot;
    ~Finally() { slot->made->Set(); }
  };

  absl::flat_hash_map<std::string, std::shared_ptr<Slot>> slots_;
};

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_TOGETHER_H_
