// A manual page of a program, made of its own parser, so that the two cannot differ.
#ifndef SIGHTLINE_COMMON_FLAGS_MAN_PAGE_H_
#define SIGHTLINE_COMMON_FLAGS_MAN_PAGE_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace sightline::flags {

// Adds the hidden command `man-page`, which packages are made with; `chosen` is called for it.
void AddManPageCommand(CLI::App& app, std::function<void()> chosen);

// The page in man(7)'s macros, section 1: name, synopsis, every command that is not hidden with its
// flags and variables, and the examples that stand behind them. `version` goes into the footer. It
// holds no date, so that the same program gives the same bytes. Pure.
std::string ManPage(const CLI::App& app, const std::string& version);

}  // namespace sightline::flags

#endif  // SIGHTLINE_COMMON_FLAGS_MAN_PAGE_H_
