// The answers of a collector over the made-up country, in the words of proto/sightline/v1.
import { DAY, HOUR, NETWORKS, REGIONS, TARGETS } from "./world.mjs";

const STATES = ["UNSPECIFIED", "OPEN", "BLOCKED", "PARTIAL", "UNKNOWN", "DOWN", "DISPUTED"];
const SCOPES = [
  "UNSPECIFIED",
  "NOWHERE",
  "ISOLATED",
  "LOCAL",
  "BY_NETWORK",
  "WIDESPREAD",
  "MIXED",
  "UNDETERMINED",
];

export const rfc3339 = (ms) => new Date(ms).toISOString().replace(".000Z", "Z");

const clamp = (ratio) => Math.min(1, Math.max(0, ratio));

const access = (seen, target, scale = 1) => {
  const all = Math.round(seen.all * scale);
  const open = Math.round(seen.open * scale);
  const says = ["OPEN", "PARTIAL", "BLOCKED"].includes(seen.state);
  const half = (0.9 / Math.sqrt(Math.max(4, all))) * (seen.state === "PARTIAL" ? 1 : 0.5);
  return {
    state: `ACCESS_STATE_${seen.state}`,
    buckets_open: open,
    buckets_blocked: all - open,
    rate_mean: seen.rate,
    rate_low: clamp(seen.rate - half),
    rate_high: clamp(seen.rate + half),
    flip_cost: says ? Math.max(2, Math.round(all / 2.5)) : 0,
    blocked_layer: says && all > open ? target.layer : "",
    blocked_failure: says && all > open ? target.failure : "",
    state_probability: says ? 0.9 + 0.002 * Math.min(48, all) : 0,
    buckets_bypassing: all > 30 ? 5 : 0,
    buckets_suspected: seen.state === "DISPUTED" ? 6 : 0,
  };
};

const eventOf = (world, opening, index) => ({
  event_id: `e${index}`,
  target_id: opening.target,
  country: "CN",
  region: opening.region ?? "",
  asn: opening.asn ?? 0,
  kind: "EVENT_KIND_OPENING",
  onset_time: rfc3339(opening.from),
  detect_time: rfc3339(opening.from + HOUR),
  end: opening.to ? "EVENT_END_REVERSED" : "EVENT_END_ONGOING",
  end_time: opening.to ? rfc3339(opening.to) : null,
  duration: `EVENT_DURATION_${opening.duration}`,
  sustained_time: null,
  long_run_time: null,
  lasts_probability: opening.to
    ? 0
    : opening.duration === "LONG_RUN"
      ? 1
      : opening.duration === "SUSTAINED"
        ? 0.87
        : 0.31,
  windows_observed: 100,
  windows_different: 96,
  rate_mean: opening.rate,
  amendments:
    index === 0
      ? [
          {
            amend_time: rfc3339(opening.from + DAY),
            window_start_time: rfc3339(opening.from),
            text: "It began an hour earlier than said.",
          },
        ]
      : [],
});

export const eventsOf = (world, targets) =>
  world.story
    .map((opening, index) => eventOf(world, opening, index))
    .filter(({ target_id }) => targets.length === 0 || targets.includes(target_id))
    .sort((a, b) => a.onset_time.localeCompare(b.onset_time));

const POSTERIORS = {
  NOWHERE: [0.985, 0.01, 0.004, 0.001, 0, 0],
  LOCAL: [0.002, 0.006, 0.955, 0.02, 0.001, 0.016],
  BY_NETWORK: [0.001, 0.003, 0.04, 0.93, 0.004, 0.022],
  WIDESPREAD: [0, 0, 0.002, 0.003, 0.989, 0.006],
};

