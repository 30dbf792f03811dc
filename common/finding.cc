#include "common/finding.h"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace sightline {
namespace {

const char* NameOf(Level level) {
  switch (level) {
    case Level::kOk:
      return "ok";
    case Level::kWarning:
      return "warning";
    case Level::kProblem:
      return "problem";
  }
  return "";
}

// A line is a finding: what systems and collectors say may hold line breaks.
std::string OneLine(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\n", " "}, {"\r", " "}});
}

// A sentence of it: some end with a mark of their own.
std::string Sentence(const std::string& text) {
  const bool ended = !text.empty() && (text.back() == '.' || text.back() == '?');
  return absl::StrCat(OneLine(text), ended ? "" : ".");
}

std::string Counted(size_t count, absl::string_view what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

}  // namespace

Finding Ok(std::string check, std::string text) {
  return {Level::kOk, std::move(check), std::move(text), ""};
}

Finding Warning(std::string check, std::string text, std::string advice) {
  return {Level::kWarning, std::move(check), std::move(text), std::move(advice)};
}

Finding Problem(std::string check, std::string text, std::string advice) {
  return {Level::kProblem, std::move(check), std::move(text), std::move(advice)};
}

size_t CountOf(const std::vector<Finding>& findings, Level level) {
  return static_cast<size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& finding) { return finding.level == level; }));
}

std::string FormatFindings(const std::vector<Finding>& findings) {
  size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.check.size());
  std::string out;
  for (const Finding& finding : findings) {
    absl::StrAppendFormat(&out, "%-8s %-*s  %s", NameOf(finding.level), static_cast<int>(width),
                          finding.check, Sentence(finding.text));
    if (!finding.advice.empty()) absl::StrAppend(&out, " Do: ", Sentence(finding.advice));
    out += '\n';
  }
  const size_t problems = CountOf(findings, Level::kProblem);
  const size_t warnings = CountOf(findings, Level::kWarning);
  absl::StrAppend(&out, Counted(problems, "problem"), ", ", Counted(warnings, "warning"), ".",
                  problems + warnings == 0 ? " All is well." : "", "\n");
  return out;
}

std::string FormatFindingsJson(const std::vector<Finding>& findings) {
  toml::array list;
  for (const Finding& finding : findings) {
    list.push_back(toml::table{{"level", NameOf(finding.level)},
                               {"check", finding.check},
                               {"text", finding.text},
                               {"advice", finding.advice}});
  }
  const toml::table report{
      {"problems", static_cast<int64_t>(CountOf(findings, Level::kProblem))},
      {"warnings", static_cast<int64_t>(CountOf(findings, Level::kWarning))},
      {"findings", std::move(list)},
  };
  std::ostringstream out;
  out << toml::json_formatter(report) << "\n";
  return out.str();
}

}  // namespace sightline
