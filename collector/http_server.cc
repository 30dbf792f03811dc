#include "collector/http_server.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <optional>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace sightline {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Parser = http::request_parser<http::empty_body>;

constexpr std::chrono::milliseconds kAcceptPause(100);
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// "192.0.2.1:80" or "[2001:db8::1]:80".
std::optional<Tcp::endpoint> ParseEndpoint(absl::string_view listen) {
  const size_t colon = listen.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  absl::string_view host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  int port = 0;
  if (!absl::SimpleAtoi(listen.substr(colon + 1), &port) || port < 0 || port > 65535) {
    return std::nullopt;
  }
  error_code error;
  const auto address = asio::ip::make_address(std::string(host), error);
  if (error) return std::nullopt;
  return Tcp::endpoint(address, static_cast<uint16_t>(port));
}

// What HttpRequest promises of a path.
bool IsPlainPath(absl::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  if (path == "/") return true;
  for (const absl::string_view segment : absl::StrSplit(path.substr(1), '/')) {
    if (segment.empty() || segment.front() == '.') return false;
    const bool plain = std::all_of(segment.begin(), segment.end(), [](char c) {
      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
    });
    if (!plain) return false;
  }
  return true;
}

// Who reads pages comes after whoever sends reports.
constexpr int kNice = 10;

HttpResponse Plain(int status, absl::string_view text) {
  return {status, "text/plain; charset=utf-8", absl::StrCat(text, "\n"), {}};
}

class Listener final : public HttpServer {
 public:
  Listener(HttpOptions options, HttpHandler handler)
      : options_(std::move(options)), handler_(std::move(handler)) {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  ~Listener() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Open() {
    const std::optional<Tcp::endpoint> endpoint = ParseEndpoint(options_.listen);
    if (!endpoint.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", options_.listen, "\" is no ADDRESS:PORT; write 127.0.0.1:9464"));
    }
    error_code error;
    acceptor_.open(endpoint->protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(*endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", options_.listen, ": ", error.message()));
    }
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(context_, Accept(), asio::detached);
    thread_ = std::thread([this] {
      // Linux: of this thread alone.
      setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
      context_.run();
    });
    return absl::OkStatus();
  }

  int port() const override { return port_; }

 private:
  // A connection, in open_ while it lives and was not pushed out.
  class Connection {
   public:
    Connection(Listener& listener, Tcp::socket socket)
        : listener_(listener),
          stream(std::move(socket)),
          place_(listener.open_.insert(listener.open_.end(), this)) {}
    ~Connection() {
      Count(0);
      if (place_.has_value()) listener_.open_.erase(*place_);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Frees the descriptor now; whoever waits for the stream gets an error soon.
    void PushOut() {
      Count(0);
      listener_.open_.erase(*place_);
      place_.reset();
      stream.close();
    }

    // So many bytes are on their way to it now.
    void Count(size_t bytes) {
      listener_.sending_bytes_ += bytes - sending_;
      sending_ = bytes;
    }

   private:
    Listener& listener_;
    size_t sending_ = 0;

   public:
    beast::tcp_stream stream;

   private:
    std::optional<std::list<Connection*>::iterator> place_;
  };

  // Counts a response while it is on its way, and makes room for it.
  class Sending {
   public:
    Sending(Listener& listener, Connection& connection, size_t bytes) : connection_(connection) {
      connection.Count(bytes);
      const std::list<Connection*>& open = listener.open_;
      while (listener.sending_bytes_ > listener.options_.sending_bytes_max && !open.empty() &&
             open.front() != &connection) {
        open.front()->PushOut();
      }
    }
    ~Sending() { connection_.Count(0); }
    Sending(const Sending&) = delete;
    Sending& operator=(const Sending&) = delete;

   private:
    Connection& connection_;
  };

