// The other pure parts: numbers for pictures, addresses, languages, places, moments.
import {
  STEPS_MAX,
  causesOf,
  fittingWindows,
  flips,
  isStale,
  openCount,
  rangeOf,
  ratesOf,
  runs,
  scopeShown,
  stateShown,
  stepAt,
  startOf,
} from "../../../collector/page/src/aggregate";
import { TEXTS, fill, pickLang } from "../../../collector/page/src/i18n/i18n";
import { failureText } from "../../../collector/page/src/i18n/failures";
import { CN } from "../../../collector/page/src/places/cn";
import { regionName, tileMark, tiles } from "../../../collector/page/src/places/places";
import { formatRoute, parseRoute } from "../../../collector/page/src/route";
import { lengthText, momentText, spanText } from "../../../collector/page/src/time";
import { ACCESS_STATES, SCOPES, scopeOf, stateOf, type Timeline } from "../../../collector/page/src/types";
import { access, verdict } from "./verdicts";

const timeline = (): Timeline => ({
  country: "CN",
  target_id: "whatsapp",
  start_time: "2024-04-01T00:00:00Z",
  step: "14400s",
  step_count: 4,
  window_length: "3600s",
  window_counts: [4, 4, 0, 4],
  scopes: [1, 3, 0, 7],
  regions: [
    {
      region: "CN-BJ",
      display_name: "",
      states: [2, 3, 0, 4],
      rate_mean_percents: [2, 60, 0, 0],
      rate_low_percents: [0, 40, 0, 0],
      rate_high_percents: [8, 80, 0, 0],
    },
    {
      region: "CN-SH",
      display_name: "",
      states: [2, 1, 0, 6],
      rate_mean_percents: [4, 90, 0, 0],
      rate_low_percents: [0, 80, 0, 0],
      rate_high_percents: [10, 98, 0, 0],
    },
    {
      region: "CN-XZ",
      display_name: "",
      states: [4, 4, 0, 5],
      rate_mean_percents: [0, 0, 0, 0],
      rate_low_percents: [0, 0, 0, 0],
      rate_high_percents: [0, 0, 0, 0],
    },
  ],
});

