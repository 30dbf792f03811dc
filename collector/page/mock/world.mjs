// A made-up country for the page's tests: 31 regions, 6 services, 30 days, and the two cities.
// Everything follows from the seed of each place, so that two runs show the same.

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const START = Date.parse("2024-03-23T15:00:00Z");
export const NOW = Date.parse("2024-04-22T15:23:00Z"); // when the mock starts

const NAMES = {
  AH: ["Anhui Sheng", "安徽省"],
  BJ: ["Beijing Shi", "北京市"],
  CQ: ["Chongqing Shi", "重庆市"],
  FJ: ["Fujian Sheng", "福建省"],
  GD: ["Guangdong Sheng", "广东省"],
  GS: ["Gansu Sheng", "甘肃省"],
  GX: ["Guangxi Zhuangzu Zizhiqu", "广西壮族自治区"],
  GZ: ["Guizhou Sheng", "贵州省"],
  HA: ["Henan Sheng", "河南省"],
  HB: ["Hubei Sheng", "湖北省"],
  HE: ["Hebei Sheng", "河北省"],
  HI: ["Hainan Sheng", "海南省"],
  HL: ["Heilongjiang Sheng", "黑龙江省"],
  HN: ["Hunan Sheng", "湖南省"],
  JL: ["Jilin Sheng", "吉林省"],
  JS: ["Jiangsu Sheng", "江苏省"],
  JX: ["Jiangxi Sheng", "江西省"],
  LN: ["Liaoning Sheng", "辽宁省"],
  NM: ["Nei Mongol Zizhiqu", "内蒙古自治区"],
  NX: ["Ningxia Huizi Zizhiqu", "宁夏回族自治区"],
  QH: ["Qinghai Sheng", "青海省"],
  SC: ["Sichuan Sheng", "四川省"],
  SD: ["Shandong Sheng", "山东省"],
  SH: ["Shanghai Shi", "上海市"],
  SN: ["Shaanxi Sheng", "陕西省"],
  SX: ["Shanxi Sheng", "山西省"],
  TJ: ["Tianjin Shi", "天津市"],
  XJ: ["Xinjiang Uygur Zizhiqu", "新疆维吾尔自治区"],
  XZ: ["Xizang Zizhiqu", "西藏自治区"],
  YN: ["Yunnan Sheng", "云南省"],
  ZJ: ["Zhejiang Sheng", "浙江省"],
};
export const REGIONS = Object.entries(NAMES).map(([code, [en, zh]]) => ({ code: `CN-${code}`, en, zh }));
export const NETWORKS = [4134, 4837, 9808];
const QUIET = new Set(["CN-XZ", "CN-QH"]); // too few report from here

export const TARGETS = [
  { id: "google", name: "Google", kind: "CANARY", layer: "tcp", failure: "generic_timeout_error" },
  { id: "instagram", name: "Instagram", kind: "SERVICE", layer: "dns", failure: "dns_bogon_error" },
  { id: "line", name: "LINE", kind: "SERVICE", layer: "tls", failure: "connection_reset" },
  { id: "signal", name: "Signal", kind: "SERVICE", layer: "tls", failure: "connection_reset" },
  { id: "telegram", name: "Telegram", kind: "SERVICE", layer: "tcp", failure: "generic_timeout_error" },
  { id: "threema", name: "Threema", kind: "SERVICE", layer: "tls", failure: "connection_reset" },
  { id: "wechat", name: "WeChat", kind: "DOMESTIC_ANCHOR", layer: "", failure: "" },
  { id: "weibo", name: "Weibo", kind: "DOMESTIC_ANCHOR", layer: "", failure: "" },
  { id: "whatsapp", name: "WhatsApp", kind: "SERVICE", layer: "tls", failure: "connection_reset" },
];

