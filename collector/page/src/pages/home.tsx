// The first screen: per service one sentence and one strip.
import type { Range } from "../aggregate";
import { useNameOf, usePage } from "../context";
import { fill, word } from "../i18n/i18n";
import { Changes } from "../parts/changes";
import { GLYPHS, Legend, STATES } from "../parts/patterns";
import { useRange } from "../parts/range";
import { ServiceStrip } from "../parts/servicestrip";
import { MiniMap } from "../parts/tilemap";
import { countryName } from "../places/places";
import { formatRoute } from "../route";
import { countStates, windowEnd } from "../sentence/facts";
import { sentenceOf, type Sentence } from "../sentence/sentence";
import { kindOf, type Summary, type Verdict } from "../types";

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
  range: Range | null;
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
  const { range } = useRange(summary, version);
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
