// The sentences in English.
import { DAY, clockText, dateText, lengthText } from "../time";
import { networkName } from "../places/networks";
import type { Facts } from "./facts";
import { NAMES_MAX, roundedPercent, type NameOf } from "./words";

const listed = (names: readonly string[]): string => {
  if (names.length <= 1) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
};

// "Beijing, Shanghai and 5 more"
export const abbreviated = (names: readonly string[]): string =>
  names.length <= NAMES_MAX
    ? listed(names)
    : `${names.slice(0, NAMES_MAX - 1).join(", ")} and ${names.length - NAMES_MAX + 1} more`;

const regions = (count: number): string => `${count} region${count === 1 ? "" : "s"}`;

const every = (count: number, all: number): string => {
  if (count < all) return `${count} of ${regions(all)}`;
  return all === 1 ? "the only region" : `all ${regions(all)}`;
};

const since = (facts: Facts): string => {
  if (!facts.since) return "";
  const { onset, first } = facts.since;
  const length = facts.windowEnd - onset;
  const moment =
    length < DAY ? `${clockText(onset, length < 600_000, "en")} UTC` : dateText(onset, facts.windowEnd, "en");
  return `, ${first ? "the first since" : "since"} ${moment} (${lengthText(length, "en")})`;
};

const share = (facts: Facts): string => {
  if (facts.share === null) return "";
  if (facts.share >= 0.95) return ", for nearly all users";
  if (facts.share < 0.05) return ", for few users";
  return `, for about ${roundedPercent(facts.share)}% of users`;
};

const networks = (asns: readonly number[]): string => abbreviated(asns.map((asn) => networkName(asn, "en")));

// Where nothing is known it may be open too.
const only = (facts: Facts): string => {
  if (facts.counts.BLOCKED === 0) return "";
  return facts.open.length + facts.counts.BLOCKED === facts.regions ? " only" : " only, as far as is known";
};

const undetermined = (facts: Facts): string => {
  const { counts, service } = facts;
  if (service === "DOWN") return "out of order itself, so nothing can be said about blocking";
  if (service === "UNKNOWN") {
    return "whether the service itself works is not known, so nothing can be said about blocking";
  }
  if (counts.DISPUTED > 0 && counts.DISPUTED >= facts.regions - counts.UNKNOWN) {
    return "reports contradict each other, so nothing is said";
  }
  return "too little evidence for a statement on the whole country";
};

export const english = (facts: Facts, nameOf: NameOf): string => {
  const { counts, open, scope } = facts;
  switch (scope) {
    case "NOWHERE":
      if (counts.BLOCKED === 0) return undetermined({ ...facts, service: "UP" });
      return `blocked in ${every(counts.BLOCKED, facts.regions)}${since(facts)}`;
    case "WIDESPREAD":
      return `open in ${every(open.length, facts.regions)}${since(facts)}${share(facts)}`;
    case "LOCAL": {
      const places = abbreviated(open.map(nameOf));
      return `open in ${places}${only(facts)}${since(facts)}${share(facts)}`;
    }
    case "ISOLATED": {
      const place = facts.place;
      const through = place && place.asn !== 0 ? networkName(place.asn, "en") : "a single network";
      return `open through ${through}${place ? ` in ${nameOf(place.region)}` : ""} only${since(facts)}`;
    }
    case "BY_NETWORK": {
      const through = facts.networksOpen.length > 0 ? networks(facts.networksOpen) : "some networks";
      const alone = facts.networksBlocked.length > 0 ? " only" : "";
      return (
        `open through ${through}${alone}, across regions${since(facts)}` +
        `${share(facts)}${facts.share === null ? "" : " there"}`
      );
    }
    case "MIXED":
      return open.length === 0
        ? `open in some places without a clear pattern${since(facts)}`
        : `open in ${every(open.length, facts.regions)} (${abbreviated(open.map(nameOf))}), ` +
            `without a clear pattern${since(facts)}${share(facts)}`;
    default:
      return undetermined(facts);
  }
};
