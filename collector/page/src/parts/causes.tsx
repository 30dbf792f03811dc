// Why it fails where it fails: the layers in the order in which a connection meets them.
import { causesOf } from "../aggregate";
import { usePage } from "../context";
import { failureText } from "../i18n/failures";
import { word } from "../i18n/i18n";
import type { Verdict } from "../types";

const FAILURES_SHOWN = 3;

export const Causes = ({ verdict }: { verdict: Verdict }) => {
  const { texts, lang } = usePage();
  const causes = causesOf(verdict);
  const all = causes.reduce((sum, { count }) => sum + count, 0);
  return (
    <section class="panel">
      <h2>{texts.causes}</h2>
      {all === 0 ? <p class="hint">{texts.noCauses}</p> : <p class="hint">{texts.causesNote}</p>}
      {all > 0 && (
        <ol class="layers">
          {causes.map(({ layer, count, failures }) => (
            <li key={layer} class={count === 0 ? "idle" : ""}>
              <span class="layer-name">{word(texts, "layer", layer)}</span>
              <svg class="meter" aria-hidden="true" focusable="false">
                <rect class="track" width="100%" height="100%" rx="3" />
                {count > 0 && (
                  <rect width={`${(100 * count) / all}%`} height="100%" rx="3" fill="url(#p-BLOCKED)" />
                )}
              </svg>
              <span class="number">{count}</span>
              {failures
                .slice(0, FAILURES_SHOWN)
                .filter(({ failure }) => failure !== "")
                .map(({ failure, count: part }) => (
                  <span class="layer-failure" key={failure} title={failure}>
                    {failureText(failure, lang)} · {part}
                  </span>
                ))}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
};
