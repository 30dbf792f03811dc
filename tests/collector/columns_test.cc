#include "collector/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "collector/timeline_query.h"
#include "common/message.h"

namespace sightline {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr absl::Duration kHour = absl::Hours(1);

// Hours since a midnight.
absl::Time At(int hour) { return absl::FromUnixSeconds(1'712'361'600) + hour * kHour; }

struct Said {
  v1::AccessState state = v1::ACCESS_STATE_OPEN;
  double mean = 0.5;
  uint32_t open = 6;
};

v1::TargetVerdict Verdict(v1::Scope scope, const std::vector<std::pair<std::string, Said>>& regions,
                          v1::ServiceState service = v1::SERVICE_STATE_UP) {
  v1::TargetVerdict verdict;
  verdict.set_scope(scope);
  verdict.set_service_state(service);
  for (const auto& [code, said] : regions) {
    v1::RegionAccess& region = *verdict.add_regions();
    region.set_region(code);
    region.set_display_name("name of " + code);
    region.mutable_access()->set_state(said.state);
    region.mutable_access()->set_rate_mean(said.mean);
    region.mutable_access()->set_rate_low(said.mean - 0.1);
    region.mutable_access()->set_rate_high(said.mean + 0.1);
    region.mutable_access()->set_buckets_open(said.open);
    region.mutable_access()->set_buckets_blocked(12 - said.open);
  }
  return verdict;
}

v1::GetTimelineResponse Read(const Columns& columns, int hour, int count, int step_windows = 1,
                             const TimelineMask& mask = {}) {
  TimelineRange range;
  range.start = At(hour);
  range.step_count = count;
  range.step_windows = step_windows;
  range.mask = mask;
  v1::GetTimelineResponse response;
  columns.Read(range, response);
  return response;
}

TEST(ColumnsTest, EachWindowIsAStepAndGapsAreZero) {
  Columns columns(kHour);
  columns.Put(At(3), Verdict(v1::SCOPE_LOCAL, {{"CN-BJ", {v1::ACCESS_STATE_OPEN, 0.75, 9}}}));
  columns.Put(At(1), Verdict(v1::SCOPE_NOWHERE, {{"CN-BJ", {v1::ACCESS_STATE_BLOCKED, 0.1, 1}},
                                                 {"CN-SH", {v1::ACCESS_STATE_UNKNOWN}}}));
  const v1::GetTimelineResponse read = Read(columns, 0, 5);
  EXPECT_EQ(FromProto(read.start_time()), At(0));
  EXPECT_EQ(FromProto(read.step()), kHour);
  EXPECT_EQ(FromProto(read.window_length()), kHour);
  EXPECT_EQ(read.step_count(), 5);
  EXPECT_THAT(read.window_counts(), ElementsAre(0, 1, 0, 1, 0));
  EXPECT_THAT(read.scopes(), ElementsAre(0, v1::SCOPE_NOWHERE, 0, v1::SCOPE_LOCAL, 0));
  EXPECT_THAT(read.service_states(),
              ElementsAre(0, v1::SERVICE_STATE_UP, 0, v1::SERVICE_STATE_UP, 0));
  ASSERT_THAT(read.regions(), SizeIs(2));
  const v1::RegionTimeline& beijing = read.regions(0);
  EXPECT_EQ(beijing.region(), "CN-BJ");
  EXPECT_EQ(beijing.display_name(), "name of CN-BJ");
  EXPECT_THAT(beijing.states(),
              ElementsAre(0, v1::ACCESS_STATE_BLOCKED, 0, v1::ACCESS_STATE_OPEN, 0));
  EXPECT_THAT(beijing.rate_mean_percents(), ElementsAre(0, 10, 0, 75, 0));
  EXPECT_THAT(beijing.rate_low_percents(), ElementsAre(0, 0, 0, 65, 0));
  EXPECT_THAT(beijing.rate_high_percents(), ElementsAre(0, 20, 0, 85, 0));
  EXPECT_THAT(beijing.buckets_open(), ElementsAre(0, 1, 0, 9, 0));
  EXPECT_THAT(beijing.buckets_blocked(), ElementsAre(0, 11, 0, 3, 0));
  EXPECT_THAT(read.regions(1).states(), ElementsAre(0, v1::ACCESS_STATE_UNKNOWN, 0, 0, 0));
  EXPECT_THAT(read.regions(1).rate_mean_percents(), Each(0)) << "nothing is known of it";
}

TEST(ColumnsTest, StepsOfSeveralWindowsSayWhatAllOfThemSay) {
  Columns columns(kHour);
  using State = v1::AccessState;
  const State open = v1::ACCESS_STATE_OPEN, blocked = v1::ACCESS_STATE_BLOCKED,
              unknown = v1::ACCESS_STATE_UNKNOWN, disputed = v1::ACCESS_STATE_DISPUTED,
              down = v1::ACCESS_STATE_DOWN;
  const std::vector<State> states = {open,    open,    unknown, open,     blocked,
                                     unknown, unknown, down,    disputed, down,
                                     unknown, unknown, blocked, blocked,  blocked};
  for (size_t i = 0; i < states.size(); ++i) {
    columns.Put(At(static_cast<int>(i)),
                Verdict(v1::SCOPE_LOCAL, {{"CN-BJ", {states[i], i == 1 ? 0.8 : 0.4, 6}}}));
  }
  const v1::GetTimelineResponse read = Read(columns, 0, 6, 3);
  EXPECT_EQ(FromProto(read.step()), 3 * kHour);
  EXPECT_THAT(read.regions(0).states(),
              ElementsAre(open, v1::ACCESS_STATE_PARTIAL, disputed, down, blocked, 0));
  EXPECT_THAT(read.regions(0).rate_mean_percents(), ElementsAre(60, 40, 0, 0, 40, 0));
  EXPECT_EQ(read.regions(0).rate_low_percents(0), 30u);
  EXPECT_EQ(read.regions(0).rate_high_percents(0), 90u);
  EXPECT_THAT(read.window_counts(), ElementsAre(3, 3, 3, 3, 3, 0));
}

TEST(ColumnsTest, TheScopeOfAStepIsWhatMostWindowsSay) {
  Columns columns(kHour);
  const v1::Scope local = v1::SCOPE_LOCAL, nowhere = v1::SCOPE_NOWHERE,
                  nothing = v1::SCOPE_UNDETERMINED;
  const std::vector<v1::Scope> scopes = {nothing, nothing, local, local,   local,
                                         nowhere, nowhere, local, local,   nothing,
                                         nothing, nothing, local, nowhere, nothing};
  for (size_t i = 0; i < scopes.size(); ++i) {
    const v1::ServiceState service = i == 4   ? v1::SERVICE_STATE_DOWN
                                     : i == 7 ? v1::SERVICE_STATE_UP
                                              : v1::SERVICE_STATE_UNKNOWN;
    columns.Put(At(static_cast<int>(i)), Verdict(scopes[i], {}, service));
  }
  const v1::GetTimelineResponse read = Read(columns, 0, 5, 3);
  EXPECT_THAT(read.scopes(), ElementsAre(local, local, local, nothing, nowhere));
  EXPECT_THAT(read.service_states(),
              ElementsAre(v1::SERVICE_STATE_UNKNOWN, v1::SERVICE_STATE_DOWN, v1::SERVICE_STATE_UP,
                          v1::SERVICE_STATE_UNKNOWN, v1::SERVICE_STATE_UNKNOWN));
}

TEST(ColumnsTest, AWindowIsReplacedErasedAndForgotten) {
  Columns columns(kHour);
  for (int i = 0; i < 4; ++i) {
    columns.Put(At(i), Verdict(v1::SCOPE_LOCAL, {{"CN-BJ", {}}, {"CN-SH", {}}}));
  }
  columns.Put(At(1), Verdict(v1::SCOPE_NOWHERE, {{"CN-BJ", {v1::ACCESS_STATE_BLOCKED}}}));
  v1::GetTimelineResponse read = Read(columns, 0, 4);
  EXPECT_EQ(read.scopes(1), v1::SCOPE_NOWHERE);
  EXPECT_EQ(read.regions(0).states(1), v1::ACCESS_STATE_BLOCKED);
  EXPECT_EQ(read.regions(1).states(1), v1::ACCESS_STATE_UNSPECIFIED) << "not listed any more";
  columns.Erase(At(1));
  columns.Erase(At(77));
  EXPECT_THAT(Read(columns, 0, 4).window_counts(), ElementsAre(1, 0, 1, 1));
  columns.DropBefore(At(2));
  EXPECT_THAT(Read(columns, 0, 4).window_counts(), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(Read(columns, 2, 2).regions(1).states(), Each(v1::ACCESS_STATE_OPEN));
  columns.DropBefore(At(100));
  EXPECT_THAT(Read(columns, 0, 4).window_counts(), Each(0));
  EXPECT_THAT(Read(columns, 0, 4).regions(), IsEmpty());
  columns.Put(At(101), Verdict(v1::SCOPE_LOCAL, {}));
  EXPECT_THAT(Read(columns, 100, 3).window_counts(), ElementsAre(0, 1, 0));
}

TEST(ColumnsTest, OnlyWhatIsAskedForIsThere) {
  Columns columns(kHour);
  columns.Put(At(0), Verdict(v1::SCOPE_LOCAL, {{"CN-BJ", {}}, {"CN-SH", {}}}));
  v1::GetTimelineRequest request;
  request.mutable_read_mask()->add_paths("regions.states");
  request.add_regions("CN-SH");
  const auto range = ReadTimelineRequest(request, kHour, At(0));
  ASSERT_TRUE(range.ok()) << range.status();
  v1::GetTimelineResponse read;
  columns.Read(*range, read);
  EXPECT_THAT(read.scopes(), IsEmpty());
  ASSERT_THAT(read.regions(), SizeIs(1));
  EXPECT_EQ(read.regions(0).region(), "CN-SH");
  EXPECT_THAT(read.regions(0).states(), SizeIs(720));
  EXPECT_THAT(read.regions(0).rate_mean_percents(), IsEmpty());
}

absl::StatusOr<TimelineRange> Range(const v1::GetTimelineRequest& request) {
  return ReadTimelineRequest(request, kHour, At(99));
}

TEST(TimelineQueryTest, ThirtyDaysUpToNowAreMeantWhenNothingIsSaid) {
  const auto range = Range({});
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->start, At(100 - 720));
  EXPECT_EQ(range->step_count, 720);
  EXPECT_EQ(range->step_windows, 1);
}

TEST(TimelineQueryTest, StepsLieOnTheirGrid) {
  v1::GetTimelineRequest request;
  *request.mutable_start_time() = ToProto(At(5) + absl::Minutes(7));
  *request.mutable_end_time() = ToProto(At(13));
  *request.mutable_step() = ToProto(absl::Hours(4));
  const auto range = Range(request);
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->start, At(4));
  EXPECT_EQ(range->step_count, 3);
  EXPECT_EQ(range->step_windows, 4);
}

TEST(TimelineQueryTest, WhatDoesNotFitIsNamed) {
  const auto message = [](const v1::GetTimelineRequest& request) {
    const auto range = Range(request);
    EXPECT_EQ(range.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(range.status().message());
  };
  v1::GetTimelineRequest request;
  *request.mutable_step() = ToProto(absl::Minutes(90));
  EXPECT_THAT(message(request), HasSubstr("step: must be a whole number of windows, which are 1h"));
  request.mutable_step()->set_seconds(-3600);
  EXPECT_THAT(message(request), HasSubstr("step: "));
  request.mutable_step()->set_seconds(INT64_MAX);
  EXPECT_THAT(message(request), HasSubstr("step: "));
  *request.mutable_step() = ToProto(absl::Hours(24 * 500));
  EXPECT_THAT(message(request), HasSubstr("step: must not be longer"));
  request.Clear();
  *request.mutable_start_time() = ToProto(At(-24 * 500));
  EXPECT_THAT(message(request), HasSubstr("start_time: more than 400 days"));
  *request.mutable_start_time() = ToProto(At(200));
  EXPECT_THAT(message(request), HasSubstr("start_time: is not before the end"));
  *request.mutable_end_time() = ToProto(At(199));
  EXPECT_THAT(message(request), HasSubstr("end_time: must be after start_time"));
  request.mutable_end_time()->set_seconds(INT64_MAX);
  EXPECT_THAT(message(request), HasSubstr("end_time: must be in the years"));
  request.Clear();
  request.mutable_read_mask()->add_paths("regions.secrets");
  EXPECT_THAT(message(request), HasSubstr("read_mask: there is no column \"regions.secrets\""));
}

TEST(TimelineQueryTest, MasksNameColumnsAndTheirParents) {
  const auto mask = [](const std::string& path) {
    v1::GetTimelineRequest request;
    request.mutable_read_mask()->add_paths(path);
    return Range(request)->mask;
  };
  EXPECT_TRUE(mask("*").buckets_blocked && mask("*").scopes);
  EXPECT_TRUE(mask("regions").rate_highs);
  EXPECT_FALSE(mask("regions").scopes);
  EXPECT_FALSE(mask("country").regions);
  EXPECT_TRUE(mask("regions.display_name").regions);
  EXPECT_FALSE(mask("regions.display_name").states);
}

}  // namespace
}  // namespace sightline
