// Pages of lists. The token of a page is the last key of the page before it, so that entries that
// come or go meanwhile neither repeat others nor hide them.
#ifndef SIGHTLINE_COLLECTOR_PAGING_H_
#define SIGHTLINE_COLLECTOR_PAGING_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sightline {

inline constexpr int kPageSizeDefault = 100;
inline constexpr int kPageSizeMax = 1000;

// INVALID_ARGUMENT names the field.
inline absl::StatusOr<size_t> PageSize(int asked) {
  if (asked < 0) return absl::InvalidArgumentError("page_size: must not be negative");
  return static_cast<size_t>(asked == 0 ? kPageSizeDefault : std::min(asked, kPageSizeMax));
}

// The last key of the page before; empty for the first page. INVALID_ARGUMENT names the field.
inline absl::StatusOr<std::string> AfterKey(const std::string& page_token) {
  std::string key;
  if (!absl::WebSafeBase64Unescape(page_token, &key)) {
    return absl::InvalidArgumentError(
        "page_token: must be the next_page_token of an earlier answer");
  }
  return key;
}

// Of lists that begin with the newest number: the one that the page ends before, and its token.
// INVALID_ARGUMENT names the field.
inline absl::StatusOr<int64_t> BeforeSeq(const std::string& page_token) {
  const absl::StatusOr<std::string> key = AfterKey(page_token);
  if (!key.ok()) return key.status();
  int64_t seq = std::numeric_limits<int64_t>::max();
  if (key->empty() || absl::SimpleAtoi(*key, &seq)) return seq;
  return absl::InvalidArgumentError("page_token: must be the next_page_token of an earlier answer");
}
inline std::string TokenBefore(int64_t seq) { return absl::WebSafeBase64Escape(absl::StrCat(seq)); }

// Calls `add` with the entries of one page, in order of their keys; returns the token of the next
// one, empty on the last.
template <typename Entry, typename Request, typename Add>
absl::StatusOr<std::string> FillPage(const std::map<std::string, Entry>& entries,
                                     const Request& request, Add add) {
  const absl::StatusOr<size_t> size = PageSize(request.page_size());
  if (!size.ok()) return size.status();
  const absl::StatusOr<std::string> after = AfterKey(request.page_token());
  if (!after.ok()) return after.status();
  std::string last;
  size_t count = 0;
  for (auto it = entries.upper_bound(*after); it != entries.end(); ++it) {
    if (count == *size) return absl::WebSafeBase64Escape(last);
    add(it->second);
    last = it->first;
    ++count;
  }
  return std::string();
}

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_PAGING_H_
