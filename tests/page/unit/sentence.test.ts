// Every scope and every service state has its sentence, in both languages.
import { changeSentence } from "../../../collector/page/src/sentence/change";
import { lastingOf } from "../../../collector/page/src/sentence/facts";
import { sentenceOf } from "../../../collector/page/src/sentence/sentence";
import type { Lang } from "../../../collector/page/src/i18n/i18n";
import { regionName } from "../../../collector/page/src/places/places";
import { SCOPES, SERVICE_STATES, type Change, type Verdict } from "../../../collector/page/src/types";
import { END, event, many, network, verdict } from "./verdicts";

const say = (of: Verdict, lang: Lang = "en"): string =>
  sentenceOf(of, END, lang, (code) => regionName(code, code, lang)).whole;

const cities = {
  "CN-BJ": ["PARTIAL", 0.64],
  "CN-SH": ["PARTIAL", 0.57],
} as const;
const blocked = { "CN-GD": "BLOCKED", "CN-ZJ": "BLOCKED" };
const since6April = [
  event("OPENING", "CN-BJ", "2024-04-06T02:00:00Z"),
  event("OPENING", "CN-SH", "2024-04-06T05:00:00Z"),
];
const twoCities = (extra: Record<string, string> = {}) =>
  verdict({
    scope: "LOCAL",
    regions: { ...cities, ...blocked, ...extra } as never,
    events: since6April,
  });

describe("the two cities", () => {
  test("are the sentence of the issue", () => {
    expect(say(twoCities())).toBe(
      "WhatsApp: open in Beijing and Shanghai only, since 6 April (16 days), for about 60% of users",
    );
    expect(say(twoCities(), "zh")).toBe("WhatsApp：仅在北京和上海可用，自4月6日起（16天），约60%的用户");
  });
  test("are no more than what is known where a region is silent", () => {
    for (const state of ["UNKNOWN", "DISPUTED"]) {
      expect(say(twoCities({ "CN-XZ": state }))).toContain(
        "open in Beijing and Shanghai only, as far as is known, since 6 April",
      );
      expect(say(twoCities({ "CN-XZ": state }), "zh")).toContain(
        "就目前所知，仅在北京和上海可用，自4月6日起",
      );
    }
  });
  test("that opened on different days name the first", () => {
    const events = [since6April[0]!, event("OPENING", "CN-SH", "2024-04-08T00:00:00Z")];
    const of = verdict({
      scope: "LOCAL",
      regions: { ...cities, ...blocked } as never,
      events,
    });
    expect(say(of)).toContain(", the first since 6 April (16 days),");
    expect(say(of, "zh")).toContain("，最早自4月6日起（16天）");
  });
  test("say nothing of a beginning that nobody saw", () => {
    const of = verdict({
      scope: "LOCAL",
      regions: { ...cities, ...blocked } as never,
    });
    expect(say(of)).toBe("WhatsApp: open in Beijing and Shanghai only, for about 60% of users");
  });
  test("do not count openings that are over, or elsewhere", () => {
    const events = [
      event("OPENING", "CN-BJ", "2024-04-01T00:00:00Z", "REVERSED"),
      event("OPENING", "CN-GD", "2024-04-02T00:00:00Z"),
    ];
    expect(
      say(
        verdict({
          scope: "LOCAL",
          regions: { ...cities, ...blocked } as never,
          events,
        }),
      ),
    ).not.toContain("since");
  });
});

