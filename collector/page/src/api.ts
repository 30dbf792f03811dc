// Asks the collector. Every answer also tells its clock, so that a wrong clock of the reader's machine
// does not make news look old.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

let clockSkew = 0;

// Milliseconds by the collector's clock.
export const serverNow = (): number => Date.now() + clockSkew;

const noteClock = (response: Response): void => {
  const told = Date.parse(response.headers.get("Date") ?? "");
  // The header has whole seconds; less than that is no difference.
  if (Number.isFinite(told)) clockSkew = Math.abs(told - Date.now()) < 2000 ? 0 : told - Date.now();
};

const failure = async (response: Response): Promise<ApiError> => {
  try {
    const { code, message } = (await response.json()) as { code?: string; message?: string };
    return new ApiError(response.status, code ?? "UNKNOWN", message ?? response.statusText);
  } catch {
    return new ApiError(response.status, "UNKNOWN", response.statusText || `HTTP ${response.status}`);
  }
};

export interface Answer<T> {
  body: T | null; // null: unchanged
  etag: string | null;
}

// Throws ApiError when the collector says no, TypeError when there is no contact.
export const get = async <T>(path: string, etag: string | null, signal: AbortSignal): Promise<Answer<T>> => {
  const response = await fetch(path, {
    cache: "no-store",
    headers: etag === null ? {} : { "If-None-Match": etag },
    signal,
  });
  noteClock(response);
  if (response.status === 304) return { body: null, etag };
  if (!response.ok) throw await failure(response);
  return { body: (await response.json()) as T, etag: response.headers.get("ETag") };
};

export const query = (path: string, values: Record<string, string>): string =>
  `/api/v1/${path}?${new URLSearchParams(values)}`;
