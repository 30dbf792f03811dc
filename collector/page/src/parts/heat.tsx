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

interface Cursor {
  row: number;
  step: number;
}

// Where the cursor and the one Tab stop are, and how keys move them.
const useWalk = (rows: number, steps: number, onEnter: (row: number) => void) => {
  const [row, setRow] = useState(0);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const walked = useRef(false);
  useLayoutEffect(() => {
    if (!walked.current) return;
    walked.current = false;
    box.current?.querySelector<HTMLElement>('[role="slider"][tabindex="0"]')?.focus();
  }, [row]);
  const onKey = (event: KeyboardEvent, index: number): void => {
    const next = index + ({ ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onEnter(index);
    } else if (next !== index) {
      event.preventDefault();
      if (next < 0 || next >= rows) return;
      walked.current = true;
      setRow(next);
      setCursor((old) => ({ row: next, step: old?.step ?? steps - 1 }));
    }
  };
  // An answer with fewer rows or steps may have come meanwhile.
  const at = cursor && { row: Math.min(cursor.row, rows - 1), step: Math.min(cursor.step, steps - 1) };
  return { box, at, entry: Math.min(row, rows - 1), onKey, setCursor };
};

// "6 Apr, 04:00–08:00 · open for some · for about 60%"
const useCellText = (timeline: Timeline): ((region: RegionTimeline, step: number) => string) => {
  const { texts, lang, shortWindows } = usePage();
  return (region, step) => {
    const from = startOf(timeline, step);
    const state = stateShown(timeline, region.states, step);
    const rate = region.rate_mean_percents?.[step];
    const open = state === "OPEN" || state === "PARTIAL";
    const parts = [
      spanText(from, from + 1000 * seconds(timeline.step), shortWindows, lang),
      word(texts, "state", state),
      open && rate !== undefined ? fill(texts.openFor, { percent: rate }) : "",
    ];
    return parts.filter(Boolean).join(" · ");
  };
};

const Name = ({ timeline, region }: { timeline: Timeline; region: RegionTimeline }) => {
  const name = useNameOf()(region.region);
  const state = stateShown(timeline, region.states, timeline.step_count - 1);
  return (
    <span class="heat-name" title={name}>
      <span class={`glyph mark-${state}`} aria-hidden="true">
        {GLYPHS[state]}
      </span>{" "}
      {name}
    </span>
  );
};

export const HeatStrips = ({ timeline, chosen, live, onChoose }: HeatProps) => {
  const { texts } = usePage();
  const nameOf = useNameOf();
  const textAt = useCellText(timeline);
  const rows = useMemo(() => ordered(timeline), [timeline]);
  const count = timeline.step_count;
  const walk = useWalk(rows.length, count, (row) => onChoose(rows[row]!.region));
  if (count === 0 || rows.length === 0) return <p class="hint">{texts.timelineEmpty}</p>;
  const { at } = walk;
  const pointed = at && rows[at.row];
  return (
    <div class="heat" ref={walk.box}>
      <p class={pointed ? "heat-read" : "heat-read hint"}>
        {pointed && <strong>{nameOf(pointed.region)}</strong>}{" "}
        {pointed ? textAt(pointed, at.step) : texts.heatHint}
      </p>
      {rows.map((region, index) => (
        <div class={`heat-row ${region.region === chosen ? "chosen" : ""}`} key={region.region}>
          <Name timeline={timeline} region={region} />
          <Strip
            label={fill(texts.heatLabel, { region: nameOf(region.region) })}
            count={count}
            size="thin"
            at={at?.row === index ? at.step : null}
            tabIndex={index === walk.entry ? 0 : -1}
            textAt={(step) => textAt(region, step)}
            onKey={(event) => walk.onKey(event, index)}
            onAt={(step) => walk.setCursor(step === null ? null : { row: index, step })}
          >
            <Picture timeline={timeline} region={region} />
          </Strip>
        </div>
      ))}
      <div class="heat-row heat-axis">
        <span class="heat-name" />
        <Axis timeline={timeline} live={live} text={null} />
      </div>
    </div>
  );
};
