// How sure a verdict is, and what it would take to make it another.
import { flips } from "../aggregate";
import { useNameOf, usePage } from "../context";
import { fill, word } from "../i18n/i18n";
import { sure } from "./regionpanel";
import { countStates } from "../sentence/facts";
import { isOpen, scopeOf, type Verdict } from "../types";

const FLIPS_SHOWN = 3;
const WORTH_SAYING = 0.01;

const ranked = (verdict: Verdict) =>
  verdict.scope_posteriors
    .map(({ scope, posterior }) => ({ scope: scopeOf(scope), posterior }))
    .sort((a, b) => b.posterior - a.posterior);

export const Confidence = ({ verdict }: { verdict: Verdict }) => {
  const { texts } = usePage();
  const scopes = ranked(verdict);
  return (
    <section class="panel">
      <h2>{texts.confidence}</h2>
      <p class="hint">{scopes.length > 0 ? texts.confidenceNote : texts.confidenceNone}</p>
      <ol class="posteriors">
        {scopes.map(({ scope, posterior }) => (
          <li key={scope} class={posterior < WORTH_SAYING ? "idle" : ""}>
            <span class="layer-name">{word(texts, "scope", scope)}</span>
            <svg class="meter" aria-hidden="true" focusable="false">
              <rect class="track" width="100%" height="100%" rx="3" />
              <rect class="meter-fill" width={`${100 * posterior}%`} height="100%" rx="3" />
            </svg>
            <span class="number">{posterior < WORTH_SAYING ? "<1%" : sure(posterior)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
};

export const WouldChange = ({ verdict }: { verdict: Verdict }) => {
  const { texts } = usePage();
  const nameOf = useNameOf();
  // What is open is what people ask about; behind it, what is the easiest to reverse.
  const all = flips(verdict);
  const easiest = [
    ...all.filter(({ state }) => isOpen(state)),
    ...all.filter(({ state }) => !isOpen(state)),
  ].slice(0, FLIPS_SHOWN);
  const counts = countStates(verdict.regions);
  const silent = counts.UNKNOWN + counts.DISPUTED;
  const second = ranked(verdict)[1];
  return (
    <section class="panel would">
      <h2>{texts.would}</h2>
      <ul>
        {easiest.length === 0 && <li>{texts.wouldNone}</li>}
        {easiest.map(({ region, count, state }) => (
          <li key={region}>
            {fill(count === 1 ? texts.wouldFlipOne : texts.wouldFlip, {
              region: nameOf(region),
              count,
              state: word(texts, "state", state),
            })}
          </li>
        ))}
        <li>{silent > 0 ? fill(texts.wouldK, { count: silent }) : texts.wouldKAll}</li>
        {verdict.scope_posteriors.length > 0 && (
          <li>
            {second && second.posterior >= WORTH_SAYING
              ? fill(texts.wouldDoubt, {
                  scope: word(texts, "scope", second.scope),
                  percent: Math.max(1, Math.round(100 * second.posterior)),
                })
              : texts.wouldDoubtNone}
          </li>
        )}
      </ul>
      {verdict.reasons.length > 0 && (
        <>
          <h3>{texts.reasons}</h3>
          <ul class="reasons" lang="en">
            {verdict.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
};