const reasonsOf = (target, scope, regions, open) => {
  if (scope === "UNDETERMINED") {
    return [
      "The service itself seems to be down: most controls outside do not reach it (0 of 5 controls do), so nothing is said about blocking.",
    ];
  }
  const blocked = regions.filter(({ access: a }) => a.state === "ACCESS_STATE_BLOCKED").length;
  return [
    open.length > 0
      ? `Open for some in ${open.length} of 31 regions; blocked in ${blocked}; not known in 2.`
      : `Blocked in ${blocked} of 31 regions; not known in 2.`,
    target.layer
      ? `Where blocked, it fails first at ${target.layer} (${target.failure}).`
      : "Nobody reports a failure.",
    "Controls outside reach it (5 of 5 controls).",
  ];
};

const verdictOf = (world, target, time) => {
  const scope = world.scopeAt(target.id, time);
  const regions = REGIONS.map((region) => {
    const seen = world.look(target.id, region.code, time);
    const networks =
      seen.all < 12
        ? []
        : NETWORKS.map((asn) => {
            const free = scope === "BY_NETWORK" && seen.state === "PARTIAL";
            const part = free
              ? {
                  ...seen,
                  state: asn === 9808 ? "OPEN" : "BLOCKED",
                  rate: asn === 9808 ? 0.97 : 0.03,
                  open: asn === 9808 ? seen.all : 0,
                }
              : seen;
            return { asn, access: access(part, target, 1 / 3) };
          });
    return { region: region.code, display_name: region.en, access: access(seen, target), networks };
  });
  const open = regions
    .filter(({ access: a }) => ["ACCESS_STATE_OPEN", "ACCESS_STATE_PARTIAL"].includes(a.state))
    .map(({ region }) => region);
  const blocked = regions
    .filter(({ access: a }) => a.state === "ACCESS_STATE_BLOCKED")
    .map(({ region }) => region);
  const seenAcross = (asn) => {
    if (scope === "WIDESPREAD" || (scope === "BY_NETWORK" && asn === 9808))
      return { state: "OPEN", rate: 0.97, all: 210, open: 207 };
    if (scope === "UNDETERMINED") return { state: "DOWN", rate: 0.5, all: 0, open: 0 };
    return { state: "BLOCKED", rate: 0.03, all: 220, open: scope === "LOCAL" ? 14 : 0 };
  };
  return {
    target_id: target.id,
    display_name: target.name,
    kind: `TARGET_KIND_${target.kind}`,
    scope: `SCOPE_${scope}`,
    service_state: scope === "UNDETERMINED" ? "SERVICE_STATE_DOWN" : "SERVICE_STATE_UP",
    regions,
    networks: NETWORKS.map((asn) => ({ asn, access: access(seenAcross(asn), target) })),
    open_regions: open,
    open_networks: scope === "BY_NETWORK" ? [9808] : [],
    reasons: reasonsOf(target, scope, regions, open),
    scope_posteriors: (POSTERIORS[scope] ?? []).map((posterior, index) => ({
      scope: `SCOPE_${SCOPES[index + 1]}`,
      posterior,
    })),
    blocked_regions: blocked,
    blocked_networks: scope === "BY_NETWORK" ? [4134, 4837] : [],
    events: eventsOf(world, [target.id]).filter(({ end }) => end === "EVENT_END_ONGOING"),
  };
};

export const summaryOf = (world) => ({
  country: "CN",
  window_start_time: rfc3339(world.windowEnd - HOUR),
  window_length: "3600s",
  ruleset_version: "5",
  verdicts: TARGETS.map((target) => verdictOf(world, target, world.windowEnd - HOUR)),
});

const majority = (values) => {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0][0];
};

const columnsOf = (world, target, region, steps) => {
  const columns = {
    states: [],
    rate_mean_percents: [],
    rate_low_percents: [],
    rate_high_percents: [],
    buckets_open: [],
    buckets_blocked: [],
  };
  for (const windows of steps) {
    if (windows.length === 0) {
      for (const column of Object.values(columns)) column.push(0);
      continue;
    }
    const state = majority(windows.map((time) => world.look(target, region, time).state));
    const seen = windows.map((time) => world.look(target, region, time)).find((each) => each.state === state);
    const says = ["OPEN", "PARTIAL", "BLOCKED"].includes(state);
    const half = (0.9 / Math.sqrt(Math.max(4, seen.all))) * (state === "PARTIAL" ? 1 : 0.5);
    columns.states.push(STATES.indexOf(state));
    columns.rate_mean_percents.push(says ? Math.round(100 * seen.rate) : 0);
    columns.rate_low_percents.push(says ? Math.round(100 * clamp(seen.rate - half)) : 0);
    columns.rate_high_percents.push(says ? Math.round(100 * clamp(seen.rate + half)) : 0);
    columns.buckets_open.push(seen.open);
    columns.buckets_blocked.push(seen.all - seen.open);
  }
  return columns;
};

