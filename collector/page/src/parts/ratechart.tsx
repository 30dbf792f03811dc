// The share of users with access over time. The drawing itself is loaded when it is needed.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ratesOf, startOf } from "../aggregate";
import { useNameOf, usePage } from "../context";
import { fill } from "../i18n/i18n";
import type { Annotation, SightlineEvent, Timeline } from "../types";
import type { Chart } from "./chart";

interface RateChartProps {
  timeline: Timeline;
  region: string | null; // null: the mean of the country
  events: readonly SightlineEvent[];
  notes: readonly Annotation[];
  onRegion: (region: string | null) => void;
}

export const RateChart = ({ timeline, region, events, notes, onRegion }: RateChartProps) => {
  const { texts, lang } = usePage();
  const nameOf = useNameOf();
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<Chart | null>(null);
  const rates = useMemo(() => ratesOf(timeline, region), [timeline, region]);
  const marks = useMemo(
    () => [
      ...events
        .filter((event) => event.end !== "EVENT_END_WITHDRAWN")
        .filter((event) => region === null || event.region === "" || event.region === region)
        .flatMap((event) => {
          const opening = event.kind === "EVENT_KIND_OPENING";
          const begin = {
            ms: Date.parse(event.onset_time),
            kind: opening ? ("open" as const) : ("close" as const),
          };
          return event.end_time
            ? [
                begin,
                { ms: Date.parse(event.end_time), kind: opening ? ("close" as const) : ("open" as const) },
              ]
            : [begin];
        }),
      ...notes.map((note) => ({ ms: Date.parse(note.time), kind: "note" as const })),
    ],
    [events, notes, region],
  );

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
