#include "agent/probe/response.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"

namespace sightline::probe {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

constexpr int kInterimResponsesMax = 4;
constexpr int kFirstFinalStatus = 200;
constexpr int kSwitchingProtocols = 101;
constexpr size_t kLastChunkBytesMin = 5;
// Of what the parser waits for the end of: a header, a chunk's length, trailers.
constexpr size_t kHeldBytesMax = size_t{2} * kHeaderBytesMax;

}  // namespace

// Hands the body on as it comes, in place of gathering it in buffers of its own.
class ResponseReader::Parser : public http::basic_parser<false> {
 public:
  explicit Parser(PageReader* page) : page_(page) {
    header_limit(kHeaderBytesMax);
    body_limit(boost::none);
    eager(true);
  }

  bool interim() const {
    return status_ >= 100 && status_ < kFirstFinalStatus && status_ != kSwitchingProtocols;
  }
  // Fewer bytes than this cannot bring the response further. Beast 1.81 asserts that the last chunk
  // comes in one piece, "0" and two line ends.
  size_t bytes_min() const {
    return is_header_done() && chunked() && chunk_left_ == 0 ? kLastChunkBytesMin : 1;
  }
  int status() const { return status_; }
  const std::string& location() const { return location_; }
  int64_t date_s() const { return date_s_; }

 private:
  void on_request_impl(http::verb /*method*/, string_view /*name*/, string_view /*target*/,
                       int /*version*/, error_code& error) override {
    error = {};
  }
  void on_response_impl(int code, string_view /*reason*/, int /*version*/,
                        error_code& error) override {
    error = {};
    status_ = code;
  }
  void on_field_impl(http::field field, string_view /*name*/, string_view value,
                     error_code& error) override {
    error = {};
    // Trailers come after the header and do not count.
    if (is_header_done()) return;
    if (field == http::field::location && location_.empty()) {
      location_.assign(value.data(), value.size());
    }
    if (field == http::field::date && date_s_ == 0) {
      date_s_ = ParseHttpDate(absl::string_view(value.data(), value.size()));
    }
  }
  void on_header_impl(error_code& error) override { error = {}; }
  void on_body_init_impl(const boost::optional<uint64_t>& /*length*/, error_code& error) override {
    error = {};
  }
  size_t on_body_impl(string_view body, error_code& error) override {
    error = {};
    page_->Feed(absl::string_view(body.data(), body.size()));
    return body.size();
  }
  void on_chunk_header_impl(uint64_t size, string_view /*extensions*/, error_code& error) override {
    error = {};
    chunk_left_ = size;
  }
  size_t on_chunk_body_impl(uint64_t /*remain*/, string_view body, error_code& error) override {
    chunk_left_ -= body.size();
    return on_body_impl(body, error);
  }
  void on_finish_impl(error_code& error) override { error = {}; }

  PageReader* page_;
  int status_ = 0;
  uint64_t chunk_left_ = 0;
  std::string location_;
  int64_t date_s_ = 0;
};

ResponseReader::ResponseReader(PageReader* page)
    : page_(page), parser_(std::make_unique<Parser>(page)) {}

ResponseReader::~ResponseReader() = default;

ResponseReader::State ResponseReader::Feed(absl::string_view bytes) {
  if (state_ != State::kMore) return state_;
  absl::string_view rest = bytes;
  if (!held_.empty()) {
    held_.append(bytes.data(), bytes.size());
    rest = held_;
  }
  error_code error;
  while (rest.size() >= parser_->bytes_min() && !error && state_ == State::kMore) {
    rest.remove_prefix(parser_->put(boost::asio::buffer(rest.data(), rest.size()), error));
    if (page_->full() || (parser_->is_done() && !parser_->interim())) state_ = State::kDone;
    if (state_ == State::kMore && parser_->is_done()) {
      if (++interim_responses_ > kInterimResponsesMax) state_ = State::kBroken;
      parser_ = std::make_unique<Parser>(page_);
    }
  }
  if (state_ == State::kMore && error && error != http::error::need_more) state_ = State::kBroken;
  if (rest.size() > kHeldBytesMax) state_ = State::kBroken;
  std::string held(rest.data(), rest.size());
  held_ = std::move(held);
  return state_;
}

bool ResponseReader::End() {
  if (state_ != State::kMore) return state_ == State::kDone;
  error_code error = http::error::end_of_stream;
  if (parser_->got_some()) parser_->put_eof(error);
  state_ = error ? State::kBroken : State::kDone;
  return !error;
}

uint32_t ResponseReader::status() const {
  const bool known = parser_->is_header_done() && !parser_->interim();
  return known ? static_cast<uint32_t>(parser_->status()) : 0;
}

absl::string_view ResponseReader::location() const {
  return status() == 0 ? absl::string_view() : parser_->location();
}

int64_t ResponseReader::date_s() const { return status() == 0 ? 0 : parser_->date_s(); }

int64_t ParseHttpDate(absl::string_view date) {
  constexpr size_t kLength = 29;
  absl::Time time;
  if (date.size() != kLength ||
      !absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", date, absl::UTCTimeZone(), &time, nullptr)) {
    return 0;
  }
  return std::max<int64_t>(0, absl::ToUnixSeconds(time));
}

std::string PrintableLocation(absl::string_view location) {
  std::string printable;
  for (const char c : location) {
    if (printable.size() == kLocationBytesMax) break;
    if (absl::ascii_isprint(c)) printable += c;
  }
  return printable;
}

}  // namespace sightline::probe
