// The first screen: per service one sentence and one strip.
import { useState } from "preact/hooks";
import { DEFAULT_WINDOWS, rangeOf, type Range } from "../aggregate";
import { query } from "../api";
import { useNameOf, usePage } from "../context";
import { useAnswer } from "../feed";
import { fill, word } from "../i18n/i18n";
import { Axis } from "../parts/axis";
import { Changes } from "../parts/changes";
import { GLYPHS, Legend, STATES } from "../parts/patterns";
import { ScopeStrip, scopeText } from "../parts/strip";
import { MiniMap } from "../parts/tilemap";
import { countryName } from "../places/places";
import { formatRoute } from "../route";
import { countStates, windowEnd } from "../sentence/facts";
import { sentenceOf, type Sentence } from "../sentence/sentence";
import { kindOf, seconds, type Summary, type Timeline, type Verdict } from "../types";

export const stripPath = (country: string, target: string, range: Range): string =>
  query("timeline", {
    country,
    target_id: target,
    start_time: new Date(range.from).toISOString(),
    end_time: new Date(range.to).toISOString(),
    step: `${range.step}s`,
    read_mask: "window_counts,scopes,regions.states",
  });

// The strip of a service with its dates; asks for its own history.
export const ServiceStrip = ({
  target,
  name,
  range,
  version,
  live,
  dates = true,
}: {
  target: string;
  name: string;
  range: Range;
  version: number;
  live: boolean;
  dates?: boolean;
}) => {
  const { country, texts, lang, shortWindows } = usePage();
  const { data, error } = useAnswer<Timeline>(stripPath(country, target, range), version);
  const [at, setAt] = useState<number | null>(null);
  if (!data && error)
    return <p class="hint strip-box">{fill(texts.noHistory, { message: error.message })}</p>;
  if (!data || data.step_count === 0) return <div class="strip-wait" aria-hidden="true" />;
  const step = at === null ? null : Math.min(at, data.step_count - 1);
  return (
    <div class="strip-box">
      <ScopeStrip timeline={data} name={name} at={step} onAt={setAt} />
      {(dates || step !== null) && (
        <Axis
          timeline={data}
          live={live}
          text={step === null ? null : scopeText(data, step, texts, lang, shortWindows)}
        />
      )}
    </div>
  );
};

// How many regions are how: "◐ 2  ✕ 26  ? 3".
const Counts = ({ verdict }: { verdict: Verdict }) => {
  const { texts } = usePage();
  const counts = countStates(verdict.regions);
  return (
    <ul class="counts">
      {STATES.filter((state) => counts[state] > 0).map((state) => (
        <li key={state} class={`mark mark-${state}`} title={word(texts, "state", state)}>
          <span class="glyph" aria-hidden="true">
            {GLYPHS[state]}
          </span>{" "}
          {counts[state]}
          <span class="count-word"> {word(texts, "state", state)}</span>
        </li>
      ))}
    </ul>
  );
};

const TONE_GLYPHS: Record<Sentence["tone"], string> = { open: "●", some: "◐", blocked: "✕", silent: "?" };

const TONE_ORDER: readonly Sentence["tone"][] = ["some", "open", "blocked", "silent"];

interface CardProps {
  verdict: Verdict;
  end: number;
  range: Range;
  version: number;
  changed: boolean;
}

const Card = ({ verdict, end, range, version, changed }: CardProps) => {
  const { country, lang, route } = usePage();
  const nameOf = useNameOf();
  const sentence = sentenceOf(verdict, end, lang, nameOf);
  const href = formatRoute({ country, target: verdict.target_id, lang: route.lang });
  return (
    <li
      class={`card tone-${sentence.tone} ${changed ? "changed" : ""}`}
      data-target={verdict.target_id}
      data-sentence={sentence.whole}
    >
      <div class="card-main">
        <h3 class="sentence">
          <span class="tone-glyph" aria-hidden="true">
            {TONE_GLYPHS[sentence.tone]}
          </span>
          <a href={href}>
            <strong>{sentence.name}</strong>
            {lang === "zh" ? "：" : ": "}
            {sentence.text}
          </a>
        </h3>
        <Counts verdict={verdict} />
      </div>
      <MiniMap regions={verdict.regions} />
      <ServiceStrip target={verdict.target_id} name={sentence.name} range={range} version={version} live />
    </li>
  );
};

const Contrast = ({ verdict, end }: { verdict: Verdict; end: number }) => {
  const { lang, country, route, texts } = usePage();
  const sentence = sentenceOf(verdict, end, lang, useNameOf());
  return (
    <li class={`contrast tone-${sentence.tone}`}>
      <span class="tone-glyph" aria-hidden="true">
        {TONE_GLYPHS[sentence.tone]}
      </span>
      <span>
        <a href={formatRoute({ country, target: verdict.target_id, lang: route.lang })}>{sentence.name}</a>{" "}
        <span class="kind">{word(texts, "kind", kindOf(verdict.kind))}</span>
        <br />
        {sentence.text}
      </span>
    </li>
  );
};

interface HomeProps {
  summary: Summary;
  version: number;
  changed: ReadonlySet<string>;
}

export const Home = ({ summary, version, changed }: HomeProps) => {
  const { texts, country, lang } = usePage();
  const end = windowEnd(summary);
  const length = seconds(summary.window_length);
  const range = rangeOf(end - 1000 * length * DEFAULT_WINDOWS, end, length);
  const nameOf = useNameOf();
  // What is remarkable first: a service that is open for some, for longest.
  const services = summary.verdicts
    .filter((verdict) => kindOf(verdict.kind) === "SERVICE")
    .map((verdict) => ({ verdict, ...sentenceOf(verdict, end, lang, nameOf) }))
    .sort(
      (a, b) =>
        TONE_ORDER.indexOf(a.tone) - TONE_ORDER.indexOf(b.tone) ||
        (a.facts.since?.onset ?? end) - (b.facts.since?.onset ?? end),
    )
    .map(({ verdict }) => verdict);
  const contrasts = summary.verdicts.filter((verdict) => kindOf(verdict.kind) !== "SERVICE");
  return (
    <>
      <div class="title">
        <h1>{fill(texts.question, { country: countryName(country, lang) })}</h1>
      </div>
      <h2 class="visually-hidden">{texts.services}</h2>
      <ul class="cards">
        {services.map((verdict) => (
          <Card
            key={verdict.target_id}
            verdict={verdict}
            end={end}
            range={range}
            version={version}
            changed={changed.has(verdict.target_id)}
          />
        ))}
      </ul>
      <section class="below">
        <h2>{texts.legend}</h2>
        <Legend scopes />
        <Legend scopes={false} />
      </section>
      <div class="columns">
        <Changes version={version} />
        {contrasts.length > 0 && (
          <section class="panel">
            <h2>{texts.contrasts}</h2>
            <p class="hint">{texts.contrastsNote}</p>
            <ul class="contrasts">
              {contrasts.map((verdict) => (
                <Contrast key={verdict.target_id} verdict={verdict} end={end} />
              ))}
            </ul>
          </section>
        )}
      </div>
    </>
  );
};
