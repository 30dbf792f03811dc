// What the page does: fast, live, by keyboard, honest about age, and the same under its address.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { afterEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPage, sentences, waitForSentence, waitForSentences } from "./browser.mjs";
import { onStage } from "./stage.mjs";

const INTERACTIVE_MS_MAX = 1000;
const LIVE_MS_MAX = 5000; // what issue 6 allows from the verdict to the screen

let browser;
let mock;
let page;

onStage((...made) => {
  [browser, mock] = made;
});
afterEach(async () => {
  mock.mock.reset();
  await page?.context().close();
  page = null;
});

const control = (name, values) => mock.mock.control(name, new URLSearchParams(values));
const text = (selector) => page.locator(selector).first().innerText();
// What is drawn follows a key within a frame or two.
const focusedBecomes = (attribute, value) =>
  page.waitForFunction(
    ([name, wanted]) => document.activeElement?.getAttribute(name) === wanted,
    [attribute, String(value)],
    { timeout: 2000 },
  );
const focused = (attribute) => page.evaluate((name) => document.activeElement?.getAttribute(name), attribute);

test("the first sentence is that of the two cities", async () => {
  page = await openPage(browser, mock.url, { hash: "#/CN" });
  await waitForSentences(page);
  const said = await sentences(page);
  assert.deepEqual(Object.keys(said).sort(), [
    "instagram",
    "line",
    "signal",
    "telegram",
    "threema",
    "whatsapp",
  ]);
  assert.equal(Object.keys(said)[0], "whatsapp");
  assert.equal(
    said.whatsapp,
    "WhatsApp: open in Beijing and Shanghai only, as far as is known, since 6 April (16 days), for about 60% of users",
  );
  assert.equal(said.signal, "Signal: blocked in 28 of 31 regions");
  assert.equal(said.line, "LINE: out of order itself, so nothing can be said about blocking");
  assert.equal(await text('[data-target="whatsapp"] .sentence a'), said.whatsapp);
});

// Runs in the page before anything else: when is the last of the six strips drawn?
const noteDrawn = () => {
  const observer = new MutationObserver(() => {
    if (document.querySelectorAll(".card .strip").length < 6) return;
    observer.disconnect();
    requestAnimationFrame(() => {
      globalThis.drawnAt = performance.now();
    });
  });
  observer.observe(document, { childList: true, subtree: true });
};

test("31 regions x 30 days x 6 services answer the keyboard within a second", async () => {
  // The mock makes its answers up when they are asked for first; a collector has them ready.
  page = await openPage(browser, mock.url, { hash: "#/CN" });
  await waitForSentences(page);
  await page.context().close();
  const times = [];
  for (let round = 0; round < 3; round += 1) {
    page = await openPage(browser, mock.url, {
      hash: "#/CN",
      script: noteDrawn,
    });
    await page.waitForFunction(() => globalThis.drawnAt !== undefined);
    // By the browser's own clock: from the start of the navigation until every strip is there, and
    // from a key until it has moved something.
    times.push(
      await page.evaluate(async () => {
        const begin = performance.now();
        const strip = document.querySelector(".card .strip");
        strip.focus();
        strip.dispatchEvent(
          new KeyboardEvent("keydown", {
            key: "Home",
            bubbles: true,
            cancelable: true,
          }),
        );
        while (strip.getAttribute("aria-valuenow") !== "1") await new Promise(requestAnimationFrame);
        return globalThis.drawnAt + (performance.now() - begin);
      }),
    );
    await page.context().close();
  }
  page = null;
  console.log(`interactive after ${times.map(Math.round).join(", ")} ms`);
  // The best of three: what else the machine does at the time is not the page's doing.
  assert.ok(Math.min(...times) < INTERACTIVE_MS_MAX, `${times} ms`);
});

test("a city that opens changes the sentence, the map and what is announced, without a reload", async () => {
  page = await openPage(browser, mock.url, { hash: "#/CN" });
  await waitForSentences(page);
  await page.evaluate(() => {
    globalThis.stillHere = true;
  });
  control("open", { target: "signal", region: "CN-GD" });
  const sentence = await waitForSentence(page, "signal", "Guangdong", LIVE_MS_MAX);
  assert.equal(
    sentence,
    "Signal: open in Guangdong only, as far as is known, since 14:00 UTC (1 hour), for about 70% of users",
  );
  assert.equal(await page.evaluate(() => globalThis.stillHere), true);
  assert.match(await text('[aria-live="polite"]'), /^Changed just now: Signal: open in Guangdong/);
  assert.match(await text('[data-target="signal"] .counts'), /1 open for some/);
});

