// The head of the page: where one is, and in which language.
import { serverNow } from "../api";
import { usePage } from "../context";
import { fill, type Lang } from "../i18n/i18n";
import { countryName } from "../places/places";
import { formatRoute } from "../route";
import { windowEnd } from "../sentence/facts";
import { lengthText, spanText } from "../time";
import type { Summary } from "../types";

const LANGS: readonly [Lang, string, string][] = [
  ["en", "English", "EN"],
  ["zh", "中文", "中"],
];

const Languages = () => {
  const { lang, route, texts } = usePage();
  return (
    <nav class="languages" aria-label={texts.language}>
      {LANGS.map(([code, name, short]) => (
        <a
          key={code}
          href={formatRoute({ ...route, lang: code })}
          lang={code === "zh" ? "zh-CN" : "en"}
          hreflang={code === "zh" ? "zh-CN" : "en"}
          aria-label={`${short} ${name}`}
          aria-current={code === lang ? "true" : undefined}
        >
          {short}
        </a>
      ))}
    </nav>
  );
};

const Countries = ({ codes }: { codes: readonly string[] }) => {
  const { country, lang, texts, route } = usePage();
  if (codes.length < 2) return null;
  return (
    <label class="countries">
      <span class="visually-hidden">{texts.country}</span>
      <select
        value={country}
        onChange={(event) => {
          location.hash = formatRoute({ country: event.currentTarget.value, lang: route.lang });
        }}
      >
        {codes.map((code) => (
          <option key={code} value={code}>
            {countryName(code, lang)}
          </option>
        ))}
      </select>
    </label>
  );
};

export const Header = ({ codes }: { codes: readonly string[] }) => {
  const { country, route } = usePage();
  return (
    <header class="top">
      <a class="brand" href={formatRoute({ country, lang: route.lang })}>
        <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
          <path class="brand-line" d="M2 16h10" />
          <circle class="brand-eye" cx="16" cy="16" r="4.4" />
          <path class="brand-wave" d="M22.500 9a10 10 0 0 1 0 14" />
        </svg>
        Sightline
      </a>
      <Countries codes={codes} />
      <Languages />
    </header>
  );
};

// "● Live  Window 6 Apr, 14:00–15:00 UTC, ended 12 minutes ago"
export const Freshness = ({ summary, fresh }: { summary: Summary; fresh: boolean }) => {
  const { texts, lang, shortWindows } = usePage();
  const end = windowEnd(summary);
  const span = spanText(Date.parse(summary.window_start_time), end, shortWindows, lang);
  return (
    <p class="freshness">
      {fresh && (
        <span class="live">
          <span class="live-dot" aria-hidden="true" /> {texts.live}
        </span>
      )}
      <span>{fill(texts.window, { span })}</span>{" "}
      <span class="ago">{fill(texts.ended, { ago: lengthText(serverNow() - end, lang) })}</span>
    </p>
  );
};
