// The other services over the same time, for comparison.
import type { Range } from "../aggregate";
import { useNameOf, usePage } from "../context";
import { ServiceStrip } from "./servicestrip";
import { formatRoute } from "../route";
import { windowEnd } from "../sentence/facts";
import { sentenceOf } from "../sentence/sentence";
import { kindOf, type Summary } from "../types";

export const Peers = ({
  summary,
  range,
  version,
  live,
  self,
}: {
  summary: Summary;
  range: Range | null;
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
