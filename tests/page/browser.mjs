// A browser that looks at the dashboard: what the tests and live.mjs share.
//
// Packages come from the folder that SIGHTLINE_NODE_MODULES names (the build tree has them in
// collector/page/work/node_modules), else from collector/page/node_modules.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules =
  process.env.SIGHTLINE_NODE_MODULES ?? join(here, "..", "..", "collector", "page", "node_modules");
const load = createRequire(join(modules, "index.js"));
// The built page; what the mock serves.
export const pageFolder = process.env.SIGHTLINE_PAGE ?? join(modules, "..", "dist");
const { chromium } = load("playwright-core");
const { source: axeSource } = load("axe-core");

// Tags of WCAG 2.2 AA, and what axe calls good practice.
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const launch = () =>
  chromium.launch({
    executablePath: process.env.SIGHTLINE_CHROMIUM ?? "/usr/bin/chromium",
    // Inside a container there is neither a user namespace nor much of /dev/shm.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });

// A page that keeps what went wrong in `page.problems`: errors, refusals of the Content-Security-Policy,
// and requests to other hosts.
export const openPage = async (
  browser,
  url,
  {
    hash = "",
    width = 1440,
    height = 900,
    scheme = "light",
    locale = "en-GB",
    motion = "reduce",
    script = null,
  } = {},
) => {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    locale,
    reducedMotion: motion,
    timezoneId: "America/Los_Angeles",
  });
  const page = await context.newPage();
  if (script) await page.addInitScript(script);
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (/Content.Security.Policy/i.test(message.text())) page.problems.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(new URL(url).origin) && !request.url().startsWith("data:")) {
      page.problems.push(`request to ${request.url()}`);
    }
  });
  await page.goto(new URL(`/${hash}`, url).href, { waitUntil: "load" });
  return page;
};

// The sentences that are on the screen, by target.
export const sentences = (page) =>
  page.$$eval("[data-target]", (cards) =>
    Object.fromEntries(cards.map((card) => [card.dataset.target, card.dataset.sentence])),
  );

// Waits until there are sentences, and the strips below them.
export const waitForSentences = async (page, timeout = 10_000) => {
  await page.waitForSelector("[data-target]", { timeout });
  await page.waitForFunction(() => document.querySelector(".strip-wait, .heat-wait") === null, undefined, {
    timeout,
  });
};

// Waits, without a reload, until the sentence of a target matches. Returns it.
export const waitForSentence = async (page, target, pattern, timeout) => {
  const handle = await page.waitForFunction(
    ([name, source]) => {
      const said = document.querySelector(`[data-target="${name}"]`)?.dataset.sentence ?? "";
      return new RegExp(source).test(said) && said;
    },
    [target, pattern],
    { timeout, polling: 50 },
  );
  return handle.jsonValue();
};

// What axe-core finds against the rules, as lines; empty when nothing.
export const axeViolations = async (page) => {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(
    (tags) => globalThis.axe.run(document, { runOnly: tags }),
    AXE_TAGS,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(" ")}: ${failureSummary}`),
  );
};

// How many pixels the page is wider than the window: 0 when it does not scroll sideways.
export const sidewaysPixels = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

// Keeps a picture of the screen for a person to look at, and fails when something is wrong with it.
export const lookAt = async (page, name) => {
  const folder = process.env.SIGHTLINE_SCREENSHOTS ?? "page-screenshots";
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  assert.equal(await sidewaysPixels(page), 0, "scrolls sideways");
  assert.deepEqual(await axeViolations(page), []);
  assert.deepEqual(page.problems, []);
};
