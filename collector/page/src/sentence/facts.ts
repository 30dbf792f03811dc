// What a verdict says, taken apart for the sentences. Pure.
import {
  isOpen,
  scopeOf,
  seconds,
  serviceOf,
  stateOf,
  type RegionAccess,
  type ScopeName,
  type ServiceName,
  type State,
  type Summary,
  type Verdict,
} from "../types";

export interface Since {
  onset: number;
  // The places opened or closed one after the other: `onset` is that of the first (an opening).
  first: boolean;
}

export interface Facts {
  scope: ScopeName;
  service: ServiceName;
  regions: number;
  counts: Record<State, number>;
  open: string[]; // codes, the best first
  networksOpen: number[];
  networksBlocked: number[];
  place: { region: string; asn: number } | null; // of ISOLATED; asn 0 when it is not told
  since: Since | null;
  share: number | null; // mean share of origins with access where it is open: ratio
  windowEnd: number; // ms
}

const emptyCounts = (): Record<State, number> => ({
  UNSPECIFIED: 0,
  OPEN: 0,
  BLOCKED: 0,
  PARTIAL: 0,
  UNKNOWN: 0,
  DOWN: 0,
  DISPUTED: 0,
});

export const countStates = (regions: readonly RegionAccess[]): Record<State, number> => {
  const counts = emptyCounts();
  for (const region of regions) counts[stateOf(region.access.state)] += 1;
  return counts;
};

export const windowEnd = (summary: Summary): number =>
  Date.parse(summary.window_start_time) + 1000 * seconds(summary.window_length);

const isolatedPlace = (verdict: Verdict): Facts["place"] => {
  for (const region of verdict.regions) {
    for (const network of region.networks) {
      if (isOpen(stateOf(network.access.state))) return { region: region.region, asn: network.asn };
    }
  }
  const region = verdict.open_regions[0] ?? verdict.events.find((event) => event.region)?.region;
  return region ? { region, asn: verdict.open_networks[0] ?? 0 } : null;
};

const onsets = (verdict: Verdict, kind: string, of: (region: string, asn: number) => boolean): number[] =>
  verdict.events
    .filter((event) => event.kind === `EVENT_KIND_${kind}` && event.end === "EVENT_END_ONGOING")
    .filter((event) => of(event.region, event.asn))
    .map((event) => Date.parse(event.onset_time));

// Since when it is as it is; null when it has been so for as long as anybody looked, or when that is
// not known of every place.
const sinceOf = (verdict: Verdict, scope: ScopeName, place: Facts["place"]): Since | null => {
  const open = new Set(verdict.open_regions);
  const networks = new Set(verdict.open_networks);
  if (scope === "NOWHERE") {
    const closings = onsets(verdict, "CLOSING", (region) => region !== "");
    return closings.length > 0 ? { onset: Math.max(...closings), first: false } : null;
  }
  if (scope === "UNDETERMINED") return null;
  let found: number[];
  let places: number;
  if (scope === "BY_NETWORK") {
    found = onsets(verdict, "OPENING", (region, asn) => region === "" && networks.has(asn));
    places = networks.size;
  } else if (scope === "ISOLATED") {
    found = onsets(
      verdict,
      "OPENING",
      (region, asn) => region === place?.region || (asn !== 0 && asn === place?.asn),
    );
    places = 1;
  } else {
    found = onsets(verdict, "OPENING", (region) => open.has(region));
    places = open.size;
  }
  if (found.length === 0) return null;
  const first = Math.min(...found);
  const last = Math.max(...found);
  if (scope === "WIDESPREAD") return found.length >= places ? { onset: last, first: false } : null;
  const day = 86_400_000;
  const sameDay = Math.floor(first / day) === Math.floor(last / day);
  return { onset: first, first: found.length < places || !sameDay };
};

const shareOf = (verdict: Verdict, scope: ScopeName): number | null => {
  const accesses =
    scope === "BY_NETWORK"
      ? verdict.networks.filter((network) => verdict.open_networks.includes(network.asn))
      : verdict.regions.filter((region) => isOpen(stateOf(region.access.state)));
  if (accesses.length === 0 || scope === "ISOLATED") return null;
  return accesses.reduce((sum, { access }) => sum + access.rate_mean, 0) / accesses.length;
};

export const factsOf = (verdict: Verdict, end: number): Facts => {
  const service = serviceOf(verdict.service_state);
  // Of a service that is down nothing is said about blocking.
  const scope = service === "DOWN" ? "UNDETERMINED" : scopeOf(verdict.scope);
  const place = scope === "ISOLATED" ? isolatedPlace(verdict) : null;
  const rates = new Map(verdict.regions.map((region) => [region.region, region.access.rate_mean]));
  return {
    scope,
    service,
    regions: verdict.regions.length,
    counts: countStates(verdict.regions),
    open: [...verdict.open_regions].sort(
      (a, b) => (rates.get(b) ?? 0) - (rates.get(a) ?? 0) || a.localeCompare(b),
    ),
    networksOpen: verdict.open_networks,
    networksBlocked: verdict.blocked_networks,
    place,
    since: sinceOf(verdict, scope, place),
    share: shareOf(verdict, scope),
    windowEnd: end,
  };
};

const DURATIONS = ["GLITCH", "TEMPORARY", "SUSTAINED", "LONG_RUN"];

// How long the openings (of what is blocked everywhere: the closings) have lasted that go on: the word
// of the longest; null when there is none.
export const lastingOf = (verdict: Verdict, scope: ScopeName): string | null => {
  const kind = scope === "NOWHERE" ? "EVENT_KIND_CLOSING" : "EVENT_KIND_OPENING";
  const found = verdict.events
    .filter((event) => event.end === "EVENT_END_ONGOING" && event.kind === kind)
    .map((event) => DURATIONS.indexOf(event.duration.replace("EVENT_DURATION_", "")));
  return DURATIONS[Math.max(-1, ...found)] ?? null;
};
