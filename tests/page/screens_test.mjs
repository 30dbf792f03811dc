// Every screen in light and dark, at 360 and 1440 pixels: axe-core finds nothing, nothing scrolls
// sideways, nothing comes from elsewhere; a picture of each is kept for a person to look at.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { lookAt, openPage, pageFolder, waitForSentences } from "./browser.mjs";
import { onStage } from "./stage.mjs";

const FIRST_LOAD_BYTES_MAX = 100 * 1024;

let browser;
let mock;

onStage((...made) => {
  [browser, mock] = made;
});

const EVERY = [360, 1440].flatMap((width) => ["light", "dark"].map((scheme) => [width, scheme]));
const SCREENS = [
  { name: "first", hash: "#/CN", looks: EVERY },
  { name: "whatsapp", hash: "#/CN/whatsapp", looks: EVERY },
  { name: "first-zh", hash: "#/CN?lang=zh", looks: [[360, "light"]] },
  {
    name: "whatsapp-zh",
    hash: "#/CN/whatsapp?lang=zh&region=CN-XJ",
    looks: [[360, "dark"]],
  },
  { name: "line", hash: "#/CN/line", looks: [[360, "light"]] },
];
for (const { name, hash, looks } of SCREENS) {
  for (const [width, scheme] of looks) {
    test(`${name} at ${width} px, ${scheme}`, async () => {
      const page = await openPage(browser, mock.url, { hash, width, scheme });
      await waitForSentences(page);
      if (name.startsWith("whatsapp")) await page.waitForSelector(".chart canvas");
      await lookAt(page, `${name}-${width}-${scheme}`);
      await page.context().close();
    });
  }
}

test("the first load is at most 100 KB packed, the chart's part included", async () => {
  const page = await openPage(browser, mock.url, { hash: "#/CN/whatsapp" });
  const loaded = new Set(["/index.html"]);
  await page.waitForSelector(".chart canvas");
  for (const url of await page.evaluate(() =>
    performance.getEntriesByType("resource").map(({ name }) => name),
  )) {
    const { pathname } = new URL(url);
    if (!pathname.startsWith("/api/")) loaded.add(pathname);
  }
  assert.ok(
    [...loaded].some((path) => path.endsWith(".js")) && [...loaded].some((path) => path.endsWith(".css")),
  );
  const sizes = [...loaded].map((path) => [
    path,
    gzipSync(readFileSync(join(pageFolder, path)), { level: 9 }).length,
  ]);
  const sum = sizes.reduce((all, [, size]) => all + size, 0);
  console.log(`first load: ${sum} bytes packed`, Object.fromEntries(sizes));
  assert.ok(sum <= FIRST_LOAD_BYTES_MAX, `${sum} bytes`);
  await page.context().close();
});
