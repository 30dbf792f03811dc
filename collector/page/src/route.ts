// The address: #/CN/whatsapp?region=CN-BJ&from=...&to=...&lang=zh. Pure.
export interface Route {
  country: string | null;
  target: string | null;
  region: string | null;
  from: number | null; // ms; with `to`: this part of the history
  to: number | null;
  windows: number | null; // so many of the newest windows
  lang: string | null;
}

const moment = (text: string | null): number | null => {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isFinite(ms) ? ms : null;
};

const decoded = (text: string | undefined): string | null => {
  if (!text) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
};

export const parseRoute = (hash: string): Route => {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const [country, target] = path.split("/");
  const values = new URLSearchParams(query);
  const from = moment(values.get("from"));
  const to = moment(values.get("to"));
  const ordered = from !== null && to !== null && from < to;
  const windows = Number(values.get("windows"));
  return {
    country: decoded(country)?.toUpperCase() ?? null,
    target: decoded(target),
    region: values.get("region"),
    from: ordered ? from : null,
    to: ordered ? to : null,
    windows: Number.isInteger(windows) && windows > 0 && windows <= 10_000 ? windows : null,
    lang: values.get("lang"),
  };
};

const iso = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");

export const formatRoute = (route: Partial<Route>): string => {
  const values = new URLSearchParams();
  if (route.region) values.set("region", route.region);
  if (route.from != null && route.to != null) {
    values.set("from", iso(route.from));
    values.set("to", iso(route.to));
  }
  if (route.windows) values.set("windows", String(route.windows));
  if (route.lang) values.set("lang", route.lang);
  const path = [route.country, route.target]
    .filter((part) => part != null)
    .map((part) => encodeURIComponent(part!));
  // Colons are allowed behind the '#', and times stay readable.
  const query = values.toString().replaceAll("%3A", ":");
  return `#/${path.join("/")}${query ? `?${query}` : ""}`;
};
