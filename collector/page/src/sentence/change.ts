// What became different, in a line. Pure: a change in, words out.
import { TEXTS, fill, word, type Lang } from "../i18n/i18n";
import { networkName } from "../places/networks";
import { scopeOf, stateOf, type Change } from "../types";
import type { NameOf } from "./words";

// More places than this are counted.
const PLACES_MAX = 3;

const known = (name: string): boolean => !name.endsWith("_UNSPECIFIED");

// "Guangdong: open for some, was blocked"
const placesOf = (change: Change, lang: Lang, nameOf: NameOf): string[] => {
  const texts = TEXTS[lang];
  const lines = change.regions.map(({ region, state, previous_state }) => {
    const now = word(texts, "state", stateOf(state));
    const line = `${nameOf(region)}${lang === "zh" ? "：" : ": "}${now}`;
    if (!known(previous_state)) return line;
    return line + fill(texts.changeWas, { before: word(texts, "state", stateOf(previous_state)) });
  });
  const shown = lines.slice(0, PLACES_MAX);
  if (lines.length > PLACES_MAX) shown.push(fill(texts.changeMore, { count: lines.length - PLACES_MAX }));
  return shown;
};

// "Beijing: sustained (3 days or more)", for changes that are about events alone.
const eventsOf = (change: Change, lang: Lang, nameOf: NameOf): string[] => {
  const texts = TEXTS[lang];
  return change.events.slice(0, PLACES_MAX).map((event) => {
    const place = event.region ? nameOf(event.region) : networkName(event.asn, lang);
    const kind = word(texts, "event", event.kind.replace("EVENT_KIND_", ""));
    const duration = word(texts, "duration", event.duration.replace("EVENT_DURATION_", ""));
    const over = event.end === "EVENT_END_ONGOING" ? duration : texts.changeOver;
    return `${place}${lang === "zh" ? "：" : ": "}${kind}, ${over}`;
  });
};

export const changeSentence = (change: Change, lang: Lang, nameOf: NameOf): string => {
  const texts = TEXTS[lang];
  const name = change.display_name || change.target_id;
  const now = word(texts, "scope", scopeOf(change.scope));
  const moved = change.scope !== change.previous_scope && known(change.previous_scope);
  const before = moved
    ? fill(texts.changeWas, { before: word(texts, "scope", scopeOf(change.previous_scope)) })
    : "";
  const places = placesOf(change, lang, nameOf);
  const details = places.length > 0 ? places : eventsOf(change, lang, nameOf);
  const joint = lang === "zh" ? "；" : "; ";
  return [`${name}${lang === "zh" ? "：" : ": "}${now}${before}`, ...details].join(joint);
};
