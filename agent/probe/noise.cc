#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/errc.hpp>
#include <chrono>

#include "absl/numeric/bits.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "agent/probe/failure.h"
#include "agent/probe/noise_handshake.h"
#include "agent/probe/steps.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// A connection without frames of its own.
template <typename Stream>
class StreamChannel : public Channel {
 public:
  explicit StreamChannel(Stream& stream) : stream_(stream) {}

  asio::awaitable<error_code> Write(absl::string_view bytes) override {
    error_code error;
    co_await asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()),
                               asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

  asio::awaitable<error_code> ReadSome(std::string* bytes, size_t bytes_max) override {
    const size_t before = bytes->size();
    bytes->resize(before + bytes_max);
    error_code error;
    const size_t got =
        co_await stream_.async_read_some(asio::buffer(bytes->data() + before, bytes_max),
                                         asio::redirect_error(asio::use_awaitable, error));
    bytes->resize(before + got);
    co_return error;
  }

 private:
  Stream& stream_;
};

std::unique_ptr<Channel> PlainChannel(Connection& connection) {
  if (connection.tls.has_value()) {
    return std::make_unique<StreamChannel<TlsStream>>(*connection.tls);
  }
  return std::make_unique<StreamChannel<TcpSocket>>(connection.socket);
}

std::string ChannelFailure(const error_code& error) {
  if (error == asio::ssl::error::stream_truncated) return std::string(kEof);
  // A WebSocket that breaks its own rules.
  if (error == boost::system::errc::bad_message) return std::string(kNoiseMalformedMessage);
  if (error.category() == asio::error::get_ssl_category()) return std::string(kTlsFailedHandshake);
  return FailureFromError(error);
}

asio::awaitable<error_code> ReadExactly(Channel& channel, size_t count, std::string* bytes) {
  bytes->clear();
  while (bytes->size() < count) {
    const error_code error = co_await channel.ReadSome(bytes, count - bytes->size());
    if (error) co_return error;
  }
  co_return error_code();
}

// Returns the failure; empty when the service proved itself.
asio::awaitable<std::string> Exchange(Channel& channel, const NoiseHandshake& handshake,
                                      v1::NoiseEvidence& evidence) {
  error_code error = co_await channel.Write(handshake.first_message());
  if (error) co_return ChannelFailure(error);
  std::string bytes;
  error = co_await ReadExactly(channel, kNoiseLengthBytes, &bytes);
  if (error) co_return ChannelFailure(error);
  const std::optional<size_t> length = NoiseFrameLength(bytes);
  if (!length.has_value()) co_return std::string(kNoiseMalformedMessage);
  error = co_await ReadExactly(channel, *length, &bytes);
  if (error) co_return ChannelFailure(error);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const NoiseVerdict verdict =
      handshake.Judge(bytes, std::chrono::duration_cast<std::chrono::seconds>(now).count());
  evidence.set_leaf_serial(verdict.leaf_serial);
  evidence.set_verified(verdict.verified());
  co_return std::string(verdict.failure);
}

uint32_t BitsSet(absl::string_view bytes) {
  uint32_t count = 0;
  for (const char byte : bytes) {
    count += static_cast<uint32_t>(absl::popcount(static_cast<unsigned char>(byte)));
  }
  return count;
}

}  // namespace

asio::awaitable<bool> NoiseStep(Connection& connection, TimePoint deadline) {
  v1::NoiseEvidence& evidence = *connection.evidence.mutable_noise();
  if (connection.request.noise == nullptr) {
    evidence.set_failure("unknown_failure: no Noise profile");
    co_return false;
  }
  const absl::StatusOr<NoiseHandshake> handshake = NoiseHandshake::Start(*connection.request.noise);
  if (!handshake.ok()) {
    evidence.set_failure("unknown_failure: unusable Noise profile");
    co_return false;
  }
  const std::string& message = handshake->first_message();
  evidence.set_first_message_bytes(static_cast<uint32_t>(message.size()));
  evidence.set_first_message_bits_set(BitsSet(message));

  if (connection.channel == nullptr) connection.channel = PlainChannel(connection);
  TcpSocket& socket = connection.socket;
  Watchdog watchdog(socket.get_executor(), deadline, [&socket] { CloseQuietly(socket); });
  const TimePoint start = SteadyClock::now();
  std::string failure = co_await Exchange(*connection.channel, *handshake, evidence);
  evidence.set_handshake_us(MicrosecondsSince(start));
  // What the server said by then counts, however late.
  const bool unheard = !failure.empty() && !absl::StartsWith(failure, "noise_");
  if (watchdog.expired() && unheard) failure = std::string(kTimeout);
  evidence.set_failure(std::move(failure));
  co_return evidence.verified();
}

}  // namespace sightline::probe
