// One service in depth.
import { useState } from "preact/hooks";
import { DEFAULT_WINDOWS, rangeOf, type Range } from "../aggregate";
import { query } from "../api";
import { useNameOf, usePage } from "../context";
import { useAnswer } from "../feed";
import { fill, word } from "../i18n/i18n";
import { Causes } from "../parts/causes";
import { Confidence, WouldChange } from "../parts/confidence";
import { Happenings } from "../parts/happenings";
import { HeatStrips } from "../parts/heat";
import { Legend } from "../parts/patterns";
import { NetworkTable, RegionPanel } from "../parts/regionpanel";
import { RateChart } from "../parts/ratechart";
import { TileMap } from "../parts/tilemap";
import { formatRoute, type Route } from "../route";
import { windowEnd } from "../sentence/facts";
import { sentenceOf } from "../sentence/sentence";
import { lengthText, momentText } from "../time";
import {
  isOpen,
  kindOf,
  scopeOf,
  seconds,
  stateOf,
  type Annotation,
  type SightlineEvent,
  type Summary,
  type Timeline,
  type Verdict,
} from "../types";
import { ServiceStrip } from "./home";

const CHOICES: readonly number[] = [24, 168, 720, 2160]; // windows

// Scopes of which a place is the point: the chart begins with one.
const PLACED: ReadonlySet<string> = new Set(["LOCAL", "ISOLATED"]);

const shownRange = (route: Route, end: number, length: number): Range =>
  route.from !== null && route.to !== null
    ? rangeOf(route.from, route.to, length)
    : rangeOf(end - 1000 * length * (route.windows ?? DEFAULT_WINDOWS), end, length);

// How much of the past is shown, kept in the address.
const RangeChoice = ({ length }: { length: number }) => {
  const { route, texts, lang, shortWindows } = usePage();
  const fixed = route.from !== null && route.to !== null;
  return (
    <nav class="ranges" aria-label={texts.range}>
      {CHOICES.map((windows) => (
        <a
          key={windows}
          href={formatRoute({
            ...route,
            from: null,
            to: null,
            windows: windows === DEFAULT_WINDOWS ? null : windows,
          })}
          aria-current={!fixed && (route.windows ?? DEFAULT_WINDOWS) === windows ? "true" : undefined}
        >
          {fill(texts.rangeLast, { length: lengthText(1000 * length * windows, lang) })}
        </a>
      ))}
      {fixed && (
        <a href={formatRoute(route)} aria-current="true">
          {momentText(route.from!, shortWindows, lang)} – {momentText(route.to!, shortWindows, lang)}
        </a>
      )}
    </nav>
  );
};

// The longest of the openings and closings that go on, in words.
const Lasting = ({ verdict }: { verdict: Verdict }) => {
  const { texts } = usePage();
  const order = ["GLITCH", "TEMPORARY", "SUSTAINED", "LONG_RUN"];
  const kinds = verdict.events
    .filter(({ end }) => end === "EVENT_END_ONGOING")
    .map(({ duration }) => duration.replace("EVENT_DURATION_", ""))
    .filter((duration) => order.includes(duration))
    .sort((a, b) => order.indexOf(b) - order.indexOf(a));
  const [longest] = kinds;
  return longest ? <span class="badge">{word(texts, "duration", longest)}</span> : null;
};

const Peers = ({
  summary,
  range,
  version,
  live,
  self,
}: {
  summary: Summary;
  range: Range;
  version: number;
  live: boolean;
  self: string;
}) => {
  const { texts, lang, country, route } = usePage();
  const nameOf = useNameOf();
  const end = windowEnd(summary);
  const peers = summary.verdicts.filter(
    ({ kind, target_id }) => kindOf(kind) === "SERVICE" && target_id !== self,
  );
  return (
    <section class="panel">
      <h2>{texts.peers}</h2>
      <ul class="peers">
        {peers.map((peer, index) => {
          const sentence = sentenceOf(peer, end, lang, nameOf);
          return (
            <li key={peer.target_id} class={`tone-${sentence.tone}`}>
              <p>
                <a href={formatRoute({ ...route, country, target: peer.target_id })}>{sentence.name}</a>{" "}
                {sentence.text}
              </p>
              <ServiceStrip
                target={peer.target_id}
                name={sentence.name}
                range={range}
                version={version}
                live={live}
                dates={index === peers.length - 1}
              />
            </li>
          );
        })}
      </ul>
    </section>
  );
};

interface TargetProps {
  verdict: Verdict;
  summary: Summary;
  version: number;
  changed: ReadonlySet<string>;
}

