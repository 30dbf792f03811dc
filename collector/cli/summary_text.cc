#include "collector/cli/summary_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "collector/cli/event_text.h"
#include "collector/cli/headline.h"
#include "collector/cli/state_look.h"
#include "collector/cli/table.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

using Verdicts = std::vector<const v1::TargetVerdict*>;

// Windows of this many lengths ago are no news.
constexpr int kStaleWindows = 3;

bool IsAnchor(const v1::TargetVerdict& verdict) {
  return verdict.kind() == v1::TARGET_KIND_DOMESTIC_ANCHOR ||
         verdict.kind() == v1::TARGET_KIND_FOREIGN_ANCHOR;
}

std::string NameOf(const v1::TargetVerdict& verdict) {
  return verdict.display_name().empty() ? verdict.target_id() : verdict.display_name();
}

std::string Lower(std::string word) {
  absl::AsciiStrToLower(&word);
  return absl::StrReplaceAll(word, {{"_", " "}});
}

Cell StateCell(v1::AccessState state, bool unicode) {
  const StateLook look = LookOf(state);
  return {absl::StrCat(unicode ? look.symbol : look.ascii, " ", Lower(ShortName(state))),
          look.tone};
}

// The question, the window that answers it, and how old that is.
std::string Title(const v1::GetSummaryResponse& summary, const SummaryOptions& options) {
  const std::string country =
      options.country_name.empty() || options.country_name == summary.country()
          ? summary.country()
          : absl::StrCat(options.country_name, " (", summary.country(), ")");
  const absl::Time start = FromProto(summary.window_start_time());
  const absl::Duration length = FromProto(summary.window_length());
  const absl::TimeZone utc = absl::UTCTimeZone();
  const bool short_window = length < absl::Minutes(1);
  const bool one_day = absl::ToCivilDay(start, utc) == absl::ToCivilDay(start + length, utc);
  const std::string clock = short_window ? "%H:%M:%S" : "%H:%M";
  const absl::Duration age = options.now - (start + length);
  std::string text =
      Paint(Printable(absl::StrCat("Reachable without a VPN from inside ", country, "?")),
            Tone::kStrong, options.colour);
  absl::StrAppend(&text, "\nWindow ", absl::FormatTime("%Y-%m-%d " + clock, start, utc), " to ",
                  absl::FormatTime(one_day ? clock : "%Y-%m-%d " + clock, start + length, utc),
                  " UTC, ",
                  age < absl::ZeroDuration() ? "not over by this machine's clock"
                                             : absl::StrCat("ended ", Length(age), " ago"),
                  "; rules ", Printable(summary.ruleset_version()), "\n");
  if (age > kStaleWindows * length) {
    absl::StrAppend(
        &text,
        Paint("This is old news: no newer window is complete.", Tone::kWarning, options.colour),
        "\n");
  }
  return text;
}

std::string Headlines(const Verdicts& verdicts, absl::Time window_end,
                      const SummaryOptions& options) {
  Table table;
  for (const v1::TargetVerdict* verdict : verdicts) {
    const std::string kind = verdict->kind() == v1::TARGET_KIND_SERVICE
                                 ? ""
                                 : absl::StrCat("  [", Lower(ShortName(verdict->kind())), "]");
    const std::string since = Since(*verdict, window_end);
    table.AddRow({{NameOf(*verdict), Tone::kStrong},
                  {ShortName(verdict->scope()), ToneOf(verdict->scope())},
                  {absl::StrCat(Headline(*verdict), since.empty() ? "" : ", ", since, kind)}});
  }
  return table.Render(2, options.colour);
}

struct Row {
  std::string region;
  std::string name;
};

std::vector<Row> RowsOf(const Verdicts& verdicts) {
  std::vector<Row> rows;
  for (const v1::TargetVerdict* verdict : verdicts) {
    for (const v1::RegionAccess& region : verdict->regions()) {
      const auto same = [&region](const Row& row) { return row.region == region.region(); };
      if (std::none_of(rows.begin(), rows.end(), same)) {
        rows.push_back({region.region(), region.display_name()});
      }
    }
  }
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return a.region < b.region; });
  return rows;
}

v1::AccessState StateIn(const v1::TargetVerdict& verdict, const std::string& region) {
  for (const v1::RegionAccess& known : verdict.regions()) {
    if (known.region() == region) return known.access().state();
  }
  return v1::ACCESS_STATE_UNKNOWN;
}

std::string RenderMatrix(const std::vector<Row>& rows, const Verdicts& verdicts,
                         const SummaryOptions& options) {
  Table table;
  std::vector<Cell> head = {{"Region", Tone::kStrong}};
  for (const v1::TargetVerdict* verdict : verdicts) {
    head.push_back({NameOf(*verdict), Tone::kStrong});
  }
  table.AddRow(std::move(head));
  for (const Row& row : rows) {
    std::vector<Cell> cells = {{absl::StrCat(row.region, " ", row.name)}};
    for (const v1::TargetVerdict* verdict : verdicts) {
      cells.push_back(StateCell(StateIn(*verdict, row.region), options.unicode));
    }
    table.AddRow(std::move(cells));
  }
  return table.Render(2, options.colour);
}

