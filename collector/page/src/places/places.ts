// Where regions are drawn, and what they are called.
import { CN } from "./cn";
import type { Lang } from "../i18n/i18n";

export interface Place {
  column: number;
  row: number;
  en: string;
  zh: string;
  mark: string;
}

const LAYOUTS: Record<string, Record<string, Place>> = { CN };
const GRID_COLUMNS = 8;

const placeOf = (code: string): Place | undefined => LAYOUTS[code.slice(0, 2)]?.[code];

// Short name of a region: of the layout, else what the collector calls it, else its code.
export const regionName = (code: string, told: string | undefined, lang: Lang): string => {
  const place = placeOf(code);
  return place ? place[lang] : told || code;
};

// What fits on a tile: one character in Chinese, the code without its country elsewhere.
export const tileMark = (code: string, lang: Lang): string => {
  const place = placeOf(code);
  return lang === "zh" && place ? place.mark : code.slice(code.indexOf("-") + 1);
};

export interface Tile {
  code: string;
  column: number;
  row: number;
}

// A tile for each region. A country without a layout, or with a region that it does not know, gets
// an ordered grid. The first row and column that are used are 0.
export const tiles = (codes: readonly string[]): Tile[] => {
  const places = codes.map(placeOf);
  if (codes.length === 0 || places.some((place) => place === undefined)) {
    return [...codes].sort().map((code, index) => ({
      code,
      column: index % GRID_COLUMNS,
      row: Math.floor(index / GRID_COLUMNS),
    }));
  }
  const known = places as Place[];
  const left = Math.min(...known.map((place) => place.column));
  const top = Math.min(...known.map((place) => place.row));
  return codes.map((code, index) => ({
    code,
    column: known[index]!.column - left,
    row: known[index]!.row - top,
  }));
};

// Name of a country in the reader's language.
export const countryName = (code: string, lang: Lang): string => {
  try {
    return new Intl.DisplayNames([lang === "zh" ? "zh-Hans" : "en"], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
};