test("nothing changed means 304, and the page keeps still", async () => {
  page = await openPage(browser, mock.url, { hash: "#/CN" });
  await waitForSentences(page);
  const answered = page.waitForResponse(
    (response) => response.url().includes("/summary") && response.status() === 304,
    { timeout: LIVE_MS_MAX },
  );
  await answered;
  const timelines = mock.mock.requests.filter((path) => path.includes("timeline")).length;
  await page.waitForResponse((response) => response.url().includes("/summary") && response.status() === 304);
  assert.equal(mock.mock.requests.filter((path) => path.includes("timeline")).length, timelines);
});

test("the arrow keys walk along time and between regions, with one Tab stop", async () => {
  page = await openPage(browser, mock.url, { hash: "#/CN/whatsapp" });
  await waitForSentences(page);
  assert.equal(await page.locator('.heat [tabindex="0"]').count(), 1);
  await page.locator('.heat [role="slider"][tabindex="0"]').focus();
  assert.equal(await focused("aria-label"), "Beijing, history");
  const last = Number(await focused("aria-valuenow"));
  assert.match(await focused("aria-valuetext"), /^22 Apr, .* · open for some · for about 6\d%$/);
  await page.keyboard.press("ArrowLeft");
  await focusedBecomes("aria-valuenow", last - 1);
  await page.keyboard.press("ArrowDown");
  await focusedBecomes("aria-label", "Shanghai, history");
  await page.keyboard.press("ArrowDown");
  await focusedBecomes("aria-label", "Guangdong, history");
  await focusedBecomes("aria-valuenow", last - 1);
  assert.match(await focused("aria-valuetext"), / · blocked$/);
  assert.match(await text(".heat-read"), /^Guangdong /);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.hash.includes("region=CN-GD"));
  assert.match(await text(".region h2"), /^Guangdong/);
  await page.keyboard.press("Home");
  await focusedBecomes("aria-valuenow", 1);
  assert.equal(await page.locator('.heat [tabindex="0"]').count(), 1);
});

test("the map is walked by arrows and chosen from by Enter", async () => {
  page = await openPage(browser, mock.url, {
    hash: "#/CN/whatsapp?region=CN-BJ",
  });
  await waitForSentences(page);
  assert.equal(await page.locator('.tilemap [tabindex="0"]').count(), 1);
  await page.locator('.tilemap [tabindex="0"]').focus();
  await page.keyboard.press("ArrowRight");
  await focusedBecomes("aria-label", "TJ Tianjin: blocked");
  await page.keyboard.press("ArrowDown");
  await focusedBecomes("aria-label", "SD Shandong: blocked");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.hash.includes("region=CN-SD"));
  assert.match(await text(".region"), /^Shandong/);
});

test("the skip link leads to the content, and focus is visible", async () => {
  page = await openPage(browser, mock.url, { hash: "#/CN" });
  await waitForSentences(page);
  await page.keyboard.press("Tab");
  assert.equal(await text(":focus"), "Skip to the content");
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none");
  await page.keyboard.press("Enter");
  assert.equal(await focused("id"), "content");
  assert.equal(await page.evaluate(() => location.hash), "#/CN");
});

test("an old window is said to be old by the collector's clock, not the reader's", async () => {
  // The browser's own clock is years away from the collector's all the time.
  page = await openPage(browser, mock.url, { hash: "#/CN" });
  await waitForSentences(page);
  assert.equal(await page.locator(".banner").count(), 0);
  assert.equal(await text(".live"), "Live");
  control("clock", { hours: 5 });
  await page.reload();
  await page.waitForSelector(".banner");
  assert.match(await text(".banner"), /^No new window since 22 Apr, 15:00 UTC \(5 hours ago\)/);
  assert.equal(await page.locator(".live").count(), 0);
});

