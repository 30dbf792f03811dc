// What a doctor found, of an agent or of a collector, and how it is written.
#ifndef SIGHTLINE_COMMON_FINDING_H_
#define SIGHTLINE_COMMON_FINDING_H_

#include <cstddef>
#include <string>
#include <vector>

namespace sightline {

enum class Level {
  kOk,
  kWarning,  // It works, and somebody should know.
  kProblem,  // It cannot do its work, or not safely.
};

struct Finding {
  Level level = Level::kOk;
  std::string check;   // One word, such as "key".
  std::string text;    // What is so, and what it means.
  std::string advice;  // What to do; empty when there is nothing to do.
  bool operator==(const Finding&) const = default;
};

Finding Ok(std::string check, std::string text);
Finding Warning(std::string check, std::string text, std::string advice);
Finding Problem(std::string check, std::string text, std::string advice);

size_t CountOf(const std::vector<Finding>& findings, Level level);

// One line each, in columns: "warning  dns  TEXT. Do: ADVICE."; then a line that sums up.
std::string FormatFindings(const std::vector<Finding>& findings);
// {"problems": 1, "warnings": 0, "findings": [{"level": "problem", "check": ..., "text": ...,
// "advice": ...}]}
std::string FormatFindingsJson(const std::vector<Finding>& findings);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_FINDING_H_
