// The sentences in Chinese.
import { DAY, clockText, dateText, lengthText } from "../time";
import { networkName } from "../places/networks";
import type { Facts } from "./facts";
import { NAMES_MAX, roundedPercent, type NameOf } from "./words";

const listed = (names: readonly string[]): string => {
  if (names.length <= 1) return names.join("");
  return `${names.slice(0, -1).join("、")}和${names[names.length - 1]}`;
};

export const abbreviated = (names: readonly string[], measure: string): string =>
  names.length <= NAMES_MAX
    ? listed(names)
    : `${names.slice(0, NAMES_MAX - 1).join("、")}等${names.length}${measure}`;

const every = (count: number, all: number): string => {
  if (count < all) return `${all}个地区中的${count}个`;
  return all === 1 ? "唯一的地区" : `全部${all}个地区`;
};

const since = (facts: Facts): string => {
  if (!facts.since) return "";
  const { onset, first } = facts.since;
  const length = facts.windowEnd - onset;
  const moment =
    length < DAY
      ? `${clockText(onset, length < 600_000, "zh")}（UTC）`
      : dateText(onset, facts.windowEnd, "zh");
  return `，${first ? "最早" : ""}自${moment}起（${lengthText(length, "zh")}）`;
};

const share = (facts: Facts): string => {
  if (facts.share === null) return "";
  if (facts.share >= 0.95) return "，几乎所有用户";
  if (facts.share < 0.05) return "，极少数用户";
  return `，约${roundedPercent(facts.share)}%的用户`;
};

const networks = (asns: readonly number[]): string =>
  abbreviated(
    asns.map((asn) => networkName(asn, "zh")),
    "个网络",
  );

// Where nothing is known it may be open too.
const only = (facts: Facts): string => {
  if (facts.counts.BLOCKED === 0) return "";
  return facts.open.length + facts.counts.BLOCKED === facts.regions ? "仅" : "就目前所知，仅";
};

const undetermined = (facts: Facts): string => {
  const { counts, service } = facts;
  if (service === "DOWN") return "服务本身发生故障，无法判断是否被封锁";
  if (service === "UNKNOWN") return "不知道服务本身是否正常，无法判断是否被封锁";
  if (counts.DISPUTED > 0 && counts.DISPUTED >= facts.regions - counts.UNKNOWN) {
    return "报告互相矛盾，不作判断";
  }
  return "证据不足，无法对全国作出判断";
};

export const chinese = (facts: Facts, nameOf: NameOf): string => {
  const { counts, open, scope } = facts;
  switch (scope) {
    case "NOWHERE":
      if (counts.BLOCKED === 0) return undetermined({ ...facts, service: "UP" });
      return `在${every(counts.BLOCKED, facts.regions)}被封锁${since(facts)}`;
    case "WIDESPREAD":
      return `在${every(open.length, facts.regions)}可用${since(facts)}${share(facts)}`;
    case "LOCAL": {
      const places = abbreviated(open.map(nameOf), "个地区");
      return `${only(facts)}在${places}可用${since(facts)}${share(facts)}`;
    }
    case "ISOLATED": {
      const place = facts.place;
      const through = place && place.asn !== 0 ? networkName(place.asn, "zh") : "单个网络";
      return `仅可通过${place ? nameOf(place.region) : ""}${place ? "的" : ""}${through}访问${since(facts)}`;
    }
    case "BY_NETWORK": {
      const through = facts.networksOpen.length > 0 ? networks(facts.networksOpen) : "部分网络";
      const alone = facts.networksBlocked.length > 0 ? "仅" : "均";
      return `各地${alone}可通过${through}访问${since(facts)}${share(facts).replace("，", "，其中")}`;
    }
    case "MIXED":
      return open.length === 0
        ? `在部分地方可用，没有明显规律${since(facts)}`
        : `在${every(open.length, facts.regions)}可用（${abbreviated(open.map(nameOf), "个地区")}），` +
            `没有明显规律${since(facts)}${share(facts)}`;
    default:
      return undetermined(facts);
  }
};