describe("places and shares", () => {
  test("many regions are abbreviated", () => {
    const of = verdict({
      scope: "LOCAL",
      regions: { ...many(8, "OPEN"), ...blocked },
    });
    expect(say(of)).toContain("open in XX-00, XX-01, XX-02 and 5 more only");
    expect(say(of, "zh")).toContain("仅在XX-00、XX-01、XX-02等8个地区可用");
  });
  test("four are all named", () => {
    expect(
      say(
        verdict({
          scope: "LOCAL",
          regions: { ...many(4, "OPEN"), ...blocked },
        }),
      ),
    ).toContain("XX-00, XX-01, XX-02 and XX-03 only");
  });
  test.each([
    [1, "nearly all users"],
    [0.95, "nearly all users"],
    [0.94, "about 95% of users"],
    [0.02, "few users"],
    [0.06, "about 5% of users"],
  ])("a share of %d is for %s", (rate, words) => {
    expect(
      say(
        verdict({
          scope: "LOCAL",
          regions: { "CN-BJ": ["OPEN", rate], ...blocked },
        }),
      ),
    ).toContain(`for ${words}`);
  });
  test("a beginning today is told by the clock, one of another year with the year", () => {
    const at = (onset: string) =>
      verdict({
        scope: "LOCAL",
        regions: { "CN-BJ": "OPEN", ...blocked },
        events: [event("OPENING", "CN-BJ", onset)],
      });
    expect(say(at("2024-04-22T10:00:00Z"))).toContain("since 10:00 UTC (5 hours)");
    expect(say(at("2024-04-22T14:59:30Z"))).toContain("since 14:59:30 UTC (30 seconds)");
    expect(say(at("2024-04-22T14:00:00Z"))).toContain("(1 hour)");
    expect(say(at("2023-12-24T14:00:00Z"))).toContain("since 24 December 2023 (120 days)");
    expect(say(at("2023-12-24T14:00:00Z"), "zh")).toContain("自2023年12月24日起（120天）");
  });
});

describe("every scope", () => {
  test("NOWHERE", () => {
    expect(say(verdict({ scope: "NOWHERE", regions: many(31, "BLOCKED") }))).toBe(
      "WhatsApp: blocked in all 31 regions",
    );
    expect(say(verdict({ scope: "NOWHERE", regions: many(31, "BLOCKED") }), "zh")).toBe(
      "WhatsApp：在全部31个地区被封锁",
    );
    expect(
      say(
        verdict({
          scope: "NOWHERE",
          regions: { ...many(28, "BLOCKED"), "CN-XZ": "UNKNOWN" },
        }),
      ),
    ).toBe("WhatsApp: blocked in 28 of 29 regions");
    expect(say(verdict({ scope: "NOWHERE", regions: { "CN-BJ": "BLOCKED" } }))).toBe(
      "WhatsApp: blocked in the only region",
    );
  });
  test("NOWHERE after a closing says since when everywhere", () => {
    const events = [
      event("CLOSING", "CN-GD", "2024-04-10T00:00:00Z"),
      event("CLOSING", "CN-ZJ", "2024-04-20T00:00:00Z"),
    ];
    expect(say(verdict({ scope: "NOWHERE", regions: blocked, events }))).toBe(
      "WhatsApp: blocked in all 2 regions, since 20 April (2 days)",
    );
  });
  test("ISOLATED names the network and its region, which as a whole is blocked", () => {
    const of = verdict({
      scope: "ISOLATED",
      regions: { "CN-BJ": "BLOCKED", ...blocked },
      events: [event("OPENING", 64500, "2024-04-19T12:00:00Z")],
    });
    of.regions[0]!.networks = [network(4134, "BLOCKED"), network(64500, "OPEN")];
    expect(say(of)).toBe("WhatsApp: open through AS64500 in Beijing only, since 19 April (3 days)");
    expect(say(of, "zh")).toBe("WhatsApp：仅可通过北京的AS64500访问，自4月19日起（3天）");
    of.regions[0]!.networks = [];
    of.open_regions = ["CN-BJ"];
    expect(say(of)).toContain("open through a single network in Beijing only");
    of.open_regions = [];
    of.events = [];
    expect(say(of)).toBe("WhatsApp: open through a single network only");
    expect(say(of, "zh")).toBe("WhatsApp：仅可通过单个网络访问");
  });
  test("BY_NETWORK", () => {
    const of = verdict({
      scope: "BY_NETWORK",
      regions: { "CN-BJ": "PARTIAL", "CN-SH": "PARTIAL" },
      networks: [network(9808, "OPEN", 0.97), network(4134, "BLOCKED", 0.02)],
      openNetworks: [9808],
      blockedNetworks: [4134],
      events: [event("OPENING", 9808, "2024-04-18T09:00:00Z")],
    });
    expect(say(of)).toBe(
      "WhatsApp: open through China Mobile (AS9808) only, across regions, since 18 April (4 days), for nearly all users there",
    );
    expect(say(of, "zh")).toBe(
      "WhatsApp：各地仅可通过中国移动（AS9808）访问，自4月18日起（4天），其中几乎所有用户",
    );
    of.blocked_networks = [];
    expect(say(of)).toContain("open through China Mobile (AS9808), across regions");
  });
  test("WIDESPREAD", () => {
    expect(say(verdict({ scope: "WIDESPREAD", regions: many(31, "OPEN") }))).toBe(
      "WhatsApp: open in all 31 regions, for about 60% of users",
    );
    const events = [
      event("OPENING", "CN-BJ", "2024-04-06T02:00:00Z"),
      event("OPENING", "CN-SH", "2024-04-16T02:00:00Z"),
    ];
    const of = verdict({
      scope: "WIDESPREAD",
      regions: {
        "CN-BJ": ["OPEN", 1],
        "CN-SH": ["OPEN", 1],
        "CN-XZ": "UNKNOWN",
      },
      events,
    });
    expect(say(of)).toBe("WhatsApp: open in 2 of 3 regions, since 16 April (6 days), for nearly all users");
    expect(say(of, "zh")).toBe("WhatsApp：在3个地区中的2个可用，自4月16日起（6天），几乎所有用户");
    of.events = [events[0]!];
    expect(say(of)).not.toContain("since");
  });
  test("MIXED", () => {
    const of = verdict({
      scope: "MIXED",
      regions: { "CN-BJ": "PARTIAL", "CN-SH": "OPEN", ...blocked },
    });
    expect(say(of)).toBe(
      "WhatsApp: open in 2 of 4 regions (Beijing and Shanghai), without a clear pattern, for about 60% of users",
    );
    expect(say(of, "zh")).toBe("WhatsApp：在4个地区中的2个可用（北京和上海），没有明显规律，约60%的用户");
    expect(say(verdict({ scope: "MIXED", regions: blocked }))).toBe(
      "WhatsApp: open in some places without a clear pattern",
    );
  });
});