describe("aggregation", () => {
  test("neighbours that say the same are one run", () => {
    expect(runs(5, (step) => "aabba"[step])).toEqual([
      { from: 0, to: 2, value: "a" },
      { from: 2, to: 4, value: "b" },
      { from: 4, to: 5, value: "a" },
    ]);
    expect(runs(0, String)).toEqual([]);
  });
  test("steps without windows are nothing, not a state", () => {
    const of = timeline();
    expect([0, 1, 2, 3].map((step) => scopeShown(of, step))).toEqual([
      "NOWHERE",
      "LOCAL",
      "NONE",
      "UNDETERMINED",
    ]);
    expect([0, 1, 2, 3].map((step) => stateShown(of, of.regions[0]!.states, step))).toEqual([
      "BLOCKED",
      "PARTIAL",
      "NONE",
      "UNKNOWN",
    ]);
    expect(stateShown({ ...of, window_counts: [4, 4, 4, 4] }, [99], 0)).toBe("UNKNOWN");
    expect(openCount(of, 1)).toBe(2);
  });
  test("means leave out regions that say nothing", () => {
    const rates = ratesOf(timeline(), null);
    expect(rates.mean).toEqual([3, 75, null, null]);
    expect(rates.low).toEqual([0, 60, null, null]);
    expect(rates.high).toEqual([9, 89, null, null]);
    expect(ratesOf(timeline(), "CN-SH").mean).toEqual([4, 90, null, null]);
    expect(ratesOf(timeline(), "CN-XZ").mean).toEqual([null, null, null, null]);
  });
  test("a range has at most so many steps, of whole windows", () => {
    const day = 86_400_000;
    expect(rangeOf(0, 30 * day, 3600).step).toBe(4 * 3600);
    expect(rangeOf(0, day, 3600).step).toBe(3600);
    expect(rangeOf(0, 7_200_000, 10).step).toBe(40);
    for (const days of [1, 31, 90, 399]) {
      const { step } = rangeOf(0, days * day, 3600);
      expect((days * 86_400) / step).toBeLessThanOrEqual(STEPS_MAX);
      expect(step % 3600).toBe(0);
    }
  });
  test("a young history is shown in fewer windows", () => {
    const of = { ...timeline(), step_count: 180, window_counts: Array.from({ length: 180 }, () => 0) };
    expect(fittingWindows(of)).toBe(720);
    const begun = (step: number): Timeline => ({
      ...of,
      window_counts: of.window_counts.map((_, index) => (index >= step ? 4 : 0)),
    });
    expect(fittingWindows(begun(179))).toBe(24);
    expect(fittingWindows(begun(174))).toBe(24);
    expect(fittingWindows(begun(173))).toBe(168);
    expect(fittingWindows(begun(138))).toBe(168);
    expect(fittingWindows(begun(137))).toBe(720);
    expect(fittingWindows(begun(0))).toBe(720);
  });
  test("moments and steps", () => {
    expect(startOf(timeline(), 2)).toBe(Date.parse("2024-04-01T08:00:00Z"));
    expect(stepAt(timeline(), Date.parse("2024-04-01T07:59:59Z"))).toBe(1);
  });
  test("causes are summed by layer, the most frequent failure first", () => {
    const of = verdict({
      scope: "NOWHERE",
      regions: { "CN-BJ": "BLOCKED", "CN-SH": "BLOCKED", "CN-GD": "BLOCKED" },
    });
    of.regions[0]!.access = {
      ...access("BLOCKED"),
      buckets_blocked: 20,
      blocked_failure: "generic_timeout_error",
    };
    of.regions[1]!.access = {
      ...access("BLOCKED"),
      blocked_layer: "dns",
      blocked_failure: "dns_bogon_error",
    };
    expect(causesOf(of).filter(({ count }) => count > 0)).toEqual([
      {
        layer: "dns",
        count: 8,
        failures: [{ failure: "dns_bogon_error", count: 8 }],
      },
      {
        layer: "tls",
        count: 28,
        failures: [
          { failure: "generic_timeout_error", count: 20 },
          { failure: "connection_reset", count: 8 },
        ],
      },
    ]);
  });
  test("the easiest to reverse comes first; what says nothing cannot be reversed", () => {
    const of = verdict({
      scope: "NOWHERE",
      regions: { "CN-BJ": "BLOCKED", "CN-SH": "BLOCKED", "CN-XZ": "UNKNOWN" },
    });
    of.regions[1]!.access.flip_cost = 2;
    of.regions[2]!.access.flip_cost = 0;
    expect(flips(of).map(({ region, count }) => [region, count])).toEqual([
      ["CN-SH", 2],
      ["CN-BJ", 4],
    ]);
  });
  test("stale is more than two windows and ten minutes", () => {
    const hour = 3_600_000;
    expect(isStale(0, hour, 2 * hour + 600_000)).toBe(false);
    expect(isStale(0, hour, 2 * hour + 600_001)).toBe(true);
  });
  test("what a collector of tomorrow says is no statement", () => {
    expect(stateOf("ACCESS_STATE_NEW")).toBe("UNKNOWN");
    expect(scopeOf("SCOPE_NEW")).toBe("UNDETERMINED");
  });
});

describe("addresses", () => {
  test("hold everything that is chosen, and come back the same", () => {
    const text = "#/CN/whatsapp?region=CN-BJ&from=2024-04-01T00:00:00Z&to=2024-04-08T00:00:00Z&lang=zh";
    const route = parseRoute(text);
    expect(route).toEqual({
      country: "CN",
      target: "whatsapp",
      region: "CN-BJ",
      from: Date.parse("2024-04-01"),
      to: Date.parse("2024-04-08"),
      windows: null,
      lang: "zh",
    });
    expect(formatRoute(route)).toBe(text);
    expect(formatRoute({ country: "CN" })).toBe("#/CN");
  });
  test.each([
    "",
    "#",
    "#/",
    "#content",
    "#/%",
    "#/CN/?from=x&to=y",
    "#/CN?from=2024-04-02&to=2024-04-01",
    "#/CN?windows=-1",
    "#/CN?windows=1e9",
  ])("%s breaks nothing", (text) => {
    const { from, to, windows } = parseRoute(text);
    expect([from, to, windows]).toEqual([null, null, null]);
  });
});

