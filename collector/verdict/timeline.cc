#include "collector/verdict/timeline.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "collector/verdict/lasting.h"
#include "collector/verdict/timeline_series.h"
#include "collector/verdict/timeline_votes.h"
#include "collector/verdict/verdict.h"
#include "common/message.h"

namespace sightline {
namespace {

using internal::v1::Series;
using Key = std::pair<std::string, uint32_t>;  // region and asn

// What is at rest and was not heard of for so long is forgotten, so that a history does not grow
// with every network that was ever seen.
constexpr absl::Duration kForget = absl::Hours(30 * 24);
static_assert(kForget < Timeline::kSilenceMax);

auto OrderOf(const v1::Event& event) {
  return std::make_tuple(FromProto(event.onset_time()), event.region(), event.asn());
}

void Sort(std::vector<v1::Event>& events) {
  std::sort(events.begin(), events.end(),
            [](const v1::Event& a, const v1::Event& b) { return OrderOf(a) < OrderOf(b); });
}

// One window of one target on its way into the history.
class WindowStep {
 public:
  WindowStep(const GridWindow& window, internal::v1::Timeline& state, std::vector<v1::Event>& ended)
      : window_(window), state_(state), ended_(ended) {
    for (Series& series : *state.mutable_series()) {
      series_.emplace(Key(series.region(), series.asn()), std::move(series));
    }
  }

  void Run(const internal::v1::Cells& cells) {
    LoseSightAt(window_.start);
    const RegionVotes votes = VotesOf(cells);
    const std::set<uint32_t> apart = NetworksApart(
        votes, [this](const std::string& region, uint32_t asn) { return Find(region, asn); });
    std::set<std::string> heard;
    for (const auto& [region, networks] : votes) {
      if (StepRegion(region, networks, apart)) heard.insert(region);
    }
    StepNetworks(votes, apart, heard);
    LoseSightAt(window_.start + window_.length);
    Finish();
  }

 private:
  const Series* Find(const std::string& region, uint32_t asn) const {
    const auto found = series_.find({region, asn});
    return found == series_.end() ? nullptr : &found->second;
  }

  void Step(const std::string& region, uint32_t asn, const SeriesVotes& votes) {
    Series& series = series_[{region, asn}];
    series.set_region(region);
    series.set_asn(asn);
    Keep(StepSeries(window_, votes, series));
  }

  // Whether it was heard. Of a region at rest, the votes of networks apart count as if they said
  // what the region always said: without them it would be another mixture of networks, with another
  // level.
  bool StepRegion(const std::string& region, const NetworkVotes& networks,
                  const std::set<uint32_t>& apart) {
    SeriesVotes sum;
    double weight_apart = 0;
    for (const auto& [asn, votes] : networks) {
      if (apart.contains(asn)) {
        weight_apart += votes.weight;
      } else {
        sum.Add(votes);
      }
    }
    if (!sum.Speak()) return false;
    const Series* history = Find(region, 0);
    if (history != nullptr && Settled(*history) && !history->has_ongoing()) {
      sum.Add(VotesAtRest(*history, weight_apart));
    }
    Step(region, 0, sum);
    return true;
  }

  // A network is heard in the regions at rest only: what becomes different in one of the others is
  // the region's. One that something is going on in is heard everywhere. A hint at a change counts
  // only when the network stands apart: many regions may each hide a share too small to tell.
  bool Hears(const std::string& region, uint32_t asn, const std::set<uint32_t>& apart,
             const std::set<std::string>& heard) const {
    const Series* network = Find("", asn);
    if (network != nullptr && network->has_ongoing()) return true;
    const Series* history = Find(region, 0);
    if (history == nullptr || !AtRest(*history)) return false;
    return heard.contains(region) || apart.contains(asn);
  }

  void StepNetworks(const RegionVotes& votes, const std::set<uint32_t>& apart,
                    const std::set<std::string>& heard) {
    std::map<uint32_t, std::pair<int, SeriesVotes>> networks;  // regions, sum of their votes
    for (const auto& [region, by_network] : votes) {
      for (const auto& [asn, each] : by_network) {
        if (asn == 0 || !Hears(region, asn, apart, heard)) continue;
        auto& [regions, sum] = networks[asn];
        ++regions;
        sum.Add(each);
      }
    }
    for (const auto& [asn, entry] : networks) {
      const auto& [regions, sum] = entry;
      if (regions < 2 || !sum.Speak()) continue;
      const Series* network = Find("", asn);
      const bool hint =
          network != nullptr && Settled(*network) && EvidenceOfChange(*network, sum) > 0;
      if (!hint || apart.contains(asn)) Step("", asn, sum);
    }
  }