describe("how long it lasts", () => {
  test("is told of openings, or of closings where nothing is open", () => {
    const events = [
      { ...event("OPENING", "CN-BJ", "2024-04-06T02:00:00Z"), duration: "EVENT_DURATION_SUSTAINED" },
      { ...event("OPENING", "CN-SH", "2024-04-06T02:00:00Z"), duration: "EVENT_DURATION_GLITCH" },
      event("OPENING", "CN-ZJ", "2024-04-06T02:00:00Z", "REVERSED"),
      { ...event("CLOSING", "CN-GD", "2024-04-06T02:00:00Z"), duration: "EVENT_DURATION_TEMPORARY" },
    ];
    const of = verdict({ scope: "LOCAL", regions: blocked, events });
    expect(lastingOf(of, "LOCAL")).toBe("SUSTAINED");
    expect(lastingOf(of, "NOWHERE")).toBe("TEMPORARY");
    expect(lastingOf(verdict({ scope: "LOCAL" }), "LOCAL")).toBeNull();
  });
});

describe("changes", () => {
  const change = (parts: Partial<Change>): Change => ({
    change_seq: "1",
    target_id: "whatsapp",
    display_name: "WhatsApp",
    change_time: "2024-04-06T03:00:00Z",
    kinds: ["CHANGE_KIND_OPENED"],
    scope: "SCOPE_LOCAL",
    previous_scope: "SCOPE_NOWHERE",
    regions: [],
    events: [],
    text: "",
    ...parts,
  });
  const line = (of: Change, lang: Lang = "en") =>
    changeSentence(of, lang, (code) => regionName(code, code, lang));
  const opened = (region: string) => ({
    region,
    state: "ACCESS_STATE_PARTIAL",
    previous_state: "ACCESS_STATE_BLOCKED",
  });
  test("say what is and what was, in both languages", () => {
    const of = change({ regions: [opened("CN-BJ")] });
    expect(line(of)).toBe(
      "WhatsApp: open in some regions, was blocked wherever there is evidence; Beijing: open for some, was blocked",
    );
    expect(line(of, "zh")).toBe(
      "WhatsApp：在部分地区可用，此前凡有证据之处均被封锁；北京：部分可用，此前被封锁",
    );
  });
  test("of a first statement nothing was before", () => {
    const region = { ...opened("CN-BJ"), previous_state: "ACCESS_STATE_UNSPECIFIED" };
    expect(line(change({ previous_scope: "SCOPE_UNSPECIFIED", regions: [region] }))).toBe(
      "WhatsApp: open in some regions; Beijing: open for some",
    );
  });
  test("many places are counted", () => {
    const regions = ["CN-BJ", "CN-SH", "CN-GD", "CN-ZJ", "CN-AH"].map(opened);
    expect(line(change({ regions }))).toMatch(/Guangdong: open for some, was blocked; and 2 more regions$/);
  });
  test("that are about events alone name them", () => {
    const events = [event("OPENING", "CN-BJ", "2024-04-06T02:00:00Z")];
    expect(line(change({ previous_scope: "SCOPE_LOCAL", events }))).toBe(
      "WhatsApp: open in some regions; Beijing: opened, long-running (14 days or more)",
    );
  });
});

