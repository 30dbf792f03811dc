// The whole page: the address decides what is shown, the feed what is in it.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { query } from "./api";
import { PageContext, usePage, type Page } from "./context";
import { useAnswer, useFeed, type Feed } from "./feed";
import { TEXTS, fill, pickLang, tagOf } from "./i18n/i18n";
import { Home } from "./pages/home";
import { TargetPage } from "./pages/target";
import { Freshness, Header } from "./parts/header";
import { Banner, NoAnswer, Notice, Skeleton } from "./parts/notices";
import { Patterns } from "./parts/patterns";
import { isStale } from "./aggregate";
import { serverNow } from "./api";
import { countryName, regionName } from "./places/places";
import { formatRoute, parseRoute, type Route } from "./route";
import { windowEnd } from "./sentence/facts";
import { sentenceOf } from "./sentence/sentence";
import { seconds, type Countries, type Summary } from "./types";

const CHANGED_MS = 6000;
const CLOCK_MS = 10_000;

const useRoute = (): Route => {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const listen = (): void => setHash(location.hash);
    addEventListener("hashchange", listen);
    return () => removeEventListener("hashchange", listen);
  }, []);
  return useMemo(() => parseRoute(hash), [hash]);
};

const useTick = (milliseconds: number): number => {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((old) => old + 1), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
  return tick;
};

// The services whose sentence is another than a moment ago, and what to announce of them.
const useChanged = (summary: Summary | null, page: Page): { changed: ReadonlySet<string>; news: string } => {
  const before = useRef<{ key: string; said: Map<string, string> } | null>(null);
  const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
  const [news, setNews] = useState("");
  useEffect(() => {
    if (!summary) return undefined;
    const end = windowEnd(summary);
    const nameOf = (code: string): string => regionName(code, page.names.get(code), page.lang);
    const key = `${summary.country} ${page.lang} ${page.names.size}`;
    const said = new Map<string, string>();
    const differ = new Set<string>();
    const sentences: string[] = [];
    for (const verdict of summary.verdicts) {
      const sentence = sentenceOf(verdict, end, page.lang, nameOf);
      // Time alone is no news: what counts is for whom.
      const gist = `${sentence.facts.scope} ${sentence.facts.service} ${verdict.open_regions.join()} ${verdict.open_networks.join()}`;
      said.set(verdict.target_id, gist);
      const old = before.current?.key === key ? before.current.said.get(verdict.target_id) : gist;
      if (old !== gist) {
        differ.add(verdict.target_id);
        sentences.push(fill(page.texts.updated, { sentence: sentence.whole }));
      }
    }
    before.current = { key, said };
    if (differ.size === 0) return undefined;
    setChanged(differ);
    setNews(sentences.join(" "));
    return undefined;
  }, [summary, page]);
  useEffect(() => {
    if (changed.size === 0) return undefined;
    const timer = setTimeout(() => setChanged(new Set()), CHANGED_MS);
    return () => clearTimeout(timer);
  }, [changed]);
  return { changed, news };
};

const useHead = (page: Page, summary: Summary | null): void => {
  const { lang, country, route } = page;
  useEffect(() => {
    document.documentElement.lang = tagOf(lang);
  }, [lang]);
  useEffect(() => {
    const target = summary?.verdicts.find((verdict) => verdict.target_id === route.target);
    const names = [target?.display_name, country && countryName(country, lang), "Sightline"];
    document.title = names.filter(Boolean).join(" · ");
  }, [lang, country, route.target, summary]);
  useEffect(() => {
    if (!country) return undefined;
    const link = document.createElement("link");
    link.rel = "alternate";
    link.type = "application/atom+xml";
    link.href = `/feed/${encodeURIComponent(country)}.atom`;
    document.head.append(link);
    return () => link.remove();
  }, [country]);
};

// To the top and to the content when another page is opened, but not at the start.
const useArrival = (key: string): void => {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    document.getElementById("content")?.focus({ preventScroll: true });
  }, [key]);
};

// Language and names, for every part of the page.
const usePageOf = (route: Route, country: string | null, summary: Summary | null): Page => {
  const lang = pickLang(route.lang, navigator.languages);
  const path =
    country && summary ? query("regions", { country, language_code: tagOf(lang), page_size: "1000" }) : null;
  const told = useAnswer<{ regions: { region: string; display_name: string }[] }>(path, 0).data?.regions;
  const shortWindows = summary !== null && seconds(summary.window_length) < 60;
  const known = summary?.verdicts[0]?.regions;
  return useMemo<Page>(() => {
    const names = new Map((told ?? known ?? []).map((each) => [each.region, each.display_name]));
    return { lang, texts: TEXTS[lang], country: country ?? "", route, names, shortWindows };
  }, [lang, country, route, told, known, shortWindows]);
};

interface ContentProps {
  feed: Feed;
  changed: ReadonlySet<string>;
  countries: Countries | null;
  error: Error | null;
  onRetry: () => void;
}

// What stands between head and foot.
const Content = ({ feed, changed, countries, error, onRetry }: ContentProps) => {
  const { texts, route, country } = usePage();
  const { summary, version } = feed;
  if (!summary) {
    return error ? <NoAnswer error={error} countries={countries} onRetry={onRetry} /> : <Skeleton />;
  }
  const end = windowEnd(summary);
  const stale = isStale(end, 1000 * seconds(summary.window_length), serverNow());
  const target = summary.verdicts.find((verdict) => verdict.target_id === route.target);
  return (
    <>
      <Banner feed={feed} summary={summary} />
      <Freshness summary={summary} fresh={!feed.lost && !stale} />
      {!route.target && <Home summary={summary} version={version} changed={changed} />}
      {route.target && target && (
        <TargetPage
          key={target.target_id}
          verdict={target}
          summary={summary}
          version={version}
          changed={changed}
        />
      )}
      {route.target && !target && (
        <Notice title={fill(texts.unknownTarget, { target: route.target })}>
          <a href={formatRoute({ country, lang: route.lang })}>{texts.home}</a>
        </Notice>
      )}
    </>
  );
};

const skip = (event: Event): void => {
  event.preventDefault();
  document.getElementById("content")?.focus();
};

export const App = () => {
  const route = useRoute();
  const [attempt, setAttempt] = useState(0);
  useTick(CLOCK_MS);
  const countries = useAnswer<Countries>("/api/v1/countries", attempt);
  const country = route.country ?? countries.data?.countries[0] ?? null;
  const feed = useFeed(country, attempt);
  const page = usePageOf(route, country, feed.summary);
  const { changed, news } = useChanged(feed.summary, page);
  useHead(page, feed.summary);
  useArrival(`${country} ${route.target}`);
  const { texts } = page;
  return (
    <PageContext.Provider value={page}>
      <a class="skip" href="#content" onClick={skip}>
        {texts.skip}
      </a>
      <Patterns />
      <Header codes={countries.data?.countries ?? []} />
      <main id="content" tabIndex={-1}>
        <Content
          feed={feed}
          changed={changed}
          countries={countries.data}
          error={feed.error ?? (country === null ? countries.error : null)}
          onRetry={() => setAttempt((old) => old + 1)}
        />
      </main>
      <footer class="bottom">
        <p>{texts.tagline}</p>
        {feed.summary && <p>{fill(texts.about, { rules: feed.summary.ruleset_version })}</p>}
      </footer>
      <p class="visually-hidden" aria-live="polite">
        {news}
      </p>
    </PageContext.Provider>
  );
};
