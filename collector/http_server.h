// A small HTTP/1.1 server for what the collector shows: GET and HEAD, bounded in everything.
#ifndef SIGHTLINE_COLLECTOR_HTTP_SERVER_H_
#define SIGHTLINE_COLLECTOR_HTTP_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sightline {

struct HttpRequest {
  std::string method;  // "GET" or "HEAD"
  // "/" and segments of letters, digits, '-', '_' and '.' between single '/'. No segment begins
  // with a dot. Every other path was answered with 404 already.
  std::string path;
  std::string query;                           // behind the '?', not decoded
  std::map<std::string, std::string> headers;  // lower-case names; of a repeated one the first
};

struct HttpResponse {
  int status = 200;  // 304 has no body and no content type
  std::string content_type;
  std::string body;  // of GET; HEAD gets its length
  std::vector<std::pair<std::string, std::string>> headers;
  // In place of `body`: one that other responses share. May be nullptr.
  std::shared_ptr<const std::string> shared_body = nullptr;

  const std::string& sent_body() const { return shared_body == nullptr ? body : *shared_body; }
};

// Whether the caller has the version of that tag (without quotes), by If-None-Match.
bool HasTag(const HttpRequest& request, absl::string_view tag);
// Whether the caller takes gzip, by Accept-Encoding.
bool TakesGzip(const HttpRequest& request);

// Runs on the server's only thread: must not wait for anything. Must not throw.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

struct HttpOptions {
  std::string listen;  // "ADDRESS:PORT", IPv6 in brackets; port 0 takes a free one
  // For each request: from the end of the one before until its response is sent. So it also ends
  // connections that are idle.
  absl::Duration deadline = absl::Seconds(10);
  // One more takes the place of the one that is open for longest.
  size_t connections_max = 512;
  // Of all responses on their way. Beyond that the connection that is open for longest is cut.
  size_t sending_bytes_max = size_t{8} << 20;
  uint32_t header_bytes_max = 8192;  // request line and headers
  size_t path_bytes_max = 1024;      // with the query
  int requests_max = 1000;           // of one connection
};

// Requests with a body, of other methods and beyond the limits get a 4xx and lose their connection.
// Runs on one thread, at a lower priority than the rest of the program, from Start until it is
// destroyed. Thread-safe.
class HttpServer {
 public:
  // INVALID_ARGUMENT: no such address. UNAVAILABLE: it cannot be bound.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(HttpOptions options,
                                                           HttpHandler handler);
  // Cuts what is open.
  virtual ~HttpServer() = default;

  virtual int port() const = 0;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_HTTP_SERVER_H_
