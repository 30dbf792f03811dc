// Dates below a strip.
import { usePage } from "../context";
import { DAY, clockText, shortDate } from "../time";
import { startOf } from "../aggregate";
import type { Timeline } from "../types";

const TICKS = 5;

// What is under the cursor, else a few dates and "now".
export const Axis = ({
  timeline,
  text,
  live,
}: {
  timeline: Timeline;
  text: string | null;
  live: boolean;
}) => {
  const { lang, texts, shortWindows } = usePage();
  if (text !== null)
    return (
      <div class="axis read">
        <span>{text}</span>
      </div>
    );
  const from = startOf(timeline, 0);
  const to = startOf(timeline, timeline.step_count);
  const label = (ms: number): string =>
    to - from < 2 * DAY ? clockText(ms, shortWindows, lang) : shortDate(ms, lang);
  const ticks = Array.from({ length: TICKS }, (_, index) => from + ((to - from) * index) / (TICKS - 1));
  return (
    <div class="axis" aria-hidden="true">
      {ticks.map((ms, index) => (
        <span key={index}>{live && index === TICKS - 1 ? texts.now : label(ms)}</span>
      ))}
    </div>
  );
};
