#include "collector/webhook/http_post.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <list>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

using Elapsed = std::chrono::steady_clock;

constexpr size_t kUrlBytesMax = 2000;

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

// Out of memory is where this program ends, as everywhere else.
template <typename T>
T* Made(T* made) {
  if (made == nullptr) std::abort();
  return made;
}

// Once in a process, before anything else of libcurl.
void StartCurl() {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kStarted != CURLE_OK) std::abort();
}

CURLM* MakeMulti() {
  StartCurl();
  return Made(curl_multi_init());
}

// A part of a URL; empty when it has none or is no URL.
std::string PartOf(const std::string& text, CURLUPart part) {
  StartCurl();
  const std::unique_ptr<CURLU, FreeUrl> url(Made(curl_url()));
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return "";
  char* value = nullptr;
  if (curl_url_get(url.get(), part, &value, 0) != CURLUE_OK) return "";
  std::string result(value);
  curl_free(value);
  return result;
}

bool IsLoopback(const std::string& host) {
  // libcurl never asks DNS for localhost, and brings numbers into their usual form.
  in_addr address = {};
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24 == 127;
  return host == "localhost" || host == "[::1]";
}

// A post under way. libcurl holds its address.
struct Post {
  std::string name;
  HttpPostRequest request;
  std::unique_ptr<curl_slist, FreeList> headers;
  size_t bytes_left = 0;
  bool cut = false;  // the response was longer
  char detail[CURL_ERROR_SIZE] = {};
  Elapsed::time_point begun = Elapsed::now();
  std::unique_ptr<CURL, FreeEasy> easy;  // the first to go
};

// Counts headers and body; the bytes themselves are dropped.
size_t CountBytes(char* /*data*/, size_t size, size_t count, void* context) {
  Post& post = *static_cast<Post*>(context);
  const size_t bytes = size * count;
  post.cut = bytes > post.bytes_left;
  if (post.cut) return 0;
  post.bytes_left -= bytes;
  return bytes;
}

void SetUp(const HttpPostOptions& options, Post& post) {
  CURL* easy = post.easy.get();
  const bool loopback = IsLoopback(PartOf(post.request.url, CURLUPART_HOST));
  curl_easy_setopt(easy, CURLOPT_URL, post.request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, loopback ? "https,http" : "https");
  if (loopback) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.roots_pem.empty()) {
    curl_blob roots = {const_cast<char*>(options.roots_pem.data()), options.roots_pem.size(),
                       CURL_BLOB_COPY};
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &roots);
  }
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(options.connect_timeout)));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(options.timeout)));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // A name server that does not answer must not hold up the others.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, post.detail);
  post.bytes_left = options.response_bytes_max;
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CountBytes);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &post);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CountBytes);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &post);
  // No "100 Continue" first.
  curl_slist* list = curl_slist_append(nullptr, "expect:");
  for (const auto& [name, value] : post.request.headers) {
    list = Made(curl_slist_append(Made(list), absl::StrCat(name, ": ", value).c_str()));
  }
  post.headers.reset(list);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "sightline-collector");
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post.request.body.c_str());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(post.request.body.size()));
}

std::string ErrorOf(const Post& post, CURLcode code, long status, const HttpPostOptions& options) {
  if (code == CURLE_OPERATION_TIMEDOUT) {
    const absl::Duration took = absl::FromChrono(Elapsed::now() - post.begun);
    return absl::StrCat(
        "no whole response in time (",
        absl::FormatDuration(std::min(absl::Trunc(took, absl::Milliseconds(1)), options.timeout)),
        ")");
  }
  const bool answered = code == CURLE_OK || (post.cut && status != 0);
  if (!answered) return post.detail[0] != '\0' ? post.detail : curl_easy_strerror(code);
  if (status >= 200 && status < 300) return "";
  return absl::StrCat("the response has status ", status,
                      status >= 300 && status < 400
                          ? "; redirects are not followed: give the URL that it leads to"
                          : "");
}

HttpPostResult ResultOf(const Post& post, CURLcode code, const HttpPostOptions& options) {
  HttpPostResult result;
  long status = 0;
  curl_off_t retry_after_s = 0;
  curl_easy_getinfo(post.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(post.easy.get(), CURLINFO_RETRY_AFTER, &retry_after_s);
  result.http_status = static_cast<int>(status);
  result.error = ErrorOf(post, code, status, options);
  result.retry_after = absl::Seconds(retry_after_s);
  result.duration = absl::FromChrono(Elapsed::now() - post.begun);
  return result;
}

}  // namespace

