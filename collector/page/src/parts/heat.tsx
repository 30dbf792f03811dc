// Regions x time: one strip per region. One Tab stop; the arrow keys do the rest.
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Axis } from "./axis";
import { GLYPHS, fillOf } from "./patterns";
import { Strip, bars } from "./strip";
import { startOf, stateShown, type Shown } from "../aggregate";
import { useNameOf, usePage } from "../context";
import { fill, word } from "../i18n/i18n";
import { spanText } from "../time";
import { isOpen, seconds, stateAt, type RegionTimeline, type State, type Timeline } from "../types";

const FULL = 100;

// The picture of a region: drawn once per answer, whatever the cursor does.
const Picture = ({ timeline, region }: { timeline: Timeline; region: RegionTimeline }) =>
  useMemo(
    () => (
      <>
        {bars<State>(
          timeline.step_count,
          (step) => stateShown(timeline, region.states, step),
          (state: Shown<State>) => ({ height: state === "NONE" ? 0 : FULL, fill: fillOf(state) }),
        )}
      </>
    ),
    [timeline, region],
  );

interface HeatProps {
  timeline: Timeline;
  chosen: string | null;
  live: boolean;
  onChoose: (region: string) => void;
}

// Regions that were open at some time first, then by code: what is looked for is on top.
const ordered = (timeline: Timeline): RegionTimeline[] => {
  const openSteps = (region: RegionTimeline): number =>
    (region.states ?? []).filter((state) => isOpen(stateAt(state))).length;
  return [...timeline.regions]
    .map((region) => ({ region, open: openSteps(region) }))
    .sort((a, b) => b.open - a.open || a.region.region.localeCompare(b.region.region))
    .map(({ region }) => region);
};

export const HeatStrips = ({ timeline, chosen, live, onChoose }: HeatProps) => {
  const { texts, lang, shortWindows } = usePage();
  const nameOf = useNameOf();
  const rows = useMemo(() => ordered(timeline), [timeline]);
  const [row, setRow] = useState(0);
  const [cursor, setCursor] = useState<{ row: number; step: number } | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const walked = useRef(false);
  const entry = Math.min(row, rows.length - 1);
  useLayoutEffect(() => {
    if (!walked.current) return;
    walked.current = false;
    box.current?.querySelector<HTMLElement>('[role="slider"][tabindex="0"]')?.focus();
  }, [row]);
  const textAt = (index: number, step: number): string => {
    const from = startOf(timeline, step);
    const region = rows[index]!;
    const state = stateShown(timeline, region.states, step);
    const rate = region.rate_mean_percents?.[step];
    const share =
      rate !== undefined && (state === "OPEN" || state === "PARTIAL")
        ? ` · ${fill(texts.openFor, { percent: rate })}`
        : "";
    return `${spanText(from, from + 1000 * seconds(timeline.step), shortWindows, lang)} · ${word(texts, "state", state)}${share}`;
  };
  const onKey = (event: KeyboardEvent, index: number): void => {
    const next = index + ({ ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onChoose(rows[index]!.region);
    } else if (next !== index) {
      event.preventDefault();
      if (next < 0 || next >= rows.length) return;
      walked.current = true;
      setRow(next);
      setCursor((old) => ({ row: next, step: old?.step ?? timeline.step_count - 1 }));
    }
  };
  const last = timeline.step_count - 1;
  if (last < 0) return <p class="hint">{texts.timelineEmpty}</p>;
  const at =
    cursor === null
      ? null
      : { row: Math.min(cursor.row, rows.length - 1), step: Math.min(cursor.step, last) };
  return (
    <div class="heat" ref={box}>
      <p class={at ? "heat-read" : "heat-read hint"}>
        {at && rows[at.row] ? (
          <>
            <strong>{nameOf(rows[at.row]!.region)}</strong> {textAt(at.row, at.step)}
          </>
        ) : (
          texts.heatHint
        )}
      </p>
      {rows.map((region, index) => {
        const state = stateShown(timeline, region.states, last);
        return (
          <div class={`heat-row ${region.region === chosen ? "chosen" : ""}`} key={region.region}>
            <span class="heat-name" title={nameOf(region.region)}>
              <span class={`glyph mark-${state}`} aria-hidden="true">
                {GLYPHS[state]}
              </span>{" "}
              {nameOf(region.region)}
            </span>
            <Strip
              label={fill(texts.heatLabel, { region: nameOf(region.region) })}
              count={timeline.step_count}
              size="thin"
              at={at?.row === index ? at.step : null}
              tabIndex={index === entry ? 0 : -1}
              textAt={(step) => textAt(index, step)}
              onKey={(event) => onKey(event, index)}
              onAt={(step) => setCursor(step === null ? null : { row: index, step })}
            >
              <Picture timeline={timeline} region={region} />
            </Strip>
          </div>
        );
      })}
      <div class="heat-row heat-axis">
        <span class="heat-name" />
        <Axis timeline={timeline} live={live} text={null} />
      </div>
    </div>
  );
};
