#ifndef SIGHTLINE_AGENT_PROBE_CHANNEL_H_
#define SIGHTLINE_AGENT_PROBE_CHANNEL_H_

// What an application's own handshake speaks through: a bare connection or WebSocket frames. For
// the engine only: this header costs seconds to compile.

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <string>

#include "absl/strings/string_view.h"

namespace sightline::probe {

// Bytes in order, both ways. Not thread-safe; one call at a time.
class Channel {
 public:
  virtual ~Channel() = default;

  // Sends all of `bytes`, which must live until the return; in one message where there are
  // messages.
  virtual boost::asio::awaitable<boost::system::error_code> Write(absl::string_view bytes) = 0;

  // Appends to `bytes` what has arrived, at least one byte and at most `bytes_max`.
  virtual boost::asio::awaitable<boost::system::error_code> ReadSome(std::string* bytes,
                                                                     size_t bytes_max) = 0;
};

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_CHANNEL_H_
