#include "collector/cli/timeline_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "collector/cli/moment.h"
#include "collector/cli/state_look.h"
#include "collector/cli/table.h"
#include "collector/export/csv_row.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

constexpr size_t kIndent = 2;
constexpr size_t kGap = 2;
constexpr size_t kColumnsMin = 10;
constexpr size_t kColumnsWithoutTerminal = 72;
const absl::Duration kDay = absl::Hours(24);

struct Sign {
  absl::string_view text;
  Tone tone;
};

struct Row {
  std::string label;
  Tone tone;
  std::vector<Sign> signs;  // one a step
};

// The value of a step; 0, which says nothing, where the column is too short.
template <typename Column>
auto At(const Column& column, int step) {
  return step < column.size() ? column.Get(step) : 0;
}

bool IsRated(v1::AccessState state) {
  return state == v1::ACCESS_STATE_OPEN || state == v1::ACCESS_STATE_PARTIAL ||
         state == v1::ACCESS_STATE_BLOCKED;
}

bool HasEvidence(const v1::RegionTimeline& region) {
  return std::any_of(region.states().begin(), region.states().end(), [](int state) {
    return state != v1::ACCESS_STATE_UNKNOWN && state != v1::ACCESS_STATE_UNSPECIFIED;
  });
}

Sign NotJudged(bool unicode) { return {unicode ? "·" : ".", Tone::kFaint}; }

// The first letter of each scope; no two share one.
Sign SignOf(v1::Scope scope) {
  switch (scope) {
    case v1::SCOPE_NOWHERE:
      return {"N", ToneOf(scope)};
    case v1::SCOPE_ISOLATED:
      return {"I", ToneOf(scope)};
    case v1::SCOPE_LOCAL:
      return {"L", ToneOf(scope)};
    case v1::SCOPE_BY_NETWORK:
      return {"B", ToneOf(scope)};
    case v1::SCOPE_WIDESPREAD:
      return {"W", ToneOf(scope)};
    case v1::SCOPE_MIXED:
      return {"M", ToneOf(scope)};
    default:
      return {"?", Tone::kFaint};
  }
}

Sign SignOf(v1::AccessState state, bool unicode) {
  const StateLook look = LookOf(state);
  return {unicode ? look.symbol : look.ascii, look.tone};
}

// The strips, the scope's first.
std::vector<Row> RowsOf(const v1::GetTimelineResponse& timeline, bool unicode) {
  const int steps = timeline.step_count();
  std::vector<Row> rows = {{"Scope", Tone::kStrong, {}}};
  for (int i = 0; i < steps; ++i) {
    rows[0].signs.push_back(At(timeline.window_counts(), i) == 0
                                ? NotJudged(unicode)
                                : SignOf(static_cast<v1::Scope>(At(timeline.scopes(), i))));
  }
  for (const v1::RegionTimeline& region : timeline.regions()) {
    if (!HasEvidence(region)) continue;
    Row& row = rows.emplace_back(
        Row{RegionLabel(region.region(), region.display_name()), Tone::kPlain, {}});
    for (int i = 0; i < steps; ++i) {
      row.signs.push_back(
          At(timeline.window_counts(), i) == 0
              ? NotJudged(unicode)
              : SignOf(static_cast<v1::AccessState>(At(region.states(), i)), unicode));
    }
  }
  return rows;
}

// Neighbours of one tone share an escape sequence.
std::string Strip(const Row& row, size_t from, size_t until, bool colour) {
  std::string strip;
  std::string run;
  for (size_t i = from; i < until; ++i) {
    absl::StrAppend(&run, row.signs[i].text);
    if (i + 1 < until && row.signs[i + 1].tone == row.signs[i].tone) continue;
    absl::StrAppend(&strip, Paint(run, row.signs[i].tone, colour));
    run.clear();
  }
  return strip;
}

// "|04-06    |04-08": each bar stands above the step in which that day, or at which that time,
// begins.
std::string Dates(const v1::GetTimelineResponse& timeline, size_t from, size_t until) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const absl::Time start = FromProto(timeline.start_time());
  const absl::Duration step = FromProto(timeline.step());
  const bool by_day = step * timeline.step_count() > 2 * kDay;
  const char* form = by_day ? "|%m-%d" : step < absl::Minutes(1) ? "|%H:%M:%S" : "|%H:%M";
  std::string line;
  for (size_t i = from; i < until; ++i) {
    const absl::Time time = start + static_cast<int64_t>(i) * step;
    const bool new_day = absl::ToCivilDay(time, utc) != absl::ToCivilDay(time - step, utc);
    const std::string label = absl::FormatTime(form, time, utc);
    const size_t column = i - from;
    const bool free = line.empty() || line.size() + 1 < column;
    const bool room = column == 0 || column + label.size() <= until - from;
    if (!free || !room || !(column == 0 || !by_day || new_day)) continue;
    line.append(column - line.size(), ' ');
    line.append(label);
  }
  return line;
}

std::string Part(const v1::GetTimelineResponse& timeline, const std::vector<Row>& rows,
                 size_t label, size_t from, size_t until, bool colour) {
  const std::string margin(kIndent, ' ');
  std::string text = absl::StrCat(margin, std::string(label + kGap, ' '),
                                  Paint(Dates(timeline, from, until), Tone::kFaint, colour), "\n");
  for (const Row& row : rows) {
    absl::StrAppend(&text, margin, Paint(row.label, row.tone, colour),
                    std::string(label - DisplayWidth(row.label) + kGap, ' '),
                    Strip(row, from, until, colour), "\n");
  }
  return text;
}

