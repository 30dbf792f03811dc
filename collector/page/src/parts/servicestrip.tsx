// The strip of a service, with what it asks for.
import { useState } from "preact/hooks";
import type { Range } from "../aggregate";
import { usePage } from "../context";
import { useAnswer } from "../feed";
import { fill } from "../i18n/i18n";
import { Axis } from "./axis";
import { timelinePath } from "./range";
import { ScopeStrip, scopeText } from "./strip";
import type { Timeline } from "../types";

const COLUMNS = "window_counts,scopes,regions.states";

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
  range: Range | null;
  version: number;
  live: boolean;
  dates?: boolean;
}) => {
  const { country, texts, lang, shortWindows } = usePage();
  const { data, error } = useAnswer<Timeline>(
    range && timelinePath(country, target, range, COLUMNS),
    version,
  );
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
