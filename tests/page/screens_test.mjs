// Every screen in light and dark, at 360 and 1440 pixels: axe-core finds nothing, nothing scrolls
// sideways, nothing comes from elsewhere; a picture of each is kept for a person to look at.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { startMock } from "../../collector/page/mock/server.mjs";
import { axeViolations, launch, openPage, pageFolder, sidewaysPixels, waitForSentences } from "./browser.mjs";

const pictures = process.env.SIGHTLINE_SCREENSHOTS ?? "page-screenshots";
const FIRST_LOAD_BYTES_MAX = 100 * 1024;

let browser;
let mock;

before(async () => {
  mkdirSync(pictures, { recursive: true });
  [browser, mock] = await Promise.all([launch(), startMock(pageFolder)]);
});
after(async () => {
  await browser?.close();
  mock?.server.closeAllConnections();
  mock?.server.close();
});

const EVERY = [360, 1440].flatMap((width) => ["light", "dark"].map((scheme) => [width, scheme]));
const SCREENS = [
  { name: "first", hash: "#/CN", looks: EVERY },
  { name: "whatsapp", hash: "#/CN/whatsapp", looks: EVERY },
  { name: "first-zh", hash: "#/CN?lang=zh", looks: [[360, "light"]] },
  { name: "whatsapp-zh", hash: "#/CN/whatsapp?lang=zh&region=CN-XJ", looks: [[360, "dark"]] },
  { name: "line", hash: "#/CN/line", looks: [[360, "light"]] },
];
const NOTICES = [
  { name: "no-plan", mode: "plan", wait: ".notice" },
  { name: "no-window", mode: "window", wait: ".notice" },
  { name: "error", mode: "error", wait: ".notice" },
  { name: "unknown-country", mode: "normal", hash: "#/ZZ", wait: ".notice" },
  { name: "unknown-service", mode: "normal", hash: "#/CN/nothing", wait: ".notice" },
  { name: "loading", mode: "slow", wait: ".skeleton" },
];

const inspect = async (page, name) => {
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  assert.equal(await sidewaysPixels(page), 0, "scrolls sideways");
  assert.deepEqual(await axeViolations(page), []);
  assert.deepEqual(page.problems, []);
};

for (const { name, hash, looks } of SCREENS) {
  for (const [width, scheme] of looks) {
    test(`${name} at ${width} px, ${scheme}`, async () => {
      const page = await openPage(browser, mock.url, { hash, width, scheme });
      await waitForSentences(page);
      if (name.startsWith("whatsapp")) await page.waitForSelector(".chart canvas");
      await inspect(page, `${name}-${width}-${scheme}`);
      await page.context().close();
    });
  }
}

for (const { name, mode, hash = "#/CN", wait } of NOTICES) {
  test(`${name}: designed and without fault`, async () => {
    mock.mock.control("mode", new URLSearchParams({ is: mode }));
    const scheme = name.length % 2 === 0 ? "light" : "dark";
    const page = await openPage(browser, mock.url, { hash, width: 360, scheme });
    await page.waitForSelector(wait);
    await inspect(page, `${name}-360-${scheme}`);
    await page.context().close();
    mock.mock.reset();
  });
}

test("the first load is at most 100 KB packed, the chart's part included", async () => {
  const page = await openPage(browser, mock.url, { hash: "#/CN/whatsapp" });
  const loaded = new Set(["/index.html"]);
  await page.waitForSelector(".chart canvas");
  for (const url of await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name))) {
    const { pathname } = new URL(url);
    if (!pathname.startsWith("/api/")) loaded.add(pathname);
  }
  assert.ok([...loaded].some((path) => path.endsWith(".js")) && [...loaded].some((path) => path.endsWith(".css")));
  const sizes = [...loaded].map((path) => [path, gzipSync(readFileSync(join(pageFolder, path)), { level: 9 }).length]);
  const sum = sizes.reduce((all, [, size]) => all + size, 0);
  console.log(`first load: ${sum} bytes packed`, Object.fromEntries(sizes));
  assert.ok(sum <= FIRST_LOAD_BYTES_MAX, `${sum} bytes`);
  await page.context().close();
});