// Only the columns that the mask names.
export const timelineOf = (world, query) => {
  const target = query.get("target_id");
  const mask = (query.get("read_mask") ?? "").split(",").filter(Boolean);
  const wanted = (name) => mask.length === 0 || mask.includes(name);
  const step = 1000 * Number.parseFloat(query.get("step") ?? "3600s");
  const to = Math.min(world.windowEnd, Date.parse(query.get("end_time") ?? rfc3339(world.windowEnd)));
  const from = Math.floor(Date.parse(query.get("start_time") ?? rfc3339(to - 30 * DAY)) / step) * step;
  const count = Math.max(0, Math.ceil((to - from) / step));
  const steps = Array.from({ length: count }, (_, index) => {
    const begin = from + index * step;
    const windows = Array.from({ length: step / HOUR }, (__, hour) => begin + hour * HOUR);
    return windows.filter((time) => time >= world.start && time < world.windowEnd);
  });
  const answer = {
    country: "CN",
    target_id: target,
    start_time: rfc3339(from),
    step: `${step / 1000}s`,
    step_count: count,
    window_length: "3600s",
    window_counts: wanted("window_counts") ? steps.map((windows) => windows.length) : [],
    scopes: wanted("scopes")
      ? steps.map((windows) =>
          windows.length === 0
            ? 0
            : SCOPES.indexOf(majority(windows.map((time) => world.scopeAt(target, time)))),
        )
      : [],
    service_states: wanted("service_states") ? steps.map((windows) => (windows.length === 0 ? 0 : 1)) : [],
    regions: REGIONS.map((region) => {
      const columns = columnsOf(world, target, region.code, steps);
      const kept = Object.entries(columns).map(([name, values]) => [
        name,
        wanted(`regions.${name}`) ? values : [],
      ]);
      return { region: region.code, display_name: region.en, ...Object.fromEntries(kept) };
    }),
  };
  return answer;
};

export const annotations = [
  {
    annotation_id: "a1",
    country: "CN",
    target_id: "whatsapp",
    time: "2024-04-19T04:00:00Z",
    text: "WhatsApp and Threads removed from the App Store in China",
    url: "https://example.org/app-store",
    source: "ANNOTATION_SOURCE_STOREFRONT",
    create_time: "2024-04-19T05:10:00Z",
  },
  {
    annotation_id: "a2",
    country: "CN",
    target_id: "",
    time: "2024-04-04T00:00:00Z",
    text: "Tomb-Sweeping holiday begins",
    url: "",
    source: "ANNOTATION_SOURCE_OPERATOR",
    create_time: "2024-04-04T05:10:00Z",
  },
];

export const changesOf = (world) => ({
  changes: world.changes.map((change, index) => ({
    change_seq: String(index + 1),
    country: "CN",
    target_id: change.target.id,
    display_name: change.target.name,
    window_start_time: rfc3339(change.time - HOUR),
    change_time: rfc3339(change.time),
    kinds: change.kinds.map((kind) => `CHANGE_KIND_${kind}`),
    scope: `SCOPE_${change.scope}`,
    previous_scope: `SCOPE_${change.before}`,
    regions: change.region
      ? [
          {
            region: change.region,
            state: "ACCESS_STATE_PARTIAL",
            previous_state: "ACCESS_STATE_BLOCKED",
          },
        ]
      : [],
    events: eventsOf(world, [change.target.id]).filter(({ region }) => region === change.region),
    text: change.text,
  })),
});