std::string Title(const v1::GetTimelineResponse& timeline, const TimelineLook& look) {
  const absl::Time start = FromProto(timeline.start_time());
  const absl::Duration step = FromProto(timeline.step());
  const std::string country = look.country_name.empty() || look.country_name == timeline.country()
                                  ? timeline.country()
                                  : absl::StrCat(look.country_name, " (", timeline.country(), ")");
  return absl::StrCat(Paint(Printable(absl::StrCat(timeline.target_id(), " in ", country)),
                            Tone::kStrong, look.colour),
                      ", ", MomentText(start), " to ",
                      MomentText(start + step * timeline.step_count()), " UTC, ",
                      absl::FormatDuration(step), " a step\n\n");
}

// "States: ● open, ◐ partial": lines break between items only.
std::string LegendLines(absl::string_view first, const std::vector<std::string>& items,
                        size_t width) {
  // No item has an underscore of its own.
  const std::string glued = absl::StrReplaceAll(absl::StrJoin(items, ",\n"), {{" ", "_"}});
  const std::string text = absl::StrCat(absl::StrReplaceAll(glued, {{"\n", " "}}), ".");
  return absl::StrReplaceAll(Wrap(text, width, first), {{"_", " "}});
}

std::string Legend(const TimelineLook& look) {
  const std::pair<v1::AccessState, absl::string_view> states[] = {
      {v1::ACCESS_STATE_OPEN, "open"},         {v1::ACCESS_STATE_PARTIAL, "partial"},
      {v1::ACCESS_STATE_BLOCKED, "blocked"},   {v1::ACCESS_STATE_DOWN, "the service is down"},
      {v1::ACCESS_STATE_DISPUTED, "disputed"}, {v1::ACCESS_STATE_UNKNOWN, "too little evidence"}};
  std::vector<std::string> items;
  for (const auto& [state, word] : states) {
    items.push_back(absl::StrCat(SignOf(state, look.unicode).text, " ", word));
  }
  items.push_back(absl::StrCat(NotJudged(look.unicode).text, " no verdict"));
  return absl::StrCat("\n", LegendLines("States: ", items, look.width),
                      LegendLines("Scope:  ",
                                  {"N nowhere", "I isolated", "L local", "B by network",
                                   "W widespread", "M mixed", "? undetermined"},
                                  look.width));
}

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone());
}

}  // namespace

std::string RegionLabel(absl::string_view code, absl::string_view name) {
  return Printable(name.empty() || name == code ? std::string(code)
                                                : absl::StrCat(code, " ", name));
}

size_t StripColumns(size_t label, size_t width) {
  if (width == 0) return kColumnsWithoutTerminal;
  return std::max(kColumnsMin, width - std::min(width, kIndent + label + kGap));
}

std::string RenderTimeline(const v1::GetTimelineResponse& timeline, const TimelineLook& look) {
  const std::vector<Row> rows = RowsOf(timeline, look.unicode);
  size_t label = 0;
  for (const Row& row : rows) label = std::max(label, DisplayWidth(row.label));
  const size_t columns = StripColumns(label, look.width);
  const size_t steps = rows[0].signs.size();
  std::string text = Title(timeline, look);
  for (size_t from = 0; from < steps; from += columns) {
    absl::StrAppend(
        &text, from == 0 ? "" : "\n",
        Part(timeline, rows, label, from, std::min(steps, from + columns), look.colour));
  }
  std::vector<std::string> silent;
  for (const v1::RegionTimeline& region : timeline.regions()) {
    if (!HasEvidence(region)) silent.push_back(Printable(region.region()));
  }
  if (!silent.empty()) {
    absl::StrAppend(&text, "\n",
                    Wrap(absl::StrCat("No evidence in all this time from ", silent.size(),
                                      silent.size() == 1 ? " region: " : " regions: ",
                                      absl::StrJoin(silent, ", ")),
                         look.width, "  "));
  }
  return absl::StrCat(text, Legend(look));
}

std::string TimelineCsv(const v1::GetTimelineResponse& timeline) {
  std::string csv;
  AddCsvRow({"step_start_time", "region", "state", "rate_mean_percent", "rate_low_percent",
             "rate_high_percent", "buckets_open", "buckets_blocked", "scope", "service_state",
             "window_count"},
            csv);
  const absl::Time start = FromProto(timeline.start_time());
  const absl::Duration step = FromProto(timeline.step());
  for (int i = 0; i < timeline.step_count(); ++i) {
    const uint32_t windows = At(timeline.window_counts(), i);
    const bool judged = windows > 0;
    const auto scope = static_cast<v1::Scope>(At(timeline.scopes(), i));
    const auto service = static_cast<v1::ServiceState>(At(timeline.service_states(), i));
    for (const v1::RegionTimeline& region : timeline.regions()) {
      const auto state = static_cast<v1::AccessState>(At(region.states(), i));
      const bool rated = judged && IsRated(state);
      const auto percent = [&](const auto& column) {
        return rated ? absl::StrCat(At(column, i)) : "";
      };
      AddCsvRow(
          {Rfc3339(start + i * step), region.region(), judged ? ShortName(state) : "",
           percent(region.rate_mean_percents()), percent(region.rate_low_percents()),
           percent(region.rate_high_percents()),
           judged ? absl::StrCat(At(region.buckets_open(), i)) : "",
           judged ? absl::StrCat(At(region.buckets_blocked(), i)) : "",
           judged ? ShortName(scope) : "", judged ? ShortName(service) : "", absl::StrCat(windows)},
          csv);
    }
  }
  return csv;
}

}  // namespace sightline::cli
