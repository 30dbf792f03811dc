#include "collector/store/pq_words.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "common/redact.h"

namespace sightline {

std::string SqlErrorInWords(absl::string_view what) {
  return RedactAddresses(what.substr(0, what.find('\n')));
}

std::string LostConnectionInWords(absl::string_view what) {
  what = what.substr(0, what.find('\n'));
  // Otherwise the URL itself is quoted, and may have quotes in its password.
  const bool quotes_pair = absl::StartsWith(what, "connection to server");
  std::string result;
  for (;;) {
    const size_t open = what.find('"');
    result.append(what.data(), std::min(open, what.size()));
    if (open == absl::string_view::npos) break;
    size_t close = quotes_pair ? what.find('"', open + 1) : what.rfind('"');
    if (close == open) close = absl::string_view::npos;
    // Of all that libpq quotes here only these are no host, path or URL.
    const bool harmless = absl::EndsWith(result, "user ") || absl::EndsWith(result, "role ") ||
                          absl::EndsWith(result, "database ");
    if (harmless && close != absl::string_view::npos) {
      result.append(what.data() + open, close + 1 - open);
    } else {
      result.append("(...)");
    }
    if (close == absl::string_view::npos) break;
    what.remove_prefix(close + 1);
  }
  return RedactAddresses(result);
}

}  // namespace sightline
