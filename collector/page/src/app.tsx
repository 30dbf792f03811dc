// The whole page: the address decides what is shown, the feed what is in it.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { query } from "./api";
import { PageContext, type Page } from "./context";
import { useAnswer, useFeed } from "./feed";
import { TEXTS, fill, pickLang, tagOf } from "./i18n/i18n";
import { Home } from "./pages/home";
import { TargetPage } from "./pages/target";
import { Freshness, Header } from "./parts/header";
import { Banner, NoAnswer, Notice, Skeleton } from "./parts/notices";
import { Patterns } from "./parts/patterns";
import { isStale } from "./aggregate";
import { serverNow } from "./api";
import { countryName, regionName } from "./places/places";
import { parseRoute, type Route } from "./route";
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

export const App = () => {
  const route = useRoute();
  const [attempt, setAttempt] = useState(0);
  const retry = (): void => setAttempt((old) => old + 1);
  useTick(CLOCK_MS);
  const countries = useAnswer<Countries>("/api/v1/countries", attempt);
  const country = route.country ?? countries.data?.countries[0] ?? null;
  const feed = useFeed(country, attempt);
  const { summary } = feed;
  const lang = pickLang(route.lang, navigator.languages);
  const regions = useAnswer<{ regions: { region: string; display_name: string }[] }>(
    country && summary ? query("regions", { country, language_code: tagOf(lang) }) : null,
    0,
  );
  const page = useMemo<Page>(
    () => ({
      lang,
      texts: TEXTS[lang],
      country: country ?? "",
      route,
      names: new Map(
        (regions.data?.regions ?? summary?.verdicts[0]?.regions ?? []).map((each) => [
          each.region,
          each.display_name,
        ]),
      ),
      shortWindows: summary !== null && seconds(summary.window_length) < 60,
    }),
    [lang, country, route, regions.data, summary],
  );
  const { changed, news } = useChanged(summary, page);
  useHead(page, summary);
  useArrival(`${country} ${route.target}`);

  const failing = countries.data === null ? countries.error : null;
  const { texts } = page;
  const target = summary?.verdicts.find((verdict) => verdict.target_id === route.target);
  const failed = feed.error ?? (country === null ? failing : null);
  const fresh =
    summary !== null &&
    !feed.lost &&
    !isStale(windowEnd(summary), 1000 * seconds(summary.window_length), serverNow());
  return (
    <PageContext.Provider value={page}>
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("content")?.focus();
        }}
      >
        {texts.skip}
      </a>
      <Patterns />
      <Header codes={countries.data?.countries ?? []} />
      <main id="content" tabIndex={-1}>
        {summary && <Banner feed={feed} summary={summary} />}
        {summary && <Freshness summary={summary} fresh={fresh} />}
        {!summary && failed && <NoAnswer error={failed} countries={countries.data} onRetry={retry} />}
        {!summary && !failed && <Skeleton />}
        {summary && !route.target && <Home summary={summary} version={feed.version} changed={changed} />}
        {summary && route.target && target && (
          <TargetPage
            key={target.target_id}
            verdict={target}
            summary={summary}
            version={feed.version}
            changed={changed}
          />
        )}
        {summary && route.target && !target && (
          <Notice title={fill(texts.unknownTarget, { target: route.target })} text={texts.home} />
        )}
      </main>
      <footer class="bottom">
        <p>{texts.tagline}</p>
        {summary && (
          <p>
            {fill(texts.about, { version: countries.data?.version ?? "", rules: summary.ruleset_version })}
          </p>
        )}
      </footer>
      <p class="visually-hidden" aria-live="polite">
        {news}
      </p>
    </PageContext.Provider>
  );
};
