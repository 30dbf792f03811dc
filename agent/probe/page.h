#ifndef SIGHTLINE_AGENT_PROBE_PAGE_H_
#define SIGHTLINE_AGENT_PROBE_PAGE_H_

// What a body says about who sent it, read piece by piece without keeping it. Pure.

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "agent/probe/json_count.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

inline constexpr uint32_t kBodyBytesMax = 512 * 1024;
// No title is looked for beyond this part of the body.
inline constexpr size_t kTitleWithinBytes = size_t{64} * 1024;
inline constexpr size_t kTitleBytesMax = 128;

// Looks for a text in a body that comes in pieces.
class TextSearch {
 public:
  // `text` must outlive the search; an empty one is found at once.
  explicit TextSearch(absl::string_view text) : text_(text), found_(text.empty()) {}

  void Feed(absl::string_view piece);
  bool found() const { return found_; }

 private:
  absl::string_view text_;
  bool found_;
  // End of what was fed: one byte less than the text has.
  std::string window_;
};

// Finds the first <title>...</title>, in any case and with any attributes. It does not know about
// comments or scripts: a title in there counts. One that does not end is none.
class TitleFinder {
 public:
  void Feed(absl::string_view piece);

  // The text, at most kTitleBytesMax: white space and control characters collapsed to single
  // spaces, entities left alone, always valid UTF-8 (what is not becomes U+FFFD). Empty when there
  // is none.
  std::string Title() const;

 private:
  enum class State { kOutside, kOpening, kAttributes, kInside, kClosing, kFound };

  void Step(char c);
  void AddToText(char c);

  State state_ = State::kOutside;
  size_t seen_ = 0;
  // Bytes of "<title" or "</title" that were met, as they came.
  std::string tag_;
  // Quotation mark that is open within the attributes.
  char quote_ = 0;
  bool space_pending_ = false;
  std::string text_;
};

// `text` with every byte that is not part of valid UTF-8, and every control character, replaced by
// U+FFFD; cut at the end of a character to at most `bytes_max`.
std::string ToValidUtf8(absl::string_view text, size_t bytes_max);

// Everything that is kept of one body.
class PageReader {
 public:
  // Both must outlive the reader; `count_member` is looked for unless it is empty.
  explicit PageReader(absl::string_view body_contains, absl::string_view count_member = "");

  // Takes as much of `piece` as there is room for: kBodyBytesMax over all calls.
  void Feed(absl::string_view piece);

  bool full() const { return bytes_ == kBodyBytesMax; }
  uint32_t body_bytes() const { return bytes_; }
  bool text_found() const { return search_.found(); }
  std::string Title() const { return title_.Title(); }
  // What a body that lists entries says of the one that was asked for.
  v1::Listing Listed() const;
  // First 8 bytes of the SHA-256 of the body as far as it was read; empty when there is none.
  std::string Sha256Prefix() const;

 private:
  struct DigestDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  uint32_t bytes_ = 0;
  TextSearch search_;
  TitleFinder title_;
  std::optional<JsonCount> count_;
  // Made with the first byte.
  std::unique_ptr<EVP_MD_CTX, DigestDeleter> digest_;
};

// Whether the text, the title and the size are what the check expects.
bool PageExpected(const v1::Check& check, const PageReader& page);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_PAGE_H_