describe("languages", () => {
  test("every text is there in both, with the same blanks", () => {
    const blanks = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
    expect(Object.keys(TEXTS.zh).sort()).toEqual(Object.keys(TEXTS.en).sort());
    for (const key of Object.keys(TEXTS.en) as (keyof typeof TEXTS.en)[]) {
      expect(blanks(TEXTS.zh[key]), key).toEqual(blanks(TEXTS.en[key]));
      expect(TEXTS.en[key].length * TEXTS.zh[key].length, key).toBeGreaterThan(0);
    }
  });
  test("every state, scope and kind has a word", () => {
    for (const texts of Object.values(TEXTS) as Record<string, string>[]) {
      for (const state of ACCESS_STATES.slice(1)) expect(texts[`state${state}`], state).toBeTruthy();
      for (const scope of SCOPES.slice(1)) expect(texts[`scope${scope}`], scope).toBeTruthy();
      for (const kind of [
        "OPENED",
        "CLOSED",
        "WIDENED",
        "NARROWED",
        "SUSTAINED",
        "DISPUTED",
        "SERVICE",
        "EVENT",
        "CORRECTED",
        "OTHER",
      ]) {
        expect(texts[`change${kind}`], kind).toBeTruthy();
      }
      for (const end of ["ONGOING", "REVERSED", "LOST_SIGHT", "WITHDRAWN"])
        expect(texts[`event${end}`], end).toBeTruthy();
    }
  });
  test("the address wins over the browser, and English over nothing", () => {
    expect(pickLang("zh", ["en-US"])).toBe("zh");
    expect(pickLang(null, ["fr", "zh-TW", "en"])).toBe("zh");
    expect(pickLang("fr", ["de"])).toBe("en");
  });
  test("blanks are filled, unknown ones stay", () => {
    expect(fill("{a} of {b}", { a: 0 })).toBe("0 of {b}");
  });
  test("failures have words; a new one is shown as it is", () => {
    expect(failureText("connection_reset", "en")).toBe("connection reset midway");
    expect(failureText("new_error", "zh")).toBe("new error");
  });
});

describe("places", () => {
  test("no two regions of China share a tile, and all 34 have one", () => {
    const places = Object.values(CN).map(({ column, row }) => `${column} ${row}`);
    expect(places).toHaveLength(34);
    expect(new Set(places).size).toBe(34);
    expect(new Set(Object.values(CN).map(({ mark }) => mark)).size).toBe(34);
  });
  test("a country without a layout gets an ordered grid", () => {
    expect(tiles(["IR-08", "IR-01"])).toEqual([
      { code: "IR-01", column: 0, row: 0 },
      { code: "IR-08", column: 1, row: 0 },
    ]);
    expect(tiles(["CN-BJ", "CN-99"]).map(({ row }) => row)).toEqual([0, 0]);
    expect(tiles([])).toEqual([]);
  });
  test("names: short ones of the layout, else what the collector says, else the code", () => {
    expect(regionName("CN-BJ", "Beijing Shi", "en")).toBe("Beijing");
    expect(regionName("IR-08", "Tehran", "zh")).toBe("Tehran");
    expect(regionName("IR-08", undefined, "en")).toBe("IR-08");
    expect([tileMark("CN-BJ", "zh"), tileMark("CN-BJ", "en"), tileMark("IR-08", "zh")]).toEqual([
      "京",
      "BJ",
      "08",
    ]);
  });
});

describe("moments", () => {
  const noon = Date.parse("2024-04-06T12:00:00Z");
  test("are UTC, with the second date only where it is another day", () => {
    expect(momentText(noon, false, "en")).toBe("6 Apr, 12:00");
    expect(spanText(noon, noon + 4 * 3_600_000, false, "en")).toBe("6 Apr, 12:00–16:00");
    expect(spanText(noon, noon + 13 * 3_600_000, false, "en")).toBe("6 Apr, 12:00–7 Apr, 01:00");
    expect(spanText(noon, noon + 10_000, true, "zh")).toBe("4月6日 12:00:00–12:00:10");
  });
  test("lengths are rounded down, hours up to two days", () => {
    expect([30e3, 60e3, 47 * 3600e3, 48 * 3600e3, -5].map((length) => lengthText(length, "en"))).toEqual([
      "30 seconds",
      "1 minute",
      "47 hours",
      "2 days",
      "0 seconds",
    ]);
  });
});
