// The collector's answers: proto/sightline/v1 as JSON. Only what the page reads.

export const ACCESS_STATES = [
  "UNSPECIFIED",
  "OPEN",
  "BLOCKED",
  "PARTIAL",
  "UNKNOWN",
  "DOWN",
  "DISPUTED",
] as const;
export type State = (typeof ACCESS_STATES)[number];

export const SCOPES = [
  "UNSPECIFIED",
  "NOWHERE",
  "ISOLATED",
  "LOCAL",
  "BY_NETWORK",
  "WIDESPREAD",
  "MIXED",
  "UNDETERMINED",
] as const;
export type ScopeName = (typeof SCOPES)[number];

export const SERVICE_STATES = ["UNSPECIFIED", "UP", "DOWN", "UNKNOWN"] as const;
export type ServiceName = (typeof SERVICE_STATES)[number];

export interface Access {
  state: string;
  buckets_open: number;
  buckets_blocked: number;
  rate_mean: number;
  rate_low: number;
  rate_high: number;
  flip_cost: number;
  blocked_layer: string;
  blocked_failure: string;
  state_probability: number;
  buckets_bypassing: number;
  buckets_suspected: number;
}

export interface NetworkAccess {
  asn: number;
  access: Access;
}

export interface RegionAccess {
  region: string;
  display_name: string;
  access: Access;
  networks: NetworkAccess[];
}

export interface Amendment {
  amend_time: string;
  window_start_time: string;
  text: string;
}

export interface SightlineEvent {
  event_id: string;
  target_id: string;
  country: string;
  region: string;
  asn: number;
  kind: string;
  onset_time: string;
  detect_time: string;
  end: string;
  end_time?: string | null;
  duration: string;
  lasts_probability: number;
  windows_observed: number;
  windows_different: number;
  rate_mean: number;
  amendments: Amendment[];
}

export interface Verdict {
  target_id: string;
  display_name: string;
  kind: string;
  scope: string;
  service_state: string;
  regions: RegionAccess[];
  networks: NetworkAccess[];
  open_regions: string[];
  open_networks: number[];
  blocked_regions: string[];
  blocked_networks: number[];
  reasons: string[];
  scope_posteriors: { scope: string; posterior: number }[];
  events: SightlineEvent[];
}

export interface Summary {
  country: string;
  window_start_time: string;
  window_length: string;
  ruleset_version: string;
  verdicts: Verdict[];
}

export interface RegionTimeline {
  region: string;
  display_name: string;
  states?: number[];
  rate_mean_percents?: number[];
  rate_low_percents?: number[];
  rate_high_percents?: number[];
  buckets_open?: number[];
  buckets_blocked?: number[];
}

export interface Timeline {
  country: string;
  target_id: string;
  start_time: string;
  step: string;
  step_count: number;
  window_length: string;
  window_counts?: number[];
  scopes?: number[];
  service_states?: number[];
  regions: RegionTimeline[];
}

export interface Annotation {
  annotation_id: string;
  target_id: string;
  time: string;
  text: string;
  url: string;
  source: string;
}

export interface RegionChange {
  region: string;
  state: string;
  previous_state: string;
}

export interface Change {
  change_seq: string;
  target_id: string;
  display_name: string;
  change_time: string;
  kinds: string[];
  scope: string;
  previous_scope: string;
  regions: RegionChange[];
  events: SightlineEvent[];
  text: string; // the collector's own words, in English
}

export interface Countries {
  countries: string[];
}

const short = (name: string, prefix: string): string =>
  name.startsWith(prefix) ? name.slice(prefix.length) : name;

const member = <T extends string>(names: readonly T[], name: string, other: T): T =>
  (names as readonly string[]).includes(name) ? (name as T) : other;

// What is not known to this page is never taken for a statement.
export const stateOf = (name: string): State => {
  const state = member(ACCESS_STATES, short(name, "ACCESS_STATE_"), "UNKNOWN");
  return state === "UNSPECIFIED" ? "UNKNOWN" : state;
};
export const stateAt = (value: number | undefined): State => ACCESS_STATES[value ?? 0] ?? "UNKNOWN";

export const scopeOf = (name: string): ScopeName => {
  const scope = member(SCOPES, short(name, "SCOPE_"), "UNDETERMINED");
  return scope === "UNSPECIFIED" ? "UNDETERMINED" : scope;
};
export const scopeAt = (value: number | undefined): ScopeName => SCOPES[value ?? 0] ?? "UNDETERMINED";

export const serviceOf = (name: string): ServiceName => {
  const state = member(SERVICE_STATES, short(name, "SERVICE_STATE_"), "UNKNOWN");
  return state === "UNSPECIFIED" ? "UNKNOWN" : state;
};

export const kindOf = (name: string): string => short(name, "TARGET_KIND_");
export const isOpen = (state: State): boolean => state === "OPEN" || state === "PARTIAL";

// "3600s" in seconds.
export const seconds = (duration: string): number => Number.parseFloat(duration) || 0;
