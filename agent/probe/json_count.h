#ifndef SIGHTLINE_AGENT_PROBE_JSON_COUNT_H_
#define SIGHTLINE_AGENT_PROBE_JSON_COUNT_H_

// One whole number of a JSON object that comes in pieces, read without keeping it.

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/strings/string_view.h"

namespace sightline::probe {

// Memory is bounded whatever comes: nothing but the number and the start of a name is kept.
class JsonCount {
 public:
  // Looks for `member` of the object itself, not of what is in it. It must outlive the reader.
  explicit JsonCount(absl::string_view member);
  ~JsonCount();
  JsonCount(const JsonCount&) = delete;
  JsonCount& operator=(const JsonCount&) = delete;

  void Feed(absl::string_view piece);

  // The number, once all of the object has come; nothing before that, and when it is no JSON object
  // in UTF-8, is nested too deep, or does not have the member exactly once with a whole number from
  // 0 on.
  std::optional<uint64_t> count() const;

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_JSON_COUNT_H_
