// The half of Follower that looks at what has been read.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/verdict/checkpoint.h"
#include "collector/verdict/follow.h"
#include "common/message.h"
#include "common/plan.h"

namespace sightline {
namespace {

absl::Status NoSuchCountry(absl::string_view country, const v1::Plan& plan) {
  const std::string known =
      absl::StrJoin(plan.countries(), ", ", [](std::string* out, const v1::CountryRegions& entry) {
        absl::StrAppend(out, entry.country());
      });
  return absl::NotFoundError(absl::StrCat(
      "country: \"", country, "\" is not observed; observed: ", known.empty() ? "none" : known));
}

}  // namespace

absl::Status NothingComplete(const FollowerOptions& options) {
  return absl::UnavailableError(
      absl::StrCat("no window with observations is complete yet; a window takes ",
                   absl::FormatDuration(options.window_length), " and ",
                   absl::FormatDuration(options.grace), " of grace: try again later"));
}

absl::Time Follower::read_until() const {
  absl::Time until = absl::InfiniteFuture();
  for (const auto& [name, node] : nodes_) until = std::min(until, node.read_until);
  return nodes_.empty() ? absl::InfinitePast() : until;
}

void Follower::Forget(absl::Time keep_from) {
  const absl::Time horizon = read_until() - options_.slack - options_.retain;
  fold_.Forget(std::min(horizon, keep_from));
}

int64_t Follower::FinalDay() const {
  if (fold_.horizon() == absl::InfinitePast()) return 0;
  // The first window that ends after the horizon.
  const absl::Time start = fold_.WindowStart(fold_.horizon());
  return absl::ToInt64Hours(absl::Floor(start - absl::UnixEpoch(), absl::Hours(24))) / 24;
}

FoldCheckpoint Follower::Checkpoint(const std::set<absl::Time>& changed) const {
  FoldCheckpoint checkpoint;
  for (const auto& [name, node] : nodes_) checkpoint.positions[name] = node.position;
  for (const absl::Time start : unreadable_) checkpoint.windows[start] = "";
  for (const absl::Time start : changed) {
    const Window* window = fold_.Find(start);
    if (window != nullptr) checkpoint.windows[start] = SerializeWindow(*window);
  }
  if (fold_.horizon() > absl::InfinitePast()) {
    checkpoint.keep_from = fold_.WindowStart(fold_.horizon());
  }
  return checkpoint;
}

const v1::Plan* Follower::PlanAt(absl::Time time) const {
  for (auto plan = plans_.rbegin(); plan != plans_.rend(); ++plan) {
    if (FromProto(plan->second->plan.issue_time()) <= time) return &plan->second->plan;
  }
  return plans_.empty() ? nullptr : &plans_.begin()->second->plan;
}

std::set<std::string> Follower::Countries() const {
  std::set<std::string> countries;
  for (const auto& [version, prepared] : plans_) {
    for (const v1::CountryRegions& entry : prepared->plan.countries()) {
      countries.insert(entry.country());
    }
  }
  return countries;
}

std::map<std::string, uint64_t> Follower::Positions() const {
  std::map<std::string, uint64_t> positions;
  for (const auto& [name, node] : nodes_) positions[name] = node.position;
  return positions;
}

absl::Time Follower::NewestWindow(absl::Time now) const {
  return fold_.LatestComplete(now, options_.grace);
}

Judgement Follower::JudgeWindow(absl::Time start, const v1::Plan& plan,
                                absl::string_view country) const {
  const Window* window = fold_.Find(start);
  if (window != nullptr) return JudgeWithTallies(*window, plan, country, names_);
  Window silent;
  silent.start = start;
  silent.length = options_.window_length;
  return JudgeWithTallies(silent, plan, country, names_);
}

absl::StatusOr<v1::GetSummaryResponse> Follower::Summary(absl::string_view country,
                                                         absl::Time now) const {
  if (country.empty()) {
    return absl::InvalidArgumentError("country: is empty; it must be a code such as \"CN\"");
  }
  const absl::Time start = NewestWindow(now);
  const v1::Plan* plan = PlanAt(start + options_.window_length);
  if (plan == nullptr) {
    return absl::UnavailableError("this collector has no plan yet; publish one");
  }
  if (!IsObservedCountry(*plan, country)) return NoSuchCountry(country, *plan);
  const std::optional<absl::Time> earliest = fold_.Earliest();
  if (!earliest || *earliest > start) return NothingComplete(options_);
  return JudgeWindow(start, *plan, country).summary;
}

}  // namespace sightline
