// What the sentences of both languages share.
export type NameOf = (region: string) => string;

// More places than this are counted and not all named.
export const NAMES_MAX = 4;

// To the next 5 percent: the evidence carries no more.
export const roundedPercent = (ratio: number): number =>
  Math.min(95, Math.max(5, 5 * Math.round(20 * ratio)));