// As many targets beside each other as the terminal has room for; the others follow below.
std::string Matrix(const Verdicts& verdicts, const SummaryOptions& options) {
  const std::vector<Row> rows = RowsOf(verdicts);
  size_t label = DisplayWidth("Region");
  for (const Row& row : rows) {
    label = std::max(label, DisplayWidth(row.region) + 1 + DisplayWidth(Printable(row.name)));
  }
  const size_t state = DisplayWidth("? blocked");
  std::string text;
  Verdicts part;
  size_t used = 2 + label;
  for (const v1::TargetVerdict* verdict : verdicts) {
    const size_t wide = 2 + std::max(state, DisplayWidth(Printable(NameOf(*verdict))));
    if (options.width > 0 && !part.empty() && used + wide > options.width) {
      absl::StrAppend(&text, RenderMatrix(rows, part, options), "\n");
      part.clear();
      used = 2 + label;
    }
    part.push_back(verdict);
    used += wide;
  }
  return absl::StrCat(text, RenderMatrix(rows, part, options));
}

std::vector<Cell> EvidenceRow(std::string place, const v1::Access& access, bool unicode) {
  const uint32_t voted = access.buckets_open() + access.buckets_blocked();
  std::vector<Cell> row = {{std::move(place)}, StateCell(access.state(), unicode)};
  row.push_back({absl::StrCat(access.buckets_open(), " of ", voted), Tone::kPlain, true});
  // Without a vote the rate would be the prior alone.
  row.push_back({voted == 0 ? "-"
                            : absl::StrFormat("%.0f%% (%.0f-%.0f)", access.rate_mean() * 100,
                                              access.rate_low() * 100, access.rate_high() * 100),
                 Tone::kPlain, true});
  row.push_back(
      {access.flip_cost() == 0 ? "-" : absl::StrCat(access.flip_cost()), Tone::kPlain, true});
  row.push_back({access.blocked_layer().empty()
                     ? ""
                     : absl::StrCat(access.blocked_layer(), ": ", access.blocked_failure())});
  return row;
}

std::string Evidence(const v1::TargetVerdict& verdict, const SummaryOptions& options) {
  std::string text =
      absl::StrCat("\n", Paint(Printable(NameOf(verdict)), Tone::kStrong, options.colour), "\n");
  Table table;
  table.AddRow({{"Region", Tone::kFaint},
                {"State", Tone::kFaint},
                {"Reached", Tone::kFaint, true},
                {"Rate (90%)", Tone::kFaint, true},
                {"Flip", Tone::kFaint, true},
                {"First cause", Tone::kFaint}});
  for (const v1::RegionAccess& region : verdict.regions()) {
    const v1::AccessState state = region.access().state();
    table.AddRow(EvidenceRow(absl::StrCat(region.region(), " ", region.display_name()),
                             region.access(), options.unicode));
    const bool differ = std::any_of(
        region.networks().begin(), region.networks().end(),
        [state](const v1::NetworkAccess& network) { return network.access().state() != state; });
    for (const v1::NetworkAccess& network : region.networks()) {
      if (!differ) break;
      table.AddRow(
          EvidenceRow(absl::StrCat("  AS", network.asn()), network.access(), options.unicode));
    }
  }
  absl::StrAppend(&text, table.Render(2, options.colour));
  if (const std::string certainty = Certainty(verdict); !certainty.empty()) {
    absl::StrAppend(&text, Wrap(absl::StrCat("Scope: ", certainty, "."), options.width, "  - "));
  }
  for (const std::string& reason : verdict.reasons()) {
    absl::StrAppend(&text, Wrap(Printable(reason), options.width, "  - "));
  }
  return text;
}

}  // namespace

std::string RenderSummary(const v1::GetSummaryResponse& summary, const SummaryOptions& options) {
  Verdicts verdicts;
  for (const v1::TargetVerdict& verdict : summary.verdicts()) verdicts.push_back(&verdict);
  // Services, then what they are compared with.
  std::stable_partition(verdicts.begin(), verdicts.end(), [](const v1::TargetVerdict* verdict) {
    return verdict->kind() == v1::TARGET_KIND_SERVICE;
  });
  std::string text = absl::StrCat(Title(summary, options), "\n");
  if (verdicts.empty()) return absl::StrCat(text, "  The plan has no targets.\n");
  const absl::Time end =
      FromProto(summary.window_start_time()) + FromProto(summary.window_length());
  absl::StrAppend(&text, Headlines(verdicts, end, options), "\n", Matrix(verdicts, options));
  if (options.brief) return text;
  for (const v1::TargetVerdict* verdict : verdicts) {
    if (options.anchors || !IsAnchor(*verdict)) absl::StrAppend(&text, Evidence(*verdict, options));
  }
  absl::StrAppend(
      &text, "\n",
      Wrap("Reached: buckets that reached it, of those that voted; a bucket is one origin (a "
           "network and an address block) with one vote a window. Rate: share of origins with "
           "access, with its 90% interval. Flip: new buckets that it would take to reverse the "
           "statement.",
           options.width, ""));
  return text;
}

}  // namespace sightline::cli
