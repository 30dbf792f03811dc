// What PostgreSQL says, in words that may go into logs and health reports.
#ifndef SIGHTLINE_COLLECTOR_STORE_PQ_WORDS_H_
#define SIGHTLINE_COLLECTOR_STORE_PQ_WORDS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sightline {

// Both are pure, and keep the first line only.

// What the server said about a statement, without addresses and URLs.
std::string SqlErrorInWords(absl::string_view what);

// What libpq said about a connection that failed, also without the host names, paths and parts of
// the URL that it quotes.
std::string LostConnectionInWords(absl::string_view what);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_PQ_WORDS_H_
