// Which language, and its words.
import { en, type Texts } from "./en";
import { zh } from "./zh";

export type Lang = "en" | "zh";
export type { Texts };

export const TEXTS: Record<Lang, Texts> = { en, zh };

// Of the address, else the browser's first that the page speaks, else English.
export const pickLang = (asked: string | null, browser: readonly string[]): Lang => {
  if (asked === "en" || asked === "zh") return asked;
  for (const tag of browser) {
    if (/^zh\b/i.test(tag)) return "zh";
    if (/^en\b/i.test(tag)) return "en";
  }
  return "en";
};

export const tagOf = (lang: Lang): string => (lang === "zh" ? "zh-CN" : "en");

// "{a} of {b}" with values.
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

// A word of a family, such as that of a state; the key itself where there is none.
export const word = (texts: Texts, family: string, key: string): string =>
  (texts as Record<string, string>)[family + key] ?? key;