test("a cut line keeps what was known and says since when; it heals by itself", async () => {
  page = await openPage(browser, mock.url, { hash: "#/CN" });
  await waitForSentences(page);
  control("mode", { is: "cut" });
  await page.waitForSelector(".banner", { timeout: 15_000 });
  assert.match(await text(".banner"), /^No contact with the collector since 22 Apr, 15:2\d UTC/);
  assert.match((await sentences(page)).whatsapp, /Beijing and Shanghai/);
  control("mode", { is: "normal" });
  await page.waitForSelector(".banner", { state: "detached", timeout: 15_000 });
});

test("no plan, then no window, then verdicts: the page fills by itself", async () => {
  control("mode", { is: "plan" });
  page = await openPage(browser, mock.url, {});
  await page.waitForSelector(".notice");
  assert.match(await text(".notice"), /has no plan/);
  control("mode", { is: "window" });
  await page.waitForFunction(
    () => /first window is not over/.test(document.querySelector(".notice")?.innerText ?? ""),
    undefined,
    { timeout: 12_000 },
  );
  control("mode", { is: "normal" });
  await waitForSentences(page, 12_000);
});

test("the address holds region, time and language", async () => {
  page = await openPage(browser, mock.url, {
    hash: "#/CN/whatsapp?region=CN-SH&from=2024-04-01T00:00:00Z&to=2024-04-08T00:00:00Z&lang=zh",
  });
  await waitForSentences(page);
  assert.match(await text(".region h2"), /^上海/);
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-CN");
  const asked = mock.mock.requests.findLast((path) => path.includes("target_id=whatsapp"));
  assert.match(
    decodeURIComponent(asked),
    /start_time=2024-04-01T00:00:00.000Z&end_time=2024-04-08T00:00:00.000Z&step=3600s/,
  );
  await page.click('.languages a[hreflang="en"]');
  await page.waitForFunction(() => location.hash.endsWith("lang=en"));
  assert.match(await text(".region h2"), /^Shanghai/);
  assert.match(
    await page.evaluate(() => location.hash),
    /region=CN-SH&from=2024-04-01T00:00:00Z&to=2024-04-08T00:00:00Z/,
  );
});

test("a young collector's history fills the strips instead of their last sliver", async () => {
  control("young", { hours: 9 });
  page = await openPage(browser, mock.url, { hash: "#/CN/whatsapp" });
  await waitForSentences(page);
  assert.equal(await text('.ranges [aria-current="true"]'), "last 24 hours");
  assert.equal(await page.locator('.heat [role="slider"]').first().getAttribute("aria-valuemax"), "24");
  await page.click(".ranges a:has-text('last 30 days')");
  await page.waitForFunction(() => location.hash.includes("windows=720"));
  await page.waitForFunction(() => document.querySelector(".heat [role=slider]").ariaValueMax === "181");
});

test("the browser's language is taken when the address names none", async () => {
  page = await openPage(browser, mock.url, { hash: "#/CN", locale: "zh-CN" });
  await waitForSentences(page);
  assert.equal(
    (await sentences(page)).whatsapp,
    "WhatsApp：就目前所知，仅在北京和上海可用，自4月6日起（16天），约60%的用户",
  );
  assert.equal(await page.locator('link[rel="alternate"]').getAttribute("href"), "/feed/CN.atom");
});

test("live.mjs prints what a collector's page says, and waits for a sentence", async () => {
  const script = join(dirname(fileURLToPath(import.meta.url)), "live.mjs");
  const lines = [];
  const status = await new Promise((resolve) => {
    const child = execFile(process.execPath, [
      script,
      mock.url,
      "--wait",
      "signal=Guangdong",
      "--timeout",
      "20",
    ]);
    child.on("close", resolve);
    child.stdout.on("data", (line) => {
      lines.push(JSON.parse(line));
      if (lines.length === 1) control("open", { target: "signal", region: "CN-GD" });
    });
  });
  assert.equal(status, 0);
  assert.deepEqual(lines[0].problems, []);
  assert.equal(lines[0].sentences.signal, "Signal: blocked in 28 of 31 regions");
  assert.match(lines[1].sentence, /^Signal: open in Guangdong/);
  assert.ok(lines[1].waited_ms < LIVE_MS_MAX, `${lines[1].waited_ms} ms`);
});
