// How much of the past is shown, kept in the address.
import { CHOICES, MOST_WINDOWS, fittingWindows, rangeOf, type Range } from "../aggregate";
import { query } from "../api";
import { usePage } from "../context";
import { useAnswer } from "../feed";
import { fill } from "../i18n/i18n";
import { formatRoute } from "../route";
import { windowEnd } from "../sentence/facts";
import { lengthText, momentText } from "../time";
import { seconds, type Summary, type Timeline } from "../types";

const isFixed = (route: { from: number | null; to: number | null }): boolean =>
  route.from !== null && route.to !== null;

// The query of a part of a target's history.
export const timelinePath = (country: string, target: string, range: Range, mask: string): string =>
  query("timeline", {
    country,
    target_id: target,
    start_time: new Date(range.from).toISOString(),
    end_time: new Date(range.to).toISOString(),
    step: `${range.step}s`,
    read_mask: mask,
  });

export interface ShownRange {
  range: Range | null; // null until it is known
  windows: number | null; // of the newest ones; null when the address names both ends
}

// What the address asks for, else as much as there is.
export const useRange = (summary: Summary, version: number): ShownRange => {
  const { route, country } = usePage();
  const end = windowEnd(summary);
  const length = seconds(summary.window_length);
  const last = (windows: number): Range => rangeOf(end - 1000 * length * windows, end, length);
  const first = summary.verdicts[0]?.target_id;
  const asked = isFixed(route) || route.windows !== null || first === undefined;
  const path = asked ? null : timelinePath(country, first, last(MOST_WINDOWS), "window_counts");
  const { data, error } = useAnswer<Timeline>(path, version);
  if (isFixed(route)) return { range: rangeOf(route.from!, route.to!, length), windows: null };
  const fitting = data ? fittingWindows(data) : error || first === undefined ? MOST_WINDOWS : null;
  const windows = route.windows ?? fitting;
  return { range: windows === null ? null : last(windows), windows };
};

export const RangeChoice = ({ length, windows }: { length: number; windows: number | null }) => {
  const { route, texts, lang, shortWindows } = usePage();
  return (
    <nav class="ranges" aria-label={texts.range}>
      {CHOICES.map((choice) => (
        <a
          key={choice}
          href={formatRoute({ ...route, from: null, to: null, windows: choice })}
          aria-current={choice === windows ? "true" : undefined}
        >
          {fill(texts.rangeLast, { length: lengthText(1000 * length * choice, lang) })}
        </a>
      ))}
      {isFixed(route) && (
        <a href={formatRoute(route)} aria-current="true">
          {momentText(route.from!, shortWindows, lang)} – {momentText(route.to!, shortWindows, lang)}
        </a>
      )}
    </nav>
  );
};
