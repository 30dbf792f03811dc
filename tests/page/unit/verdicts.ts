// Verdicts for tests: regions by state, everything else as a collector would have it.
import type { Access, NetworkAccess, SightlineEvent, Verdict } from "../../../collector/page/src/types";

export const END = Date.parse("2024-04-22T15:00:00Z");

export const access = (state: string, rate = 0.5): Access => ({
  state: `ACCESS_STATE_${state}`,
  buckets_open: 12,
  buckets_blocked: 8,
  rate_mean: rate,
  rate_low: 0.4,
  rate_high: 0.8,
  flip_cost: 4,
  blocked_layer: "tls",
  blocked_failure: "connection_reset",
  state_probability: 0.9,
  buckets_bypassing: 0,
  buckets_suspected: 0,
});

export const network = (asn: number, state: string, rate = 0.5): NetworkAccess => ({
  asn,
  access: access(state, rate),
});

interface Parts {
  scope: string;
  service?: string;
  regions?: Record<string, string | [string, number]>; // code -> state, or state and rate
  networks?: NetworkAccess[];
  openNetworks?: number[];
  blockedNetworks?: number[];
  events?: SightlineEvent[];
}

export const verdict = ({
  scope,
  service = "UP",
  regions = {},
  networks = [],
  openNetworks = [],
  blockedNetworks = [],
  events = [],
}: Parts): Verdict => {
  const list = Object.entries(regions).map(([region, look]) => {
    const [state, rate] = typeof look === "string" ? [look, 0.6] : look;
    return {
      region,
      display_name: `${region} Shi`,
      access: access(state, rate),
      networks: [] as NetworkAccess[],
    };
  });
  const of = (...states: string[]): string[] =>
    list
      .filter((each) => states.includes(each.access.state.replace("ACCESS_STATE_", "")))
      .map(({ region }) => region);
  return {
    target_id: "whatsapp",
    display_name: "WhatsApp",
    kind: "TARGET_KIND_SERVICE",
    scope: `SCOPE_${scope}`,
    service_state: `SERVICE_STATE_${service}`,
    regions: list,
    networks,
    open_regions: of("OPEN", "PARTIAL"),
    open_networks: openNetworks,
    blocked_regions: of("BLOCKED"),
    blocked_networks: blockedNetworks,
    reasons: [],
    scope_posteriors: [],
    events,
  };
};

export const event = (
  kind: string,
  place: string | number,
  onset: string,
  end = "ONGOING",
): SightlineEvent => ({
  event_id: `${kind}${place}${onset}`,
  target_id: "whatsapp",
  country: "CN",
  region: typeof place === "string" ? place : "",
  asn: typeof place === "number" ? place : 0,
  kind: `EVENT_KIND_${kind}`,
  onset_time: onset,
  detect_time: onset,
  end: `EVENT_END_${end}`,
  end_time: null,
  duration: "EVENT_DURATION_LONG_RUN",
  lasts_probability: 1,
  windows_observed: 9,
  windows_different: 9,
  rate_mean: 0.6,
  amendments: [],
});

export const many = (count: number, state: string): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`XX-${String(index).padStart(2, "0")}`, state]),
  );
