// A strip of time that a pointer or the arrow keys walk along.
import type { ComponentChildren } from "preact";
import { BARS } from "./patterns";
import { openCount, runs, scopeShown, startOf, type Shown } from "../aggregate";
import { usePage } from "../context";
import { fill, word, type Texts } from "../i18n/i18n";
import { spanText } from "../time";
import { seconds, type Timeline } from "../types";

export interface StripProps {
  label: string;
  count: number; // steps
  at: number | null; // the step under the cursor
  tabIndex: number;
  textAt: (step: number) => string;
  onAt: (step: number | null) => void;
  onKey?: (event: KeyboardEvent) => void; // keys that do not move in time
  children: ComponentChildren; // SVG
  size?: string;
}

const clamp = (step: number, count: number): number => Math.max(0, Math.min(count - 1, step));

const moved = (key: string, step: number, count: number): number | null => {
  switch (key) {
    case "ArrowLeft":
      return clamp(step - 1, count);
    case "ArrowRight":
      return clamp(step + 1, count);
    case "PageUp":
      return clamp(step - 12, count);
    case "PageDown":
      return clamp(step + 12, count);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
};

// A slider: the step is its value, so that assistive technology reads what it holds.
export const Strip = ({
  label,
  count,
  at,
  tabIndex,
  textAt,
  onAt,
  onKey,
  children,
  size = "",
}: StripProps) => {
  const current = at ?? count - 1;
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = event.ctrlKey || event.metaKey || event.altKey ? null : moved(event.key, current, count);
    if (next === null) {
      onKey?.(event);
      return;
    }
    event.preventDefault();
    onAt(next);
  };
  const onPointer = (event: PointerEvent): void => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    onAt(clamp(Math.floor(((event.clientX - box.left) / box.width) * count), count));
  };
  // From one strip of a group to the next the cursor stays.
  const onBlur = (event: FocusEvent): void => {
    const group = (event.currentTarget as Element).closest(".heat");
    if (!group?.contains(event.relatedTarget as Node | null)) onAt(null);
  };
  return (
    <div
      class={`strip ${size}`}
      role="slider"
      tabIndex={tabIndex}
      aria-label={label}
      aria-orientation="horizontal"
      aria-valuemin={1}
      aria-valuemax={Math.max(1, count)}
      aria-valuenow={current + 1}
      aria-valuetext={count > 0 ? textAt(current) : ""}
      onKeyDown={onKeyDown}
      onPointerMove={onPointer}
      onPointerDown={onPointer}
      onPointerLeave={() => onAt(null)}
      onBlur={onBlur}
      onFocus={() => at === null && onAt(current)}
    >
      <svg class="picture" aria-hidden="true" focusable="false">
        <rect class="track" width="100%" height="100%" />
        {children}
        {at !== null && (
          <rect
            class="cursor"
            x={`${(100 * at) / count}%`}
            width={`${Math.max(100 / count, 0.4)}%`}
            height="100%"
          />
        )}
      </svg>
    </div>
  );
};

// Runs as SVG, in percent of the width. `barAt` tells what each is filled with and how high it is.
export const bars = <T,>(
  count: number,
  valueAt: (step: number) => Shown<T>,
  barOf: (value: Shown<T>) => { height: number; fill: string },
) =>
  runs(count, valueAt).map(({ from, to, value }) => {
    const { height, fill: paint } = barOf(value);
    if (height === 0) return null;
    return (
      <rect
        key={from}
        x={`${(100 * from) / count}%`}
        width={`${(100 * (to - from)) / count}%`}
        y={`${100 - height}%`}
        height={`${height}%`}
        fill={paint}
      />
    );
  });

// "6 Apr, 04:00–08:00: open in some regions, open in 2 of 31 regions"
export const scopeText = (
  timeline: Timeline,
  step: number,
  texts: Texts,
  lang: "en" | "zh",
  clock: boolean,
): string => {
  const from = startOf(timeline, step);
  const span = spanText(from, from + 1000 * seconds(timeline.step), clock, lang);
  const scope = scopeShown(timeline, step);
  const open = openCount(timeline, step);
  const places =
    open > 0 && scope !== "NONE" && scope !== "UNDETERMINED"
      ? ` · ${fill(texts.openRegions, { open, all: timeline.regions.length })}`
      : "";
  return `${span} · ${word(texts, "scope", scope)}${places}`;
};

interface ScopeStripProps {
  timeline: Timeline;
  name: string;
  at: number | null;
  onAt: (step: number | null) => void;
}

// For whom a service was reachable: the higher the bar, the further.
export const ScopeStrip = ({ timeline, name, at, onAt }: ScopeStripProps) => {
  const { texts, lang, shortWindows } = usePage();
  return (
    <Strip
      label={fill(texts.stripLabel, { name })}
      count={timeline.step_count}
      at={at}
      onAt={onAt}
      tabIndex={0}
      textAt={(step) => scopeText(timeline, step, texts, lang, shortWindows)}
    >
      {bars(
        timeline.step_count,
        (step) => scopeShown(timeline, step),
        (scope) => BARS[scope],
      )}
    </Strip>
  );
};