  asio::awaitable<void> Accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(kAwait);
      if (error) {
        // Most likely no descriptor is free.
        asio::steady_timer pause(context_, kAcceptPause);
        co_await pause.async_wait(kAwait);
        continue;
      }
      // Whoever holds connections open should not keep others out.
      if (open_.size() >= options_.connections_max) open_.front()->PushOut();
      asio::co_spawn(context_, Serve(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> Serve(Tcp::socket socket) {
    Connection connection(*this, std::move(socket));
    beast::tcp_stream& stream = connection.stream;
    beast::flat_buffer buffer(options_.header_bytes_max);
    for (int served = 0; served < options_.requests_max; ++served) {
      stream.expires_after(absl::ToChronoNanoseconds(options_.deadline));
      Parser parser;
      parser.header_limit(options_.header_bytes_max);
      parser.body_limit(0);
      // Only the header is ever read, so no body and no chunk is parsed.
      const auto [error, bytes] = co_await http::async_read_header(stream, buffer, parser, kAwait);
      const std::optional<HttpResponse> refusal = Refusal(error, parser);
      const bool answerable = refusal.has_value() || !error;
      if (!answerable) co_return;
      const bool last =
          refusal.has_value() || !parser.get().keep_alive() || served + 1 == options_.requests_max;
      const HttpResponse response = refusal.has_value() ? *refusal : Answer(parser.get());
      if (!co_await Send(connection, parser.get(), response, last) || last) break;
    }
    error_code ignored;
    stream.socket().shutdown(Tcp::socket::shutdown_send, ignored);
  }

  // What to say to a request that is not handled; nothing when it is, or nobody is there to hear.
  std::optional<HttpResponse> Refusal(const error_code& error, const Parser& parser) const {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return Plain(431, "the headers are too long");
    }
    if (error == http::error::body_limit) return Plain(413, "a request has no body here");
    if (error == http::error::end_of_stream || error == http::error::partial_message) {
      return std::nullopt;
    }
    if (error && error.category() == http::make_error_code(http::error::bad_method).category()) {
      return Plain(400, "this is no HTTP/1.1 request");
    }
    if (error) return std::nullopt;
    const auto& request = parser.get();
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      HttpResponse response = Plain(405, "only GET and HEAD are answered");
      response.headers.emplace_back("Allow", "GET, HEAD");
      return response;
    }
    if (parser.chunked() || parser.content_length().value_or(0) > 0) {
      return Plain(413, "a request has no body here");
    }
    if (request.target().size() > options_.path_bytes_max)
      return Plain(414, "the path is too long");
    return std::nullopt;
  }

  HttpResponse Answer(const http::request<http::empty_body>& message) const {
    HttpRequest request;
    request.method = std::string(message.method_string());
    const std::string target(message.target());
    const size_t question = std::min(target.find('?'), target.size());
    request.path = target.substr(0, question);
    if (question < target.size()) request.query = target.substr(question + 1);
    if (!IsPlainPath(request.path)) return Plain(404, "there is no such page");
    for (const auto& field : message) {
      request.headers.emplace(absl::AsciiStrToLower(std::string(field.name_string())),
                              std::string(field.value()));
    }
    return handler_(request);
  }

  // Whether all of it was sent.
  asio::awaitable<bool> Send(Connection& connection, const http::request<http::empty_body>& request,
                             const HttpResponse& response, bool last) {
    const std::string& body = response.sent_body();
    const Sending sending(*this, connection, body.size());
    // The body stays where it is.
    http::response<http::span_body<const char>> message;
    message.version(request.version() == 10 ? 10 : 11);
    message.result(static_cast<unsigned>(response.status));
    message.set(http::field::date,
                absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()));
    if (!response.content_type.empty()) {
      message.set(http::field::content_type, response.content_type);
    }
    message.set(http::field::cache_control, "no-store");
    message.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) message.set(name, value);
    message.keep_alive(!last);
    if (response.status != 304) message.content_length(body.size());
    if (request.method() != http::verb::head) message.body() = {body.data(), body.size()};
    const auto [error, bytes] = co_await http::async_write(connection.stream, message, kAwait);
    co_return !error;
  }

  const HttpOptions options_;
  const HttpHandler handler_;
  size_t sending_bytes_ = 0;     // the thread's own
  std::list<Connection*> open_;  // the thread's own; oldest first. Outlives context_'s coroutines
  asio::io_context context_{1};
  Tcp::acceptor acceptor_{context_};
  int port_ = 0;
  std::thread thread_;  // last: started when all else is ready
};

}  // namespace

bool HasTag(const HttpRequest& request, absl::string_view tag) {
  const auto found = request.headers.find("if-none-match");
  if (found == request.headers.end()) return false;
  for (absl::string_view each : absl::StrSplit(found->second, ',')) {
    each = absl::StripAsciiWhitespace(each);
    // Whether the bytes are the same or only mean the same makes no difference here.
    absl::ConsumePrefix(&each, "W/");
    if (each == "*" || each == absl::StrCat("\"", tag, "\"")) return true;
  }
  return false;
}

bool TakesGzip(const HttpRequest& request) {
  const auto found = request.headers.find("accept-encoding");
  if (found == request.headers.end()) return false;
  for (absl::string_view each : absl::StrSplit(found->second, ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(each, ';');
    if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts.front()), "gzip")) continue;
    // "gzip;q=0" means that it is not taken.
    return parts.size() == 1 ||
           absl::StripAsciiWhitespace(parts[1]).find_first_of("123456789") != std::string::npos;
  }
  return false;
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(HttpOptions options,
                                                              HttpHandler handler) {
  auto listener = std::make_unique<Listener>(std::move(options), std::move(handler));
  if (absl::Status status = listener->Open(); !status.ok()) return status;
  return listener;
}

}  // namespace sightline
