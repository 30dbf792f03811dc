// What a volunteer is told and asked before the agent does anything, in English and Chinese.
#ifndef SIGHTLINE_AGENT_CONSENT_H_
#define SIGHTLINE_AGENT_CONSENT_H_

#include <functional>
#include <istream>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sightline::agent {

enum class Language { kEnglish, kChinese };

// The language that the environment asks for: the first of LC_ALL, LC_MESSAGES and LANG that is not
// empty. "zh..." is Chinese, anything else English. `variable` returns nullptr for what is not set,
// as getenv does.
Language LanguageOf(const std::function<const char*(const char*)>& variable);

// "en" or "zh"; INVALID_ARGUMENT otherwise.
absl::StatusOr<Language> ParseLanguage(absl::string_view name);

// The risk first; then what is probed, sent and kept, and how to pause and to leave.
std::string ConsentText(Language language, const std::string& region,
                        const std::string& state_folder);

// What `forget` does and cannot do.
std::string ForgetText(Language language, const std::string& state_folder);

// How an answer is got.
struct Question {
  Language language = Language::kEnglish;
  bool accept = false;    // The volunteer has read the text and agrees.
  bool terminal = false;  // Somebody can answer.
};

// Prints `text` and asks whether the volunteer agrees. OK after "yes", "y" or "是", in any case of
// letters. FAILED_PRECONDITION, with `otherwise` as the message, after any other answer; also when
// there is nobody to ask.
absl::Status Ask(const Question& question, const std::string& text, absl::string_view otherwise,
                 std::istream& in, std::ostream& out);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_CONSENT_H_
