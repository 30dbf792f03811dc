// What is said differently than before, the newest first.
import { query } from "../api";
import { useNameOf, usePage } from "../context";
import { useAnswer } from "../feed";
import { word } from "../i18n/i18n";
import { changeSentence } from "../sentence/change";
import { momentText } from "../time";
import type { Change } from "../types";

const SHOWN = 8;

export const Changes = ({ version }: { version: number }) => {
  const { texts, country, lang, shortWindows } = usePage();
  const nameOf = useNameOf();
  const { data } = useAnswer<{ changes: Change[] }>(query("changes", { country }), version);
  const changes = [...(data?.changes ?? [])].reverse().slice(0, SHOWN);
  return (
    <section class="panel changes">
      <div class="panel-head">
        <h2>{texts.changes}</h2>
        <a class="feed" href={`/feed/${encodeURIComponent(country)}.atom`}>
          {texts.feed}
        </a>
      </div>
      {data && changes.length === 0 && <p class="hint">{texts.noChanges}</p>}
      <ol>
        {changes.map((change) => (
          <li key={change.change_seq}>
            <time dateTime={change.change_time}>
              {momentText(Date.parse(change.change_time), shortWindows, lang)}
            </time>
            <span class="tags">
              {change.kinds.map((kind) => (
                <span class="tag" key={kind}>
                  {word(texts, "change", kind.replace("CHANGE_KIND_", ""))}
                </span>
              ))}
            </span>
            <span title={change.text}>{changeSentence(change, lang, nameOf)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
};
