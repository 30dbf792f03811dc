// The newest verdicts, where the fold puts them and readers take them.
#ifndef SIGHTLINE_COLLECTOR_BOARD_H_
#define SIGHTLINE_COLLECTOR_BOARD_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Thread-safe. Never waits for anything but a short copy of pointers.
class Board {
 public:
  using Summary = absl::StatusOr<std::shared_ptr<const v1::GetSummaryResponse>>;

  void Put(const std::string& country, Summary summary) {
    const std::lock_guard lock(mutex_);
    summaries_.insert_or_assign(country, std::move(summary));
  }

  // NOT_FOUND for a country that is not under observation.
  Summary Get(const std::string& country) const {
    const std::lock_guard lock(mutex_);
    const auto it = summaries_.find(country);
    if (it != summaries_.end()) return it->second;
    if (summaries_.empty()) return absl::UnavailableError("no plan is published yet");
    std::string known;
    for (const auto& [code, summary] : summaries_) absl::StrAppend(&known, " ", code);
    return absl::NotFoundError(absl::StrCat("country: \"", absl::Utf8SafeCEscape(country),
                                            "\" is not under observation; known:", known));
  }

  // By country.
  std::map<std::string, Summary> All() const {
    const std::lock_guard lock(mutex_);
    return summaries_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Summary> summaries_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_BOARD_H_