absl::Status CheckUrl(const std::string& url) {
  if (url.empty()) return absl::InvalidArgumentError("must be set");
  if (url.size() > kUrlBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("must have at most ", kUrlBytesMax, " bytes"));
  }
  const std::string scheme = PartOf(url, CURLUPART_SCHEME);
  const std::string host = PartOf(url, CURLUPART_HOST);
  if (!absl::StrContains(url, "://") || scheme.empty() || host.empty()) {
    return absl::InvalidArgumentError("is no URL; write it as https://HOST/PATH");
  }
  if (!PartOf(url, CURLUPART_USER).empty() || !PartOf(url, CURLUPART_PASSWORD).empty()) {
    return absl::InvalidArgumentError("must not have a user name; signatures say who posts");
  }
  if (scheme == "https" || (scheme == "http" && IsLoopback(host))) return absl::OkStatus();
  return absl::InvalidArgumentError(
      scheme == "http" ? "must begin with https://; http:// is for loopback hosts only"
                       : "must begin with https://");
}

std::string HostOf(const std::string& url) { return PartOf(url, CURLUPART_HOST); }

class HttpPoster::Posts {
 public:
  explicit Posts(HttpPostOptions options) : options_(std::move(options)), multi_(MakeMulti()) {}
  Posts(const Posts&) = delete;
  Posts& operator=(const Posts&) = delete;
  ~Posts() { Cancel(); }

  void Start(std::string name, HttpPostRequest request) {
    Post& post = posts_.emplace_back();
    post.name = std::move(name);
    post.request = std::move(request);
    post.easy.reset(Made(curl_easy_init()));
    SetUp(options_, post);
    if (curl_multi_add_handle(multi_.get(), post.easy.get()) != CURLM_OK) std::abort();
  }

  std::vector<Finished> Wait(absl::Duration wait_max) {
    const Elapsed::time_point until = Elapsed::now() + absl::ToChronoNanoseconds(wait_max);
    while (true) {
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      std::vector<Finished> finished = Collect();
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(until - Elapsed::now()).count();
      if (!finished.empty() || left <= 0 || woken_.exchange(false)) return finished;
      curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(left), nullptr);
    }
  }

  void Wake() {
    woken_ = true;
    curl_multi_wakeup(multi_.get());
  }

  bool idle() const { return posts_.empty(); }

  void Cancel() {
    for (Post& post : posts_) curl_multi_remove_handle(multi_.get(), post.easy.get());
    posts_.clear();
  }

 private:
  std::vector<Finished> Collect() {
    std::vector<Finished> finished;
    int waiting = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &waiting)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto post = std::find_if(posts_.begin(), posts_.end(), [message](const Post& each) {
        return each.easy.get() == message->easy_handle;
      });
      finished.push_back({post->name, ResultOf(*post, message->data.result, options_)});
      curl_multi_remove_handle(multi_.get(), post->easy.get());
      posts_.erase(post);
    }
    return finished;
  }

  const HttpPostOptions options_;
  const std::unique_ptr<CURLM, FreeMulti> multi_;
  std::list<Post> posts_;  // gone before multi_
  std::atomic<bool> woken_ = false;
};

HttpPoster::HttpPoster(HttpPostOptions options)
    : posts_(std::make_unique<Posts>(std::move(options))) {}

HttpPoster::~HttpPoster() = default;

void HttpPoster::Start(std::string name, HttpPostRequest request) {
  posts_->Start(std::move(name), std::move(request));
}

std::vector<HttpPoster::Finished> HttpPoster::Wait(absl::Duration wait_max) {
  return posts_->Wait(wait_max);
}

void HttpPoster::Wake() { posts_->Wake(); }

bool HttpPoster::idle() const { return posts_->idle(); }

void HttpPoster::Cancel() { posts_->Cancel(); }

HttpPostResult HttpPost(const HttpPostOptions& options, HttpPostRequest request) {
  HttpPoster poster(options);
  poster.Start("", std::move(request));
  // libcurl keeps to the timeout.
  std::vector<HttpPoster::Finished> finished;
  while (finished.empty()) finished = poster.Wait(options.timeout);
  return std::move(finished[0].result);
}

}  // namespace sightline