// Openings: of a region, or of a network in all of them.
const STORY = [
  { target: "whatsapp", region: "CN-BJ", from: "2024-04-06T02:00:00Z", rate: 0.64, duration: "LONG_RUN" },
  { target: "whatsapp", region: "CN-SH", from: "2024-04-06T05:00:00Z", rate: 0.57, duration: "LONG_RUN" },
  {
    target: "whatsapp",
    region: "CN-GD",
    from: "2024-03-28T11:00:00Z",
    to: "2024-03-28T15:00:00Z",
    rate: 0.9,
    duration: "GLITCH",
  },
  {
    target: "signal",
    region: "CN-ZJ",
    from: "2024-04-15T08:00:00Z",
    to: "2024-04-16T20:00:00Z",
    rate: 0.8,
    duration: "TEMPORARY",
  },
  { target: "telegram", asn: 9808, from: "2024-04-18T09:00:00Z", rate: 0.97, duration: "SUSTAINED" },
];
const LINE_DOWN = Date.parse("2024-04-22T06:00:00Z");

// A number from 0 to 1 that belongs to the words.
const chance = (...words) => {
  let hash = 2166136261;
  for (const character of words.join("|")) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4294967296;
};

export class World {
  constructor() {
    this.story = STORY.map((each) => ({
      ...each,
      from: Date.parse(each.from),
      to: each.to ? Date.parse(each.to) : null,
    }));
    this.windowEnd = Math.floor(NOW / HOUR) * HOUR;
    this.start = START; // of the first window
    this.changes = [];
    for (const each of this.story) this.noteChange(each, each.from + HOUR);
  }

  noteChange(opening, time) {
    const target = TARGETS.find(({ id }) => id === opening.target);
    const whole = opening.asn ? "BY_NETWORK" : "LOCAL";
    const where = opening.region ? this.nameOf(opening.region) : `AS${opening.asn}`;
    this.changes.push({
      time,
      target,
      scope: whole,
      before: opening.region === "CN-SH" ? "LOCAL" : "NOWHERE",
      region: opening.region ?? "",
      kinds: opening.region === "CN-SH" ? ["WIDENED", "EVENT"] : ["OPENED", "EVENT"],
      text: `${target.name} has opened in ${where}, for about ${Math.round(100 * opening.rate)}% of those who report.`,
    });
    this.changes.sort((a, b) => a.time - b.time);
  }

  nameOf(code) {
    return REGIONS.find((region) => region.code === code)?.en ?? code;
  }

  // Something opens in the newest window. A test sees the page change.
  open(target, region) {
    const opening = { target, region, from: this.windowEnd - HOUR, to: null, rate: 0.7, duration: "GLITCH" };
    this.story.push(opening);
    this.noteChange(opening, this.windowEnd);
  }

  // How a target is in a region in the window that begins at `time`: state, share, reporters.
  look(target, region, time) {
    const all = 9 + Math.floor(30 * chance("size", region));
    const silent = QUIET.has(region) || chance("gap", region, Math.floor(time / (9 * HOUR))) < 0.015;
    if (silent) return { state: "UNKNOWN", rate: 0.5, all: 0, open: 0 };
    if (target === "line" && time >= LINE_DOWN) return { state: "DOWN", rate: 0.5, all: 0, open: 0 };
    if (region === "CN-XJ" && time > this.windowEnd - 5 * DAY)
      return { state: "DISPUTED", rate: 0.5, all, open: Math.round(all / 2) };
    if (["wechat", "weibo", "threema"].includes(target)) return { state: "OPEN", rate: 0.97, all, open: all };
    const opening = this.story.find(
      (each) =>
        each.target === target &&
        (each.region === region || each.asn) &&
        time >= each.from &&
        (each.to === null || time < each.to),
    );
    const wobble = 0.06 * (chance(target, region, time) - 0.5);
    if (opening?.asn) return { state: "PARTIAL", rate: 0.36 + wobble, all, open: Math.round(0.36 * all) };
    if (opening) {
      const rate = opening.rate + wobble;
      return { state: rate > 0.85 ? "OPEN" : "PARTIAL", rate, all, open: Math.round(rate * all) };
    }
    return { state: "BLOCKED", rate: 0.02 + Math.abs(wobble) / 3, all, open: 0 };
  }

  scopeAt(target, time) {
    if (target === "line" && time >= LINE_DOWN) return "UNDETERMINED";
    if (["wechat", "weibo", "threema"].includes(target)) return "WIDESPREAD";
    const now = this.story.filter(
      (each) => each.target === target && time >= each.from && (each.to === null || time < each.to),
    );
    if (now.some(({ asn }) => asn)) return "BY_NETWORK";
    return now.length > 0 ? "LOCAL" : "NOWHERE";
  }
}
