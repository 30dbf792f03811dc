// The share of users with access over time. The drawing itself is loaded when it is needed.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ratesOf, startOf } from "../aggregate";
import { useNameOf, usePage } from "../context";
import { fill, type Lang } from "../i18n/i18n";
import type { Annotation, SightlineEvent, Timeline } from "../types";
import type { Chart, Mark } from "./chart";

interface RateChartProps {
  timeline: Timeline;
  region: string | null; // null: the mean of the country
  events: readonly SightlineEvent[];
  notes: readonly Annotation[];
  onRegion: (region: string | null) => void;
}

// Begins and ends of the events of a region (null: of all), and notes.
const marksOf = (
  events: readonly SightlineEvent[],
  notes: readonly Annotation[],
  region: string | null,
): Mark[] => {
  const marks: Mark[] = notes.map((note) => ({ ms: Date.parse(note.time), kind: "note" }));
  for (const event of events) {
    if (event.end === "EVENT_END_WITHDRAWN") continue;
    if (region !== null && event.region !== "" && event.region !== region) continue;
    const opening = event.kind === "EVENT_KIND_OPENING";
    marks.push({ ms: Date.parse(event.onset_time), kind: opening ? "open" : "close" });
    if (event.end === "EVENT_END_REVERSED" && event.end_time) {
      marks.push({ ms: Date.parse(event.end_time), kind: opening ? "close" : "open" });
    }
  }
  return marks;
};

// A chart in an element that is filled once the drawing is loaded.
const useChart = (lang: Lang) => {
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<Chart | null>(null);
  useEffect(() => {
    let made: Chart | null = null;
    let gone = false;
    void import("./chart").then(({ makeChart }) => {
      if (gone || !box.current) return;
      made = makeChart(box.current, lang);
      setChart(made);
    });
    return () => {
      gone = true;
      made?.destroy();
      setChart(null);
    };
  }, [lang]);
  return { box, chart };
};

export const RateChart = ({ timeline, region, events, notes, onRegion }: RateChartProps) => {
  const { texts, lang } = usePage();
  const nameOf = useNameOf();
  const { box, chart } = useChart(lang);
  const rates = useMemo(() => ratesOf(timeline, region), [timeline, region]);
  const marks = useMemo(() => marksOf(events, notes, region), [events, notes, region]);
  useEffect(() => {
    const times = rates.mean.map((_, step) => startOf(timeline, step));
    chart?.show({ times, end: startOf(timeline, timeline.step_count), rates, marks });
  }, [chart, timeline, rates, marks]);

  const told = rates.mean.filter((mean): mean is number => mean !== null).map(Math.round);
  const alt =
    told.length === 0
      ? texts.timelineEmpty
      : fill(texts.timelineAlt, {
          first: told[0]!,
          last: told[told.length - 1]!,
          low: Math.min(...told),
          high: Math.max(...told),
        });
  return (
    <div class="ratechart">
      <label class="choose">
        {texts.region}{" "}
        <select value={region ?? ""} onChange={(event) => onRegion(event.currentTarget.value || null)}>
          <option value="">{texts.country_whole}</option>
          {timeline.regions.map((each) => (
            <option key={each.region} value={each.region}>
              {nameOf(each.region)}
            </option>
          ))}
        </select>
      </label>
      <div class="chart" ref={box} role="img" aria-label={alt} />
      {told.length === 0 && <p class="hint">{texts.timelineEmpty}</p>}
    </div>
  );
};
