#include "collector/cli/progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace sightline::cli {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(200);
constexpr absl::Duration kLines = absl::Seconds(5);

}  // namespace

Progress::~Progress() {
  if (drawn_) *terminal_.err << "\r\x1b[K" << std::flush;
}

void Progress::Show(const std::string& what, const std::string& unit, uint64_t done,
                    uint64_t total) {
  const absl::Time now = terminal_.clock->Now();
  if (stage_ != what) {
    stage_ = what;
    begun_ = shown_ = now;
  }
  if (total == 0 || now - shown_ < (terminal_.live ? kRedraw : kLines)) return;
  shown_ = now;
  const double seconds = absl::ToDoubleSeconds(now - begun_);
  const auto rate = static_cast<uint64_t>(static_cast<double>(done) / seconds);
  const double share = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  const std::string line =
      absl::StrCat(what, ": ", static_cast<int>(100 * share), " %, ", rate, " ", unit, "/s");
  drawn_ = terminal_.live;
  *terminal_.err << (terminal_.live ? absl::StrCat("\r", line, "\x1b[K") : line + "\n")
                 << std::flush;
}

}  // namespace sightline::cli
