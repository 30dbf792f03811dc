#include "collector/replay/reliability_plot.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace sightline {
namespace {

// All in pixels.
constexpr double kPanelWidth = 460;
constexpr double kHeight = 590;
constexpr double kSide = 360;
constexpr double kLeft = 72;
constexpr double kTop = 100;
constexpr double kBarsTop = kTop + kSide + 48;
constexpr double kBarsHeight = 44;

// Bins with fewer statements are drawn hollow: their share right tells little.
constexpr uint64_t kFewStatements = 30;

constexpr char kInk[] = "#222222";
constexpr char kGrid[] = "#dddddd";
constexpr char kMark[] = "#0b62a8";
constexpr char kGap[] = "#d1495b";

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

std::string Line(double x1, double y1, double x2, double y2, absl::string_view style) {
  return absl::StrFormat("<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' %s/>\n", x1, y1, x2, y2,
                         style);
}

// `anchor`: start, middle or end.
std::string Text(double x, double y, int size, absl::string_view anchor, absl::string_view text) {
  return absl::StrFormat("<text x='%.1f' y='%.1f' font-size='%d' text-anchor='%s'>%s</text>\n", x,
                         y, size, anchor, Escape(text));
}

// 12345 -> "12k", so that ten of them fit.
std::string ShortCount(uint64_t count) {
  if (count < 10000) return absl::StrCat(count);
  if (count < 10000000) return absl::StrCat(count / 1000, "k");
  return absl::StrCat(count / 1000000, "M");
}

class Panel {
 public:
  Panel(double left, const ReliabilityPanel& panel) : left_(left), panel_(panel) {}

  std::string Draw() const { return absl::StrCat(Frame(), Dots(), Bars()); }

 private:
  double X(double probability) const { return left_ + probability * kSide; }
  static double Y(double share) { return kTop + (1 - share) * kSide; }

  std::string Frame() const {
    const std::optional<double> error = panel_.calibration.Error();
    std::string svg = Text(left_, kTop - 34, 15, "start", panel_.title);
    absl::StrAppend(
        &svg,
        Text(left_, kTop - 14, 12, "start",
             error.has_value() ? absl::StrFormat("expected calibration error %.3f, %d statements",
                                                 *error, panel_.calibration.count())
                               : "no statements"));
    for (int i = 0; i <= 10; i += 2) {
      const double ratio = i / 10.0;
      const std::string label = absl::StrFormat("%.1f", ratio);
      absl::StrAppend(&svg,
                      Line(X(ratio), Y(0), X(ratio), Y(1), absl::StrCat("stroke='", kGrid, "'")),
                      Line(X(0), Y(ratio), X(1), Y(ratio), absl::StrCat("stroke='", kGrid, "'")),
                      Text(X(ratio), Y(0) + 16, 11, "middle", label),
                      Text(X(0) - 8, Y(ratio) + 4, 11, "end", label));
    }
    const double middle = Y(0.5);
    absl::StrAppend(
        &svg,
        Line(X(0), Y(0), X(1), Y(1), absl::StrCat("stroke='", kInk, "' stroke-dasharray='5 4'")),
        Text(X(0.5), Y(0) + 34, 12, "middle", "probability that was stated"),
        absl::StrFormat("<g transform='rotate(-90 %.1f %.1f)'>", X(0) - 40, middle),
        Text(X(0) - 40, middle, 12, "middle", "share that was right"), "</g>\n");
    return svg;
  }

  std::string Dots() const {
    std::string svg;
    for (const Calibration::Bin& bin : panel_.calibration.bins) {
      if (bin.count == 0) continue;
      const double count = static_cast<double>(bin.count);
      const double mean = bin.probability_sum / count;
      const double right = static_cast<double>(bin.right) / count;
      absl::StrAppend(&svg,
                      Line(X(mean), Y(mean), X(mean), Y(right),
                           absl::StrCat("stroke='", kGap, "' stroke-width='3'")),
                      absl::StrFormat("<circle cx='%.1f' cy='%.1f' r='5' fill='%s' stroke='%s' "
                                      "stroke-width='2'/>\n",
                                      X(mean), Y(right),
                                      bin.count < kFewStatements ? "#ffffff" : kMark, kMark));
    }
    return svg;
  }

  std::string Bars() const {
    uint64_t most = 1;
    for (const Calibration::Bin& bin : panel_.calibration.bins) most = std::max(most, bin.count);
    const size_t bins = panel_.calibration.bins.size();
    const double width = kSide / static_cast<double>(bins);
    std::string svg;
    for (size_t i = 0; i < bins; ++i) {
      const uint64_t count = panel_.calibration.bins[i].count;
      const double height = kBarsHeight * std::log1p(static_cast<double>(count)) /
                            std::log1p(static_cast<double>(most));
      const double x = left_ + width * static_cast<double>(i);
      absl::StrAppend(
          &svg,
          absl::StrFormat("<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='%s' "
                          "fill-opacity='0.35'/>\n",
                          x + 2, kBarsTop + kBarsHeight - height, width - 4, height, kMark),
          Text(x + width / 2, kBarsTop + kBarsHeight + 14, 10, "middle", ShortCount(count)));
    }
    absl::StrAppend(&svg,
                    Line(left_, kBarsTop + kBarsHeight, left_ + kSide, kBarsTop + kBarsHeight,
                         absl::StrCat("stroke='", kInk, "'")),
                    Text(X(0.5), kBarsTop + kBarsHeight + 32, 12, "middle",
                         "statements per bin (logarithmic); hollow dot: fewer than 30"));
    return svg;
  }

  double left_;
  const ReliabilityPanel& panel_;
};

}  // namespace

std::string ReliabilitySvg(absl::string_view title, const std::vector<ReliabilityPanel>& panels) {
  const double width = kPanelWidth * static_cast<double>(std::max<size_t>(panels.size(), 1));
  std::string svg = absl::StrFormat(
      "<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' height='%.0f' viewBox='0 0 %.0f %.0f' "
      "font-family='sans-serif' fill='%s'>\n<title>%s</title>\n"
      "<rect width='100%%' height='100%%' fill='#ffffff'/>\n",
      width, kHeight, width, kHeight, kInk, Escape(title));
  absl::StrAppend(&svg, Text(kLeft, 34, 18, "start", title));
  for (size_t i = 0; i < panels.size(); ++i) {
    absl::StrAppend(&svg, Panel(kLeft + kPanelWidth * static_cast<double>(i), panels[i]).Draw());
  }
  return absl::StrCat(svg, "</svg>\n");
}

}  // namespace sightline