const timelinePath = (country: string, target: string, range: Range): string =>
  query("timeline", {
    country,
    target_id: target,
    start_time: new Date(range.from).toISOString(),
    end_time: new Date(range.to).toISOString(),
    step: `${range.step}s`,
    read_mask:
      "window_counts,scopes,regions.states,regions.rate_mean_percents,regions.rate_low_percents,regions.rate_high_percents",
  });

// The region that is looked at: asked for, else the first that is open, else the first.
const chosenRegion = (verdict: Verdict, asked: string | null): string | null => {
  const known = verdict.regions.map(({ region }) => region);
  if (asked && known.includes(asked)) return asked;
  return verdict.regions.find(({ access }) => isOpen(stateOf(access.state)))?.region ?? known[0] ?? null;
};

export const TargetPage = ({ verdict, summary, version, changed }: TargetProps) => {
  const { texts, lang, country, route } = usePage();
  const nameOf = useNameOf();
  const end = windowEnd(summary);
  const length = seconds(summary.window_length);
  const range = shownRange(route, end, length);
  const live = route.from === null;
  const { data: timeline, error } = useAnswer<Timeline>(
    timelinePath(country, verdict.target_id, range),
    version,
  );
  const target = { country, target_ids: verdict.target_id };
  const { data: events } = useAnswer<{ events: SightlineEvent[] }>(query("events", target), version);
  const { data: notes } = useAnswer<{ annotations: Annotation[] }>(query("annotations", target), version);
  const [whole, setWhole] = useState(route.region === null && !PLACED.has(scopeOf(verdict.scope)));
  const region = chosenRegion(verdict, route.region);
  const choose = (code: string): void => {
    setWhole(false);
    history.replaceState(
      null,
      "",
      formatRoute({ ...route, country, target: verdict.target_id, region: code }),
    );
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  const sentence = sentenceOf(verdict, end, lang, nameOf);
  const access = verdict.regions.find((each) => each.region === region);
  const mine = (events?.events ?? []).filter(({ target_id }) => target_id === verdict.target_id);
  const told = (notes?.annotations ?? []).filter(
    ({ target_id }) => target_id === "" || target_id === verdict.target_id,
  );
  return (
    <>
      <nav class="crumbs">
        <a href={formatRoute({ country, lang: route.lang })}>← {texts.home}</a>
      </nav>
      <div
        class={`title tone-${sentence.tone} ${changed.has(verdict.target_id) ? "changed" : ""}`}
        data-target={verdict.target_id}
        data-sentence={sentence.whole}
      >
        <h1>{sentence.name}</h1>
        <p class="lead">
          {sentence.text}
          {lang === "zh" ? "。" : "."}
        </p>
        <p class="badges">
          <Lasting verdict={verdict} />
        </p>
      </div>
      <div class="columns map-columns">
        <section class="panel">
          <h2>{texts.map}</h2>
          <p class="hint">{texts.mapHint}</p>
          <TileMap regions={verdict.regions} chosen={region} onChoose={choose} />
          <Legend scopes={false} />
        </section>
        <div class="stack">
          {access && <RegionPanel region={access} />}
          <section class="panel">
            <h2>{texts.networksAcross}</h2>
            <NetworkTable networks={verdict.networks} caption={texts.networksAcross} />
          </section>
        </div>
      </div>
      <RangeChoice length={length} />
      <section class="panel">
        <h2>{texts.heat}</h2>
        {timeline ? (
          <HeatStrips timeline={timeline} chosen={region} onChoose={choose} live={live} />
        ) : error ? (
          <p class="hint">{fill(texts.noHistory, { message: error.message })}</p>
        ) : (
          <div class="heat-wait" role="status">
            <span class="visually-hidden">{texts.loading}</span>
          </div>
        )}
      </section>
      <section class="panel">
        <h2>{texts.timeline}</h2>
        <p class="hint">{texts.timelineNote}</p>
        {timeline && (
          <RateChart
            timeline={timeline}
            region={whole ? null : region}
            events={mine}
            notes={told}
            onRegion={(code) => (code === null ? setWhole(true) : choose(code))}
          />
        )}
        <Happenings events={mine} notes={told} range={range} />
      </section>
      <div class="columns">
        <div class="stack">
          <Causes verdict={verdict} />
          <Confidence verdict={verdict} />
        </div>
        <WouldChange verdict={verdict} />
      </div>
      <Peers summary={summary} range={range} version={version} live={live} self={verdict.target_id} />
    </>
  );
};
