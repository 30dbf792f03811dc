// One region in numbers, and networks as a table.
import { StateMark } from "./patterns";
import { useNameOf, usePage } from "../context";
import { failureText } from "../i18n/failures";
import { fill, word, type Texts } from "../i18n/i18n";
import { operatorName } from "../places/networks";
import { stateOf, type Access, type NetworkAccess, type RegionAccess, type State } from "../types";

const percent = (ratio: number): number => Math.round(100 * ratio);

// Never rounded up to a certainty that nobody has.
export const sure = (probability: number): string => `${Math.min(99, Math.floor(100 * probability))}%`;

const says = (state: State): boolean => state === "OPEN" || state === "PARTIAL" || state === "BLOCKED";

export const flipText = (count: number, texts: Texts): string => {
  if (count === 0) return texts.nothing;
  return count === 1 ? texts.flipOne : fill(texts.flipText, { count });
};

// Mean and band as a picture: a line from the lower to the upper end, a dot at the mean.
const Band = ({ access }: { access: Access }) => (
  <svg class="band" aria-hidden="true" focusable="false">
    <rect class="track" width="100%" height="100%" rx="4" />
    <rect
      class="band-range"
      x={`${percent(access.rate_low)}%`}
      width={`${Math.max(1, percent(access.rate_high - access.rate_low))}%`}
      height="100%"
      rx="4"
    />
    <rect class="band-mean" x={`${Math.min(99, percent(access.rate_mean))}%`} width="3" height="100%" />
  </svg>
);

export const RegionPanel = ({ region }: { region: RegionAccess }) => {
  const { texts, lang } = usePage();
  const nameOf = useNameOf();
  const { access } = region;
  const state = stateOf(access.state);
  const name = nameOf(region.region);
  const rates = {
    mean: percent(access.rate_mean),
    low: percent(access.rate_low),
    high: percent(access.rate_high),
  };
  const cause = access.blocked_layer
    ? `${word(texts, "layer", access.blocked_layer)}${access.blocked_failure ? ` · ${failureText(access.blocked_failure, lang)}` : ""}`
    : "";
  return (
    <section class="panel region">
      <p class="visually-hidden" aria-live="polite">
        {name}: {word(texts, "state", state)}
      </p>
      <h2>
        {name} <span class="code">{region.region}</span>
      </h2>
      <p class="region-state">
        <StateMark state={state} />
      </p>
      {says(state) && <Band access={access} />}
      <dl class="facts">
        <dt>{texts.share}</dt>
        <dd>{says(state) ? fill(texts.shareBand, rates) : texts.nothing}</dd>
        <dt>{texts.reporters}</dt>
        <dd>{fill(texts.reportersText, { open: access.buckets_open, blocked: access.buckets_blocked })}</dd>
        <dt>{texts.probability}</dt>
        <dd>{access.state_probability > 0 ? sure(access.state_probability) : texts.nothing}</dd>
        <dt>{texts.flipCost}</dt>
        <dd>{flipText(access.flip_cost, texts)}</dd>
        {cause && (
          <>
            <dt>{texts.cause}</dt>
            <dd>{cause}</dd>
          </>
        )}
      </dl>
      {access.buckets_bypassing > 0 && (
        <p class="hint">{fill(texts.bypassing, { count: access.buckets_bypassing })}</p>
      )}
      {access.buckets_suspected > 0 && (
        <p class="hint">{fill(texts.suspected, { count: access.buckets_suspected })}</p>
      )}
      <h3>{fill(texts.networksIn, { region: name })}</h3>
      <NetworkTable networks={region.networks} caption={fill(texts.networksIn, { region: name })} />
    </section>
  );
};

export const NetworkTable = ({
  networks,
  caption,
}: {
  networks: readonly NetworkAccess[];
  caption: string;
}) => {
  const { texts, lang } = usePage();
  if (networks.length === 0) return <p class="hint">{texts.noNetworks}</p>;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={caption}>
      <table>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.network}</th>
            <th scope="col">{texts.state}</th>
            <th scope="col" class="number">
              {texts.share}
            </th>
            <th scope="col" class="number">
              {texts.reporters}
            </th>
          </tr>
        </thead>
        <tbody>
          {networks.map(({ asn, access }) => {
            const state = stateOf(access.state);
            return (
              <tr key={asn}>
                <th scope="row">
                  AS{asn}
                  <span class="operator">{operatorName(asn, lang)}</span>
                </th>
                <td>
                  <StateMark state={state} />
                </td>
                <td class="number">{says(state) ? `${percent(access.rate_mean)}%` : texts.nothing}</td>
                <td class="number">{access.buckets_open + access.buckets_blocked}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
};
