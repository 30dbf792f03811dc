#ifndef SIGHTLINE_AGENT_PROBE_RESPONSE_H_
#define SIGHTLINE_AGENT_PROBE_RESPONSE_H_

// One HTTP/1.1 response to a GET, from bytes. Pure.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "agent/probe/page.h"

namespace sightline::probe {

inline constexpr uint32_t kHeaderBytesMax = 16 * 1024;
inline constexpr size_t kLocationBytesMax = 512;

// Reads the header and hands the body to a PageReader. Interim responses (1xx) before the final one
// are skipped, at most 4. Memory is bounded whatever the server says.
class ResponseReader {
 public:
  enum class State {
    kMore,    // More bytes are needed.
    kDone,    // The response is complete, or the page is full and the rest does not matter.
    kBroken,  // It is no HTTP/1.1 response, or its header exceeds kHeaderBytesMax.
  };

  // `page` must outlive the reader.
  explicit ResponseReader(PageReader* page);
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  // The next bytes that came. After kDone or kBroken, bytes change nothing.
  State Feed(absl::string_view bytes);

  // No more bytes come. Returns whether the response is complete: a body without length ends here.
  bool End();

  // Of the header, once it is complete; before, 0 and empty.
  uint32_t status() const;
  // Location as received, without outer white space.
  absl::string_view location() const;
  // Date: seconds since 1970-01-01 UTC; 0 when there is none that RFC 9110 allows (IMF-fixdate).
  int64_t date_s() const;

 private:
  class Parser;

  PageReader* page_;
  std::unique_ptr<Parser> parser_;
  // What the parser has not consumed yet.
  std::string held_;
  int interim_responses_ = 0;
  State state_ = State::kMore;
};

// Seconds since 1970-01-01 UTC of an IMF-fixdate, such as "Sun, 06 Nov 1994 08:49:37 GMT"; 0 when
// it is none.
int64_t ParseHttpDate(absl::string_view date);

// What is printable ASCII in `location`, at most kLocationBytesMax of it.
std::string PrintableLocation(absl::string_view location);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_RESPONSE_H_
