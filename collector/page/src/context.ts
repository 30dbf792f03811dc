// What every part of the page may ask for.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { TEXTS, type Lang, type Texts } from "./i18n/i18n";
import type { Route } from "./route";
import { regionName } from "./places/places";

export interface Page {
  lang: Lang;
  texts: Texts;
  country: string;
  route: Route;
  names: ReadonlyMap<string, string>; // of regions, as the collector tells them
  shortWindows: boolean; // seconds matter in clocks
}

export const PageContext = createContext<Page>({
  lang: "en",
  texts: TEXTS.en,
  country: "",
  shortWindows: false,
  names: new Map(),
  route: { country: null, target: null, region: null, from: null, to: null, windows: null, lang: null },
});

export const usePage = (): Page => useContext(PageContext);

export const useNameOf = (): ((code: string) => string) => {
  const { names, lang } = usePage();
  return (code) => regionName(code, names.get(code), lang);
};
