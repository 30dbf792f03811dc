// What pictures are made of. Pure: answers of the collector in, numbers out.
import {
  isOpen,
  scopeAt,
  stateAt,
  stateOf,
  seconds,
  type ScopeName,
  type State,
  type Timeline,
  type Verdict,
} from "./types";

export const STEPS_MAX = 180;
// How much of the past can be chosen, in windows; the last is as much as is shown at most by itself.
export const CHOICES: readonly number[] = [24, 168, 720];
export const MOST_WINDOWS = 720; // 30 days of hours

export interface Range {
  from: number; // ms
  to: number;
  step: number; // seconds
}

// A part of the history in at most STEPS_MAX steps of whole windows.
export const rangeOf = (from: number, to: number, windowSeconds: number): Range => {
  const windows = Math.max(1, Math.ceil((to - from) / (1000 * windowSeconds)));
  return { from, to, step: windowSeconds * Math.max(1, Math.ceil(windows / STEPS_MAX)) };
};

export interface Run<T> {
  from: number; // first step
  to: number; // behind the last
  value: T;
}

// Neighbours that say the same, as one.
export const runs = <T>(count: number, valueAt: (step: number) => T): Run<T>[] => {
  const found: Run<T>[] = [];
  for (let step = 0; step < count; step += 1) {
    const value = valueAt(step);
    const last = found[found.length - 1];
    if (last && last.value === value) last.to = step + 1;
    else found.push({ from: step, to: step + 1, value });
  }
  return found;
};

export type Shown<T> = T | "NONE";

const reported = (timeline: Timeline, step: number): boolean =>
  timeline.window_counts === undefined || (timeline.window_counts[step] ?? 0) > 0;

export const scopeShown = (timeline: Timeline, step: number): Shown<ScopeName> => {
  if (!reported(timeline, step)) return "NONE";
  const scope = scopeAt(timeline.scopes?.[step]);
  return scope === "UNSPECIFIED" ? "NONE" : scope;
};

export const stateShown = (timeline: Timeline, states: number[] | undefined, step: number): Shown<State> => {
  if (!reported(timeline, step)) return "NONE";
  const state = stateAt(states?.[step]);
  return state === "UNSPECIFIED" ? "NONE" : state;
};

export const startOf = (timeline: Timeline, step: number): number =>
  Date.parse(timeline.start_time) + 1000 * seconds(timeline.step) * step;

// The step in which a moment is; not always one of the timeline's.
export const stepAt = (timeline: Timeline, ms: number): number =>
  Math.floor((ms - Date.parse(timeline.start_time)) / (1000 * seconds(timeline.step)));

// The fewest windows of CHOICES that show everything there is, so that a young collector's history is
// not a sliver at the edge.
export const fittingWindows = (timeline: Timeline): number => {
  const first = (timeline.window_counts ?? []).findIndex((count) => count > 0);
  if (first < 0) return MOST_WINDOWS;
  const age = startOf(timeline, timeline.step_count) - startOf(timeline, first);
  const windows = age / (1000 * seconds(timeline.window_length));
  return CHOICES.find((choice) => choice >= windows) ?? MOST_WINDOWS;
};

export const openCount = (timeline: Timeline, step: number): number =>
  timeline.regions.filter((region) => isOpen(stateAt(region.states?.[step]))).length;

export interface Rates {
  mean: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

const says = (state: State): boolean => isOpen(state) || state === "BLOCKED";

// Of one region, or the mean of all that say something; null where none does.
export const ratesOf = (timeline: Timeline, region: string | null): Rates => {
  const regions = timeline.regions.filter((each) => region === null || each.region === region);
  const rates: Rates = { mean: [], low: [], high: [] };
  for (let step = 0; step < timeline.step_count; step += 1) {
    const told = regions.filter((each) => says(stateAt(each.states?.[step])));
    const of = (column: "rate_mean_percents" | "rate_low_percents" | "rate_high_percents"): number | null =>
      told.length === 0
        ? null
        : told.reduce((sum, each) => sum + (each[column]?.[step] ?? 0), 0) / told.length;
    rates.mean.push(of("rate_mean_percents"));
    rates.low.push(of("rate_low_percents"));
    rates.high.push(of("rate_high_percents"));
  }
  return rates;
};

export const LAYERS = ["dns", "tcp", "tls", "http", "app"] as const;

export interface Cause {
  layer: string;
  count: number;
  failures: { failure: string; count: number }[]; // most frequent first
}

// Reporters that do not reach it, by layer. A region tells its most frequent cause.
export const causesOf = (verdict: Verdict): Cause[] =>
  LAYERS.map((layer) => {
    const failures = new Map<string, number>();
    for (const { access } of verdict.regions) {
      if (access.blocked_layer !== layer) continue;
      failures.set(
        access.blocked_failure,
        (failures.get(access.blocked_failure) ?? 0) + access.buckets_blocked,
      );
    }
    const sorted = [...failures]
      .map(([failure, count]) => ({ failure, count }))
      .sort((a, b) => b.count - a.count);
    return { layer, count: sorted.reduce((sum, each) => sum + each.count, 0), failures: sorted };
  });

// Regions with a statement, the easiest to reverse first.
export const flips = (verdict: Verdict): { region: string; count: number; state: State }[] =>
  verdict.regions
    .filter(({ access }) => access.flip_cost > 0)
    .map(({ region, access }) => ({ region, count: access.flip_cost, state: stateOf(access.state) }))
    .sort((a, b) => a.count - b.count || a.region.localeCompare(b.region));

const STALE_WINDOWS = 2;
const STALE_GRACE_MS = 600_000;

// Whether the newest window is too old to be called now. Times in milliseconds of the server's clock.
export const isStale = (windowEnd: number, windowMs: number, now: number): boolean =>
  now - windowEnd > STALE_WINDOWS * windowMs + STALE_GRACE_MS;
