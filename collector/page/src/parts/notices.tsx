// What stands in for an answer: loading, nothing yet, failed; and banners over an old answer.
import type { ComponentChildren } from "preact";
import { ApiError, serverNow } from "../api";
import { usePage } from "../context";
import type { Feed } from "../feed";
import { countryName } from "../places/places";
import { fill } from "../i18n/i18n";
import { isStale } from "../aggregate";
import { windowEnd } from "../sentence/facts";
import { lengthText, momentText } from "../time";
import { seconds, type Countries, type Summary } from "../types";

export const Skeleton = () => {
  const { texts, country, lang } = usePage();
  return (
    <>
      <div class="title">
        <h1>{country ? fill(texts.question, { country: countryName(country, lang) }) : "Sightline"}</h1>
      </div>
      <div class="skeleton" role="status">
        <p class="visually-hidden">{texts.loading}</p>
        {Array.from({ length: 6 }, (_, index) => (
          <div class="card ghost" key={index} aria-hidden="true">
            <span class="ghost-line wide" />
            <span class="ghost-line" />
            <span class="ghost-strip" />
          </div>
        ))}
      </div>
    </>
  );
};

interface NoticeProps {
  title: string;
  text?: string;
  children?: ComponentChildren;
  detail?: string;
  onRetry?: () => void;
}

export const Notice = ({ title, text, detail, onRetry, children }: NoticeProps) => {
  const { texts } = usePage();
  return (
    <section class="notice" role="status">
      <svg class="notice-art" viewBox="0 0 120 36" aria-hidden="true" focusable="false">
        {Array.from({ length: 12 }, (_, index) => (
          <rect
            key={index}
            x={index * 10 + 1}
            y={26 - ((index * 7) % 19)}
            width="8"
            height={8 + ((index * 7) % 19)}
            rx="1.5"
            fill="url(#p-UNKNOWN)"
          />
        ))}
      </svg>
      <h1>{title}</h1>
      {text && <p>{text}</p>}
      {children && <p>{children}</p>}
      {detail && (
        <p class="hint" lang="en">
          {detail}
        </p>
      )}
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          {texts.retry}
        </button>
      )}
    </section>
  );
};

interface NoAnswerProps {
  error: Error;
  countries: Countries | null;
  onRetry: () => void;
}

// Why there is no first answer.
export const NoAnswer = ({ error, countries, onRetry }: NoAnswerProps) => {
  const { texts, country, lang } = usePage();
  if (error instanceof ApiError && error.status === 503) {
    const text = countries ? texts.emptyWindow : texts.emptyPlan;
    return <Notice title={texts.emptyTitle} text={text} detail={error.message} />;
  }
  if (error instanceof ApiError && error.status === 404 && countries) {
    const known = countries.countries
      .map((code) => countryName(code, lang))
      .join(lang === "zh" ? "、" : ", ");
    return (
      <Notice
        title={fill(texts.unknownCountry, { country: countryName(country, lang) })}
        text={fill(texts.unknownCountryText, { countries: known })}
      />
    );
  }
  return <Notice title={texts.errorTitle} text={texts.errorText} detail={error.message} onRetry={onRetry} />;
};

// Says since when what is shown may not hold any more.
export const Banner = ({ feed, summary }: { feed: Feed; summary: Summary }) => {
  const { texts, lang, shortWindows } = usePage();
  const now = serverNow();
  if (feed.lost && feed.contact !== null) {
    const since = momentText(feed.contact, shortWindows, lang);
    return (
      <p class="banner" role="status">
        {fill(texts.stalePoll, { since })}
      </p>
    );
  }
  const end = windowEnd(summary);
  if (isStale(end, 1000 * seconds(summary.window_length), now)) {
    const since = momentText(end, shortWindows, lang);
    return (
      <p class="banner" role="status">
        {fill(texts.staleData, { since, ago: lengthText(now - end, lang) })}
      </p>
    );
  }
  return null;
};
