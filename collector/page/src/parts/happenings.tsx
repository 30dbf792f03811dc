// Openings, closings and notes of the time that is shown, the newest first.
import type { Range } from "../aggregate";
import { useNameOf, usePage } from "../context";
import { fill, word, type Texts } from "../i18n/i18n";
import { networkName } from "../places/networks";
import { DAY, lengthText, momentText } from "../time";
import type { Annotation, SightlineEvent } from "../types";

const LATER_MS = DAY; // notes on today are later than the end of the newest window

const safeUrl = (url: string): string | null => (/^https?:\/\//i.test(url) ? url : null);

const fate = (event: SightlineEvent, texts: Texts, end: string): string =>
  fill(word(texts, "event", event.end.replace("EVENT_END_", "")), { end });

export const Happenings = ({
  events,
  notes,
  range,
}: {
  events: readonly SightlineEvent[];
  notes: readonly Annotation[];
  range: Range;
}) => {
  const { texts, lang, shortWindows } = usePage();
  const nameOf = useNameOf();
  const text = (ms: number): string => momentText(ms, shortWindows, lang);
  const inside = (from: number, to: number): boolean => from < range.to + LATER_MS && to >= range.from;
  const rows = [
    ...events.map((event) => {
      const onset = Date.parse(event.onset_time);
      const end = event.end_time ? Date.parse(event.end_time) : range.to;
      const kind = event.kind.replace("EVENT_KIND_", "");
      const gone = event.end === "EVENT_END_WITHDRAWN";
      return {
        key: event.event_id,
        ms: onset,
        shown: inside(onset, end),
        kind,
        what: (
          <span class={gone ? "withdrawn" : ""}>
            <strong>{event.region ? nameOf(event.region) : networkName(event.asn, lang)}</strong>{" "}
            {word(texts, "event", kind)}
            {" · "}
            {fate(event, texts, event.end_time ? text(end) : "")}
            {!gone && ` · ${lengthText(end - onset, lang)}`}
            {event.end === "EVENT_END_ONGOING" &&
              event.duration !== "EVENT_DURATION_LONG_RUN" &&
              ` · ${fill(texts.eventLasts, { percent: Math.round(100 * event.lasts_probability) })}`}
            {event.amendments.length > 0 && ` · ${fill(texts.amended, { count: event.amendments.length })}`}
          </span>
        ),
      };
    }),
    ...notes.map((note) => {
      const ms = Date.parse(note.time);
      const url = safeUrl(note.url);
      return {
        key: `note ${note.annotation_id}`,
        ms,
        shown: inside(ms, ms),
        kind: "NOTE",
        what: (
          <span>
            {url ? (
              <a href={url} rel="noopener noreferrer nofollow">
                {note.text}
              </a>
            ) : (
              note.text
            )}
            {" · "}
            {texts.note}, {word(texts, "source", note.source.replace("ANNOTATION_SOURCE_", ""))}
          </span>
        ),
      };
    }),
  ]
    .filter(({ shown }) => shown)
    .sort((a, b) => b.ms - a.ms);
  return (
    <div class="happenings">
      <h3>{texts.annotations}</h3>
      {rows.length === 0 && <p class="hint">{texts.noEvents}</p>}
      <ol>
        {rows.map(({ key, ms, kind, what }) => (
          <li key={key} class={`happening-${kind}`}>
            <span class="glyph" aria-hidden="true">
              {{ OPENING: "▲", CLOSING: "▼", NOTE: "✎" }[kind] ?? "•"}
            </span>
            <time dateTime={new Date(ms).toISOString()}>{text(ms)}</time>
            {what}
          </li>
        ))}
      </ol>
    </div>
  );
};
