#include "agent/probe/page.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace sightline::probe {
namespace {

constexpr absl::string_view kOpen = "<title";
constexpr absl::string_view kClose = "</title";
constexpr absl::string_view kReplacement = "\xef\xbf\xbd";
constexpr size_t kSha256PrefixBytes = 8;
// A character that begins within the title's limit may end this far beyond it.
constexpr size_t kTextBytesMax = kTitleBytesMax + 3;

bool EndsTagName(char c) { return absl::ascii_isspace(c) || c == '>' || c == '/'; }

bool IsBlank(char c) { return absl::ascii_isspace(c) || absl::ascii_iscntrl(c); }

// Length of the valid UTF-8 character at the beginning of `text`, 0 when there is none: no overlong
// forms, surrogates or values above U+10FFFF (RFC 3629 section 4).
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  const uint8_t second_min = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const uint8_t second_max = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < second_min || byte(1) > second_max) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  return length;
}

// Of the 7-bit and the 8-bit kind: a terminal may act on either.
bool IsControl(absl::string_view character) {
  if (character.size() == 1) return absl::ascii_iscntrl(character[0]);
  return character.size() == 2 && character[0] == '\xc2' &&
         static_cast<uint8_t>(character[1]) < 0xa0;
}

}  // namespace

void TextSearch::Feed(absl::string_view piece) {
  if (found_ || piece.empty()) return;
  // Across the border first, so that a long piece is searched without copying it.
  const size_t overlap = std::min(piece.size(), text_.size() - 1);
  window_.append(piece.data(), overlap);
  found_ = absl::StrContains(window_, text_) || absl::StrContains(piece, text_);
  if (piece.size() >= text_.size()) {
    window_.assign(piece.data() + piece.size() - overlap, overlap);
  } else if (window_.size() >= text_.size()) {
    window_.erase(0, window_.size() - text_.size() + 1);
  }
}

void TitleFinder::Feed(absl::string_view piece) {
  piece = piece.substr(0, kTitleWithinBytes - seen_);
  seen_ += piece.size();
  for (size_t i = 0; i < piece.size() && state_ != State::kFound; ++i) {
    if (state_ == State::kOutside) {
      i = piece.find('<', i);
      if (i == absl::string_view::npos) return;
    }
    Step(piece[i]);
  }
}

void TitleFinder::Step(char c) {
  switch (state_) {
    case State::kOutside:
      state_ = State::kOpening;
      tag_ = '<';
      return;
    case State::kOpening:
      if (tag_.size() < kOpen.size() && absl::ascii_tolower(c) == kOpen[tag_.size()]) {
        tag_ += c;
      } else if (tag_.size() == kOpen.size() && EndsTagName(c)) {
        state_ = c == '>' ? State::kInside : State::kAttributes;
      } else {
        tag_ = '<';
        if (c != '<') state_ = State::kOutside;
      }
      return;
    case State::kAttributes:
      if (quote_ != 0) {
        if (c == quote_) quote_ = 0;
      } else if (c == '"' || c == '\'') {
        quote_ = c;
      } else if (c == '>') {
        state_ = State::kInside;
      }
      return;
    case State::kInside:
      if (c != '<') return AddToText(c);
      state_ = State::kClosing;
      tag_ = c;
      return;
    case State::kClosing:
      if (tag_.size() < kClose.size() && absl::ascii_tolower(c) == kClose[tag_.size()]) {
        tag_ += c;
      } else if (tag_.size() == kClose.size() && EndsTagName(c)) {
        state_ = State::kFound;
      } else {
        for (const char held : tag_) AddToText(held);
        state_ = State::kInside;
        Step(c);
      }
      return;
    case State::kFound:
      return;
  }
}

void TitleFinder::AddToText(char c) {
  if (IsBlank(c)) {
    space_pending_ = !text_.empty();
    return;
  }
  if (text_.size() >= kTextBytesMax) return;
  if (space_pending_) text_ += ' ';
  space_pending_ = false;
  text_ += c;
}

std::string TitleFinder::Title() const {
  if (state_ != State::kFound) return {};
  return ToValidUtf8(text_, kTitleBytesMax);
}

std::string ToValidUtf8(absl::string_view text, size_t bytes_max) {
  std::string valid;
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    absl::string_view character = length == 0 ? kReplacement : text.substr(0, length);
    if (IsControl(character)) character = kReplacement;
    if (valid.size() + character.size() > bytes_max) break;
    valid.append(character.data(), character.size());
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return valid;
}

PageReader::PageReader(absl::string_view body_contains, absl::string_view count_member)
    : search_(body_contains) {
  if (!count_member.empty()) count_.emplace(count_member);
}

void PageReader::Feed(absl::string_view piece) {
  piece = piece.substr(0, kBodyBytesMax - bytes_);
  if (piece.empty()) return;
  if (digest_ == nullptr) {
    digest_.reset(EVP_MD_CTX_new());
    EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr);
  }
  EVP_DigestUpdate(digest_.get(), piece.data(), piece.size());
  bytes_ += static_cast<uint32_t>(piece.size());
  search_.Feed(piece);
  title_.Feed(piece);
  if (count_.has_value()) count_->Feed(piece);
}

v1::Listing PageReader::Listed() const {
  const std::optional<uint64_t> count = count_.has_value() ? count_->count() : std::nullopt;
  if (!count.has_value()) return v1::LISTING_UNSPECIFIED;
  return *count > 0 ? v1::LISTING_PRESENT : v1::LISTING_ABSENT;
}

std::string PageReader::Sha256Prefix() const {
  if (digest_ == nullptr) return {};
  // The digest goes on being fed, so a copy of it ends here.
  const std::unique_ptr<EVP_MD_CTX, DigestDeleter> copy(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  if (EVP_MD_CTX_copy_ex(copy.get(), digest_.get()) != 1 ||
      EVP_DigestFinal_ex(copy.get(), hash.data(), &size) != 1) {
    return {};
  }
  return {reinterpret_cast<const char*>(hash.data()), kSha256PrefixBytes};
}

bool PageExpected(const v1::Check& check, const PageReader& page) {
  return page.text_found() &&
         (check.title_contains().empty() ||
          absl::StrContains(page.Title(), check.title_contains())) &&
         page.body_bytes() >= check.body_bytes_min() &&
         (check.body_bytes_max() == 0 || page.body_bytes() <= check.body_bytes_max());
}

}  // namespace sightline::probe
