// Posts to receivers over HTTP/1.1, by libcurl: TLS 1.2 or later with the certificate and the name
// verified, proxies as the environment says, no redirects, and bounded in time and bytes.
#ifndef SIGHTLINE_COLLECTOR_WEBHOOK_HTTP_POST_H_
#define SIGHTLINE_COLLECTOR_WEBHOOK_HTTP_POST_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sightline {

// Whether posts to this URL are made: "https", or "http" to localhost, 127.0.0.0/8 or [::1];
// without a user name. INVALID_ARGUMENT says what is wrong, without the URL.
absl::Status CheckUrl(const std::string& url);

// What may be shown of a URL: its host. Path and query may hold a token.
std::string HostOf(const std::string& url);

struct HttpPostOptions {
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration timeout = absl::Seconds(15);  // of the whole
  // Headers and body of a response. What comes beyond is not read; the status counts.
  size_t response_bytes_max = size_t{64} * 1024;
  std::string roots_pem;  // certificates to trust; empty: the system's
};

struct HttpPostRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct HttpPostResult {
  int http_status = 0;         // 0: there was no response
  std::string error;           // empty when the status is 2xx
  absl::Duration retry_after;  // that the response asked for; 0: none
  absl::Duration duration;
};

// Posts at the same time; one slow receiver does not hold up another. One thread uses it, which
// does all of the work in Wait; only Wake may be called by others.
class HttpPoster {
 public:
  struct Finished {
    std::string name;
    HttpPostResult result;
  };

  explicit HttpPoster(HttpPostOptions options);
  ~HttpPoster();

  // `name` comes back with the result. Whoever calls bounds how many are under way.
  void Start(std::string name, HttpPostRequest request);

  // What has finished. Waits for the first to finish, `wait_max` at most, or until Wake is called.
  std::vector<Finished> Wait(absl::Duration wait_max);

  // Ends the present or the next Wait. Thread-safe.
  void Wake();

  // Whether nothing is under way. For the thread that uses it.
  bool idle() const;

  // Breaks off what is under way. A receiver may have got it.
  void Cancel();

 private:
  class Posts;
  const std::unique_ptr<Posts> posts_;
};

// One post; waits for its end. Thread-safe.
HttpPostResult HttpPost(const HttpPostOptions& options, HttpPostRequest request);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WEBHOOK_HTTP_POST_H_