  void LoseSightAt(absl::Time now) {
    for (auto& [key, series] : series_) Keep(LoseSight(now, window_.length, series));
  }

  void Keep(std::optional<v1::Event> event) {
    if (!event.has_value()) return;
    const absl::Duration lasted = FromProto(event->end_time()) - FromProto(event->onset_time());
    if (event->end() == v1::EVENT_END_REVERSED) state_.set_ended(state_.ended() + 1);
    state_.set_ended_exposure(state_.ended_exposure() + Exposure(lasted));
    ended_.push_back(*std::move(event));
  }

  void Finish() {
    state_.set_window_start_ms(absl::ToUnixMillis(window_.start));
    state_.clear_series();
    for (auto& [key, series] : series_) {
      if (window_.start - LastSeen(series, window_.length) >= kForget) continue;
      *state_.add_series() = std::move(series);
    }
  }

  const GridWindow window_;
  internal::v1::Timeline& state_;
  std::vector<v1::Event>& ended_;
  std::map<Key, Series> series_;
};

double LastsProbabilityOf(const v1::Event& event, absl::Time seen, const LastingRecord& record) {
  if (event.has_long_run_time()) return 1;
  const absl::Duration age = seen - FromProto(event.onset_time());
  return LastsProbability(record, age, age < kSustained ? kSustained : kLongRun);
}

}  // namespace

Timeline::Timeline(absl::Duration window_length) {
  state_.set_ruleset_version(std::string(kRulesetVersion));
  state_.set_length_ms(absl::ToInt64Milliseconds(window_length));
}

absl::StatusOr<Timeline> Timeline::Parse(absl::string_view bytes, absl::Duration window_length) {
  Timeline timeline(window_length);
  internal::v1::Timeline state;
  if (!state.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("the bytes are no timeline");
  }
  if (state.ruleset_version() != timeline.state_.ruleset_version()) {
    return absl::DataLossError(
        absl::StrCat("the timeline was made by ruleset \"", state.ruleset_version(), "\""));
  }
  if (state.length_ms() != timeline.state_.length_ms()) {
    return absl::DataLossError(
        absl::StrCat("the timeline has windows of ", state.length_ms(), " ms"));
  }
  timeline.state_ = std::move(state);
  return timeline;
}

std::string Timeline::Serialize() const { return state_.SerializeAsString(); }

std::optional<absl::Time> Timeline::last() const {
  if (!state_.has_window_start_ms()) return std::nullopt;
  return absl::FromUnixMillis(state_.window_start_ms());
}

void Timeline::Step(absl::Time start, const internal::v1::Cells& cells) {
  assert(!last().has_value() || start > *last());
  const absl::Duration length = absl::Milliseconds(state_.length_ms());
  if (const std::optional<absl::Time> before = last(); before.has_value()) {
    // One by one, so that a window that is left out is the same as one in which nobody spoke. A
    // history without series has nothing to lose sight of.
    for (absl::Time silent = *before + length; silent < start && state_.series_size() > 0;
         silent += length) {
      WindowStep({silent, length}, state_, ended_).Run({});
    }
  }
  WindowStep({start, length}, state_, ended_).Run(cells);
}

std::vector<v1::Event> Timeline::TakeEnded() {
  std::vector<v1::Event> events = std::exchange(ended_, {});
  Sort(events);
  return events;
}

std::vector<v1::Event> Timeline::Ongoing() const {
  const absl::Duration length = absl::Milliseconds(state_.length_ms());
  const LastingRecord record{state_.ended(), state_.ended_exposure()};
  std::vector<v1::Event> events;
  for (const Series& series : state_.series()) {
    if (!series.has_ongoing()) continue;
    events.push_back(OngoingEvent(series));
    events.back().set_lasts_probability(
        LastsProbabilityOf(events.back(), LastSeen(series, length), record));
  }
  Sort(events);
  return events;
}

}  // namespace sightline
