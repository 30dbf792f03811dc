// How states look: each has a glyph, a pattern and a colour, so that no two differ by colour alone.
import type { Shown } from "../aggregate";
import { usePage } from "../context";
import { word } from "../i18n/i18n";
import type { ScopeName, State } from "../types";

export const GLYPHS: Record<Shown<State>, string> = {
  OPEN: "●",
  PARTIAL: "◐",
  BLOCKED: "✕",
  UNKNOWN: "?",
  DOWN: "▽",
  DISPUTED: "≠",
  UNSPECIFIED: "?",
  NONE: "·",
};

// The order in which people look for them.
export const STATES: readonly State[] = ["OPEN", "PARTIAL", "BLOCKED", "UNKNOWN", "DISPUTED", "DOWN"];

export const fillOf = (state: Shown<State>): string =>
  state === "UNSPECIFIED" ? "url(#p-UNKNOWN)" : `url(#p-${state})`;

interface Bar {
  height: number; // percent: how far it reaches
  fill: string;
}

export const BARS: Record<Shown<ScopeName>, Bar> = {
  NOWHERE: { height: 18, fill: "url(#p-BLOCKED)" },
  ISOLATED: { height: 40, fill: "url(#p-PARTIAL)" },
  LOCAL: { height: 62, fill: "url(#p-PARTIAL)" },
  BY_NETWORK: { height: 62, fill: "url(#p-NETWORK)" },
  MIXED: { height: 62, fill: "url(#p-MIXED)" },
  WIDESPREAD: { height: 100, fill: "url(#p-OPEN)" },
  UNDETERMINED: { height: 100, fill: "url(#p-UNKNOWN)" },
  UNSPECIFIED: { height: 100, fill: "url(#p-UNKNOWN)" },
  NONE: { height: 0, fill: "none" },
};

// Defines the patterns; once per page.
export const Patterns = () => (
  <svg class="defs" width="0" height="0" aria-hidden="true" focusable="false">
    <defs>
      <pattern id="p-OPEN" width="8" height="8" patternUnits="userSpaceOnUse">
        <rect class="i-open" width="8" height="8" />
      </pattern>
      <pattern
        id="p-PARTIAL"
        width="7"
        height="7"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect class="i-open-soft" width="7" height="7" />
        <rect class="i-open" width="3.5" height="7" />
      </pattern>
      <pattern id="p-NETWORK" width="6" height="6" patternUnits="userSpaceOnUse">
        <rect class="i-open-soft" width="6" height="6" />
        <rect class="i-open" width="6" height="3" />
      </pattern>
      <pattern id="p-MIXED" width="6" height="6" patternUnits="userSpaceOnUse">
        <rect class="i-open-soft" width="6" height="6" />
        <rect class="i-open" width="3" height="3" />
        <rect class="i-open" x="3" y="3" width="3" height="3" />
      </pattern>
      <pattern id="p-BLOCKED" width="12" height="9" patternUnits="userSpaceOnUse">
        <rect class="i-blocked" width="12" height="9" />
        <path class="i-blocked-mark" d="M4.500 3l3 3M7.500 3l-3 3" />
      </pattern>
      <pattern id="p-UNKNOWN" width="6" height="6" patternUnits="userSpaceOnUse">
        <rect class="i-void" width="6" height="6" />
        <circle class="i-dot" cx="2" cy="2" r="0.9" />
        <circle class="i-dot" cx="5" cy="5" r="0.9" />
      </pattern>
      <pattern id="p-DOWN" width="6" height="5" patternUnits="userSpaceOnUse">
        <rect class="i-void" width="6" height="5" />
        <rect class="i-line" y="1.5" width="6" height="1.6" />
      </pattern>
      <pattern id="p-DISPUTED" width="8" height="8" patternUnits="userSpaceOnUse">
        <rect class="i-void" width="8" height="8" />
        <path class="i-disputed" d="M0 6l2-4 2 4 2-4 2 4" />
      </pattern>
      <pattern id="p-NONE" width="8" height="8" patternUnits="userSpaceOnUse">
        <rect class="i-none" width="8" height="8" />
      </pattern>
    </defs>
  </svg>
);

export const Swatch = ({ fill, height = 100 }: { fill: string; height?: number }) => (
  <svg class="swatch" aria-hidden="true" focusable="false">
    <rect class="track" width="100%" height="100%" />
    <rect y={`${100 - height}%`} width="100%" height={`${height}%`} fill={fill} />
  </svg>
);

// "● open", for words beside which the look stands.
export const StateMark = ({ state }: { state: State }) => {
  const { texts } = usePage();
  return (
    <span class={`mark mark-${state}`}>
      <span class="glyph" aria-hidden="true">
        {GLYPHS[state]}
      </span>{" "}
      {word(texts, "state", state)}
    </span>
  );
};

const SCOPES_SHOWN: readonly ScopeName[] = [
  "WIDESPREAD",
  "LOCAL",
  "BY_NETWORK",
  "MIXED",
  "NOWHERE",
  "UNDETERMINED",
];

export const Legend = ({ scopes }: { scopes: boolean }) => {
  const { texts } = usePage();
  return (
    <div class="legend">
      {scopes && (
        <ul aria-label={texts.legend}>
          {SCOPES_SHOWN.map((scope) => (
            <li key={scope}>
              <Swatch {...BARS[scope]} /> {word(texts, "scope", scope)}
            </li>
          ))}
        </ul>
      )}
      {!scopes && (
        <ul aria-label={texts.legend}>
          {STATES.map((state) => (
            <li key={state}>
              <Swatch fill={fillOf(state)} />
              <span class="glyph" aria-hidden="true">
                {GLYPHS[state]}
              </span>{" "}
              {word(texts, "state", state)}
            </li>
          ))}
        </ul>
      )}
      {scopes && <p class="hint">{texts.legendStrip}</p>}
    </div>
  );
};