const SILENT = /\b(open|reachable|blocked in|blocked wherever)\b|可用|可通过|被封锁[^，]*$/;

describe("what is not known", () => {
  test("UNDETERMINED has a reason and claims nothing", () => {
    expect(say(verdict({ scope: "UNDETERMINED", regions: blocked }))).toBe(
      "WhatsApp: too little evidence for a statement on the whole country",
    );
    expect(say(verdict({ scope: "UNDETERMINED", service: "DOWN" }))).toBe(
      "WhatsApp: out of order itself, so nothing can be said about blocking",
    );
    expect(say(verdict({ scope: "UNDETERMINED", service: "UNKNOWN" }))).toBe(
      "WhatsApp: whether the service itself works is not known, so nothing can be said about blocking",
    );
    expect(
      say(
        verdict({
          scope: "UNDETERMINED",
          regions: { ...many(3, "DISPUTED"), "CN-XZ": "UNKNOWN" },
        }),
      ),
    ).toBe("WhatsApp: reports contradict each other, so nothing is said");
    expect(say(verdict({ scope: "UNDETERMINED", service: "DOWN" }), "zh")).toBe(
      "WhatsApp：服务本身发生故障，无法判断是否被封锁",
    );
    expect(say(verdict({ scope: "UNDETERMINED", service: "UNKNOWN" }), "zh")).toBe(
      "WhatsApp：不知道服务本身是否正常，无法判断是否被封锁",
    );
    expect(say(verdict({ scope: "UNDETERMINED", regions: many(3, "DISPUTED") }), "zh")).toBe(
      "WhatsApp：报告互相矛盾，不作判断",
    );
    expect(say(verdict({ scope: "UNDETERMINED" }), "zh")).toBe("WhatsApp：证据不足，无法对全国作出判断");
  });
  test.each(SCOPES)("a service that is down is out of order, whatever the scope %s says", (scope) => {
    for (const lang of ["en", "zh"] as const) {
      const of = verdict({
        scope,
        service: "DOWN",
        regions: many(3, "DOWN"),
      });
      expect(say(of, lang)).toMatch(/out of order itself|服务本身发生故障/);
      expect(sentenceOf(of, END, lang, String).tone).toBe("silent");
    }
  });
  test.each(["UNKNOWN", "DOWN", "DISPUTED", "UNSPECIFIED", "SOMETHING_NEW"])(
    "regions that are all %s read neither as open nor as blocked",
    (state) => {
      for (const scope of ["UNDETERMINED", "NOWHERE", "UNSPECIFIED", "SOMETHING_NEW"]) {
        for (const lang of ["en", "zh"] as const) {
          const of = verdict({ scope, regions: many(5, state) });
          expect(say(of, lang)).not.toMatch(SILENT);
          expect(sentenceOf(of, END, lang, String).tone).toBe("silent");
        }
      }
    },
  );
  test("every pair of scope and service state has words in both languages", () => {
    for (const scope of SCOPES) {
      for (const service of SERVICE_STATES) {
        for (const lang of ["en", "zh"] as const) {
          const text = say(
            verdict({
              scope,
              service,
              regions: { "CN-BJ": "PARTIAL", ...blocked },
            }),
            lang,
          );
          expect(text).not.toMatch(/undefined|null|NaN|\$\{|,\s*,|\s{2}|[,，]$/);
          expect(text.length).toBeGreaterThan(12);
        }
      }
    }
  });
  test("a target without a name for people is called by its own", () => {
    const of = {
      ...verdict({ scope: "NOWHERE", regions: blocked }),
      display_name: "",
    };
    expect(say(of)).toMatch(/^whatsapp: /);
  });
});
