// Pages of lists. The token of a page is the last key of the page before it, so that entries that
// come or go meanwhile neither repeat others nor hide them.
#ifndef SIGHTLINE_COLLECTOR_PAGING_H_
#define SIGHTLINE_COLLECTOR_PAGING_H_

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"

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
