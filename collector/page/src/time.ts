// Moments and lengths for people. All of it in UTC: a reader anywhere sees what others see.
import type { Lang } from "./i18n/i18n";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const locale = (lang: Lang): string => (lang === "zh" ? "zh-CN" : "en-GB");

const formats = new Map<string, Intl.DateTimeFormat>();
const format = (lang: Lang, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = `${lang} ${name}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(locale(lang), { timeZone: "UTC", hourCycle: "h23", ...options });
    formats.set(key, made);
  }
  return made;
};

// "6 April", and the year where it is not that of `now`.
export const dateText = (ms: number, now: number, lang: Lang): string => {
  const other = new Date(ms).getUTCFullYear() !== new Date(now).getUTCFullYear();
  return other
    ? format(lang, "dmy", { day: "numeric", month: "long", year: "numeric" }).format(ms)
    : format(lang, "dm", { day: "numeric", month: "long" }).format(ms);
};

// "6 Apr"
export const shortDate = (ms: number, lang: Lang): string =>
  format(lang, "short", { day: "numeric", month: "short" }).format(ms);

// "14:00", with seconds where a window is shorter than a minute.
export const clockText = (ms: number, withSeconds: boolean, lang: Lang): string =>
  withSeconds
    ? format(lang, "hms", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms)
    : format(lang, "hm", { hour: "2-digit", minute: "2-digit" }).format(ms);

// "6 Apr, 14:00"
export const momentText = (ms: number, withSeconds: boolean, lang: Lang): string =>
  lang === "zh"
    ? `${shortDate(ms, lang)} ${clockText(ms, withSeconds, lang)}`
    : `${shortDate(ms, lang)}, ${clockText(ms, withSeconds, lang)}`;

// "6 Apr, 14:00–18:00", the second date where it is another day.
export const spanText = (from: number, to: number, withSeconds: boolean, lang: Lang): string => {
  const sameDay = Math.floor(from / DAY) === Math.floor((to - 1) / DAY);
  const end = sameDay ? clockText(to, withSeconds, lang) : momentText(to, withSeconds, lang);
  return `${momentText(from, withSeconds, lang)}–${end}`;
};

export type Unit = "second" | "minute" | "hour" | "day";

// A length in the largest unit of which there is at least one, hours up to two days; rounded down.
export const lengthOf = (ms: number): { count: number; unit: Unit } => {
  const length = Math.max(0, ms);
  if (length < MINUTE) return { count: Math.floor(length / SECOND), unit: "second" };
  if (length < HOUR) return { count: Math.floor(length / MINUTE), unit: "minute" };
  if (length < 2 * DAY) return { count: Math.floor(length / HOUR), unit: "hour" };
  return { count: Math.floor(length / DAY), unit: "day" };
};

const ZH_UNITS: Record<Unit, string> = { second: "秒", minute: "分钟", hour: "小时", day: "天" };

export const lengthText = (ms: number, lang: Lang): string => {
  const { count, unit } = lengthOf(ms);
  if (lang === "zh") return `${count}${ZH_UNITS[unit]}`;
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
};
