// One sentence per service, for a person with ten seconds. Pure: a verdict in, words out.
import type { Lang } from "../i18n/i18n";
import type { Verdict } from "../types";
import { english } from "./en";
import { factsOf, type Facts } from "./facts";
import type { NameOf } from "./words";
import { chinese } from "./zh";

// How a sentence is to be taken at a glance.
export type Tone = "open" | "some" | "blocked" | "silent";

export const toneOf = (facts: Facts): Tone => {
  switch (facts.scope) {
    case "WIDESPREAD":
      return "open";
    case "NOWHERE":
      return facts.counts.BLOCKED > 0 ? "blocked" : "silent";
    case "UNDETERMINED":
    case "UNSPECIFIED":
      return "silent";
    default:
      return "some";
  }
};

export interface Sentence {
  name: string; // "WhatsApp"
  text: string; // "open in Beijing and Shanghai only, since 6 April (16 days), ..."
  whole: string; // both
  tone: Tone;
  facts: Facts;
}

// `end` is the end of the window of the verdict, in milliseconds.
export const sentenceOf = (verdict: Verdict, end: number, lang: Lang, nameOf: NameOf): Sentence => {
  const facts = factsOf(verdict, end);
  const name = verdict.display_name || verdict.target_id;
  const text = lang === "zh" ? chinese(facts, nameOf) : english(facts, nameOf);
  return {
    name,
    text,
    whole: lang === "zh" ? `${name}：${text}` : `${name}: ${text}`,
    tone: toneOf(facts),
    facts,
  };
};
