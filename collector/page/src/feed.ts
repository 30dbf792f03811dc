// The newest verdicts of a country, asked for again and again. This is what makes the page live.
import { useLayoutEffect, useState } from "preact/hooks";
import { ApiError, get, query, serverNow } from "./api";
import type { Summary } from "./types";

export interface Feed {
  summary: Summary | null;
  version: number; // grows whenever the summary is another
  error: ApiError | Error | null; // of the newest attempt
  contact: number | null; // ms by the collector's clock: the newest answer
  lost: boolean; // several attempts in a row came to nothing
}

const POLL_MS = 2000;
const HIDDEN_POLL_MS = 30_000;
const SLOWEST_MS = 10_000;
const LOST_AFTER = 2;
const ATTEMPT_MS = 8000;

const EMPTY: Feed = { summary: null, version: 0, error: null, contact: null, lost: false };

const RETRY_MS = 5000;

// Ends with `other`, or after a time.
const aborted = (milliseconds: number, other: AbortSignal): AbortSignal => {
  const both = new AbortController();
  const timer = setTimeout(() => both.abort(), milliseconds);
  other.addEventListener(
    "abort",
    () => {
      clearTimeout(timer);
      both.abort();
    },
    { once: true },
  );
  return both.signal;
};

export const useFeed = (country: string | null, attempt: number): Feed => {
  const [feed, setFeed] = useState<Feed>(EMPTY);
  // Not after the first picture is drawn: the question is what the picture waits for.
  useLayoutEffect(() => {
    setFeed(EMPTY);
    if (country === null) return undefined;
    const stop = new AbortController();
    let etag: string | null = null;
    let failures = 0;
    let timer = 0;
    const poll = async (): Promise<void> => {
      clearTimeout(timer);
      try {
        const answer = await get<Summary>(
          query("summary", { country }),
          etag,
          aborted(ATTEMPT_MS, stop.signal),
        );
        etag = answer.etag;
        failures = 0;
        setFeed((old) => ({
          summary: answer.body ?? old.summary,
          version: answer.body ? old.version + 1 : old.version,
          error: null,
          contact: serverNow(),
          lost: false,
        }));
      } catch (error) {
        if (stop.signal.aborted) return;
        failures += 1;
        setFeed((old) => ({ ...old, error: error as Error, lost: failures >= LOST_AFTER }));
      }
      const pause = document.hidden ? HIDDEN_POLL_MS : Math.min(SLOWEST_MS, POLL_MS * Math.max(1, failures));
      timer = window.setTimeout(poll, pause);
    };
    const wake = (): void => {
      if (!document.hidden) void poll();
    };
    void poll();
    document.addEventListener("visibilitychange", wake);
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [country, attempt]);
  return feed;
};

export interface Loaded<T> {
  data: T | null; // of the newest answer; stays while the next is asked for
  error: Error | null;
}

// One answer, asked for again when `path` or `version` is another, and after a failure. Null asks for
// nothing.
export const useAnswer = <T>(path: string | null, version: number): Loaded<T> => {
  const [loaded, setLoaded] = useState<Loaded<T> & { path: string | null }>({
    path: null,
    data: null,
    error: null,
  });
  const [retry, setRetry] = useState(0);
  useLayoutEffect(() => {
    if (path === null) return undefined;
    let timer = 0;
    const stop = new AbortController();
    get<T>(path, null, aborted(2 * ATTEMPT_MS, stop.signal)).then(
      (answer) => setLoaded({ path, data: answer.body, error: null }),
      (error: Error) => {
        if (stop.signal.aborted) return;
        setLoaded((old) => ({ path, data: old.data, error }));
        timer = window.setTimeout(() => setRetry((old) => old + 1), RETRY_MS);
      },
    );
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, version, retry]);
  return loaded;
};
