// One service in depth.
import { useState } from "preact/hooks";
import type { Range } from "../aggregate";
import { query } from "../api";
import { useNameOf, usePage } from "../context";
import { useAnswer } from "../feed";
import { fill, word } from "../i18n/i18n";
import { Causes } from "../parts/causes";
import { Confidence, WouldChange } from "../parts/confidence";
import { Happenings } from "../parts/happenings";
import { HeatStrips } from "../parts/heat";
import { Legend } from "../parts/patterns";
import { Peers } from "../parts/peers";
import { RangeChoice, timelinePath, useRange } from "../parts/range";
import { NetworkTable, RegionPanel } from "../parts/regionpanel";
import { RateChart } from "../parts/ratechart";
import { TileMap } from "../parts/tilemap";
import { formatRoute } from "../route";
import { lastingOf, windowEnd } from "../sentence/facts";
import { sentenceOf } from "../sentence/sentence";
import {
  isOpen,
  scopeOf,
  seconds,
  stateOf,
  type Annotation,
  type SightlineEvent,
  type Summary,
  type Timeline,
  type Verdict,
} from "../types";

// Scopes of which a place is the point: the chart begins with one.
const PLACED: ReadonlySet<string> = new Set(["LOCAL", "ISOLATED"]);

interface TargetProps {
  verdict: Verdict;
  summary: Summary;
  version: number;
  changed: ReadonlySet<string>;
}

const COLUMNS =
  "window_counts,scopes,regions.states,regions.rate_mean_percents,regions.rate_low_percents,regions.rate_high_percents";

// The region that is looked at: asked for, else the first that is open, else the first.
const chosenRegion = (verdict: Verdict, asked: string | null): string | null => {
  const known = verdict.regions.map(({ region }) => region);
  if (asked && known.includes(asked)) return asked;
  return verdict.regions.find(({ access }) => isOpen(stateOf(access.state)))?.region ?? known[0] ?? null;
};

// What a target's page asks for besides the summary.
const useHistory = (verdict: Verdict, range: Range | null, version: number) => {
  const { country } = usePage();
  const id = verdict.target_id;
  const wanted = { country, target_ids: id, page_size: "1000" };
  const timeline = useAnswer<Timeline>(range && timelinePath(country, id, range, COLUMNS), version);
  const events = useAnswer<{ events: SightlineEvent[] }>(query("events", wanted), version);
  const notes = useAnswer<{ annotations: Annotation[] }>(query("annotations", wanted), version);
  return {
    timeline: timeline.data,
    error: timeline.error,
    events: events.data?.events ?? verdict.events,
    notes: notes.data?.annotations ?? [],
  };
};

const Head = ({ verdict, summary, changed }: { verdict: Verdict; summary: Summary; changed: boolean }) => {
  const { texts, lang, country, route } = usePage();
  const sentence = sentenceOf(verdict, windowEnd(summary), lang, useNameOf());
  const lasting = lastingOf(verdict, sentence.facts.scope);
  return (
    <>
      <nav class="crumbs">
        <a href={formatRoute({ country, lang: route.lang })}>← {texts.home}</a>
      </nav>
      <div
        class={`title tone-${sentence.tone} ${changed ? "changed" : ""}`}
        data-target={verdict.target_id}
        data-sentence={sentence.whole}
      >
        <h1>{sentence.name}</h1>
        <p class="lead">
          {sentence.text}
          {lang === "zh" ? "。" : "."}
        </p>
        <p class="badges">{lasting && <span class="badge">{word(texts, "duration", lasting)}</span>}</p>
      </div>
    </>
  );
};

interface PlaceProps {
  verdict: Verdict;
  region: string | null;
  onChoose: (region: string) => void;
}

// Where: the map, the region that is looked at, and the networks.
const Places = ({ verdict, region, onChoose }: PlaceProps) => {
  const { texts } = usePage();
  const access = verdict.regions.find((each) => each.region === region);
  return (
    <div class="columns map-columns">
      <section class="panel">
        <h2>{texts.map}</h2>
        <p class="hint">{texts.mapHint}</p>
        <TileMap regions={verdict.regions} chosen={region} onChoose={onChoose} />
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
  );
};

// When: regions over time, the chart, events and notes.
const History = ({
  verdict,
  region,
  onChoose,
  range,
  version,
}: PlaceProps & { range: Range | null; version: number }) => {
  const { texts, route } = usePage();
  const { timeline, error, events, notes } = useHistory(verdict, range, version);
  const [whole, setWhole] = useState(route.region === null && !PLACED.has(scopeOf(verdict.scope)));
  const choose = (code: string): void => {
    setWhole(false);
    onChoose(code);
  };
  return (
    <>
      <section class="panel">
        <h2>{texts.heat}</h2>
        {timeline && (
          <HeatStrips timeline={timeline} chosen={region} onChoose={choose} live={route.from === null} />
        )}
        {!timeline && error && <p class="hint">{fill(texts.noHistory, { message: error.message })}</p>}
        {!timeline && !error && (
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
            events={events}
            notes={notes}
            onRegion={(code) => (code === null ? setWhole(true) : choose(code))}
          />
        )}
        {range && <Happenings events={events} notes={notes} range={range} />}
      </section>
    </>
  );
};

export const TargetPage = ({ verdict, summary, version, changed }: TargetProps) => {
  const { country, route } = usePage();
  const { range, windows } = useRange(summary, version);
  const region = chosenRegion(verdict, route.region);
  const choose = (code: string): void => {
    const target = verdict.target_id;
    history.replaceState(null, "", formatRoute({ ...route, country, target, region: code }));
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  return (
    <>
      <Head verdict={verdict} summary={summary} changed={changed.has(verdict.target_id)} />
      <Places verdict={verdict} region={region} onChoose={choose} />
      <RangeChoice length={seconds(summary.window_length)} windows={windows} />
      <History verdict={verdict} region={region} onChoose={choose} range={range} version={version} />
      <div class="columns">
        <div class="stack">
          <Causes verdict={verdict} />
          <Confidence verdict={verdict} />
        </div>
        <WouldChange verdict={verdict} />
      </div>
      <Peers
        summary={summary}
        range={range}
        version={version}
        live={route.from === null}
        self={verdict.target_id}
      />
    </>
  );
};
