// A collector that is not one: serves the built page and made-up answers, for developing and tests.
//
//     node mock/server.mjs [--port 8787] [--page dist]
//
// GET /mock/mode?is=normal|plan|window|error|cut|slow|strange and GET /mock/open?target=whatsapp&region=CN-GD change what it says;
// GET /mock/clock?hours=5 moves its clock; GET /mock/young?hours=9 leaves it that much of the past;
// GET /mock/reset begins anew.
import { createHash } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { annotations, changesOf, eventsOf, summaryOf, timelineOf } from "./answers.mjs";
import { NOW, REGIONS, TARGETS, World } from "./world.mjs";

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const SLOW_MS = 3000;

class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export class Mock {
  constructor() {
    this.reset();
  }

  reset() {
    this.world = new World();
    this.answers = new Map();
    this.mode = "normal";
    this.started = Date.now();
    this.ahead = 0;
    this.requests = [];
  }

  now() {
    return NOW + (Date.now() - this.started) + this.ahead;
  }

  // An answer that takes long to make up, made once.
  remembered(key, make) {
    if (!this.answers.has(key)) this.answers.set(key, make());
    return this.answers.get(key);
  }

  control(name, query) {
    this.answers.clear();
    if (name === "reset") this.reset();
    if (name === "mode") this.mode = query.get("is");
    if (name === "open") this.world.open(query.get("target"), query.get("region"));
    if (name === "young") this.world.start = this.world.windowEnd - 3_600_000 * Number(query.get("hours"));
    if (name === "clock") this.ahead += 3_600_000 * Number(query.get("hours"));
    return { mode: this.mode };
  }

  api(name, query) {
    if (this.mode === "plan")
      throw new Refusal(503, "UNAVAILABLE", "no plan: publish one with `sightline plan publish`");
    if (this.mode === "error") throw new Refusal(500, "INTERNAL", "the store does not answer");
    if (name === "countries") {
      return { countries: ["CN"] };
    }
    if (name === "targets") {
      return {
        targets: TARGETS.map(({ id, name: display_name, kind }) => ({
          target_id: id,
          display_name,
          kind: `TARGET_KIND_${kind}`,
        })),
        next_page_token: "",
      };
    }
    if (query.get("country") !== "CN")
      throw new Refusal(404, "NOT_FOUND", `country: "${query.get("country")}" is not watched; known: CN`);
    if (this.mode === "window") throw new Refusal(503, "UNAVAILABLE", "the first window is not complete");
    const targets = query.getAll("target_ids");
    switch (name) {
      case "summary":
        if (this.mode === "strange") return { country: "CN", verdicts: null };
        return this.remembered("summary", () => summaryOf(this.world));
      case "timeline":
        return this.remembered(query.toString(), () => timelineOf(this.world, query));
      case "events":
        return { events: eventsOf(this.world, targets), next_page_token: "" };
      case "annotations":
        return { annotations, next_page_token: "" };
      case "changes":
        return changesOf(this.world);
      case "regions": {
        const chinese = (query.get("language_code") ?? "").startsWith("zh");
        return {
          regions: REGIONS.map(({ code, en, zh }) => ({ region: code, display_name: chinese ? zh : en })),
          next_page_token: "",
        };
      }
      default:
        throw new Refusal(404, "NOT_FOUND", `no such path: ${name}`);
    }
  }
}

const sendJson = (request, response, mock, status, value) => {
  const body = JSON.stringify(value);
  const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"`;
  const headers = { Date: new Date(mock.now()).toUTCString(), "Cache-Control": "no-cache", ETag: etag };
  if (status === 200 && request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(status, { ...headers, "Content-Type": "application/json" }).end(body);
};

const sendPage = async (response, folder, path) => {
  const name = normalize(path === "/" ? "/index.html" : path);
  try {
    const body = await readFile(join(folder, name));
    response
      .writeHead(200, {
        "Content-Type": TYPES[extname(name)] ?? "application/octet-stream",
        "Content-Security-Policy": CSP,
      })
      .end(body);
  } catch {
    response.writeHead(404, { "Content-Type": "text/plain" }).end("not found\n");
  }
};

const pause = (milliseconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

const answer = async (mock, folder, request, response) => {
  const url = new URL(request.url, "http://mock");
  mock.requests.push(url.pathname + url.search);
  const [, first, ...rest] = url.pathname.split("/");
  if (first === "mock")
    return sendJson(request, response, mock, 200, mock.control(rest[0], url.searchParams));
  if (first !== "api") return sendPage(response, folder, url.pathname);
  if (mock.mode === "cut") return request.socket.destroy();
  if (mock.mode === "slow") await pause(SLOW_MS);
  try {
    return sendJson(request, response, mock, 200, mock.api(rest[1], url.searchParams));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return sendJson(request, response, mock, error.status, { code: error.code, message: error.message });
  }
};

// Serves the page in `folder` on loopback; port 0 takes a free one.
export const startMock = async (folder, port = 0) => {
  await access(join(folder, "index.html"));
  const mock = new Mock();
  const server = createServer((request, response) => {
    void answer(mock, folder, request, response);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  return { mock, server, url: `http://127.0.0.1:${server.address().port}` };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "8787" }, page: { type: "string" } },
  });
  const folder = values.page ?? join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
  const { url } = await startMock(folder, Number(values.port));
  console.log(url);
}
