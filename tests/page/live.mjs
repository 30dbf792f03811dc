// Looks at the dashboard of a running collector and prints what it says, a JSON line at a time.
//
//     node tests/page/live.mjs URL [--country CN] [--lang en] [--wait TARGET=PATTERN] [--timeout 60]
//                                  [--axe] [--screenshots FOLDER]
//
// First line: {"sentences": {...}, "problems": [...]}; problems are errors of the page, what the browser
// refused, requests to other hosts, sideways scrolling at 360 pixels and, with --axe, what axe-core finds
// on the first screen and on that of every service, in light and dark.
// With --wait a second line when the sentence of TARGET matches the regular expression PATTERN, without
// a reload: {"sentence": "...", "waited_ms": 1234}. Exit status 1: problems, or not in time.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  axeViolations,
  launch,
  openPage,
  sentences,
  sidewaysPixels,
  waitForSentence,
  waitForSentences,
} from "./browser.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    country: { type: "string", default: "CN" },
    lang: { type: "string", default: "en" },
    wait: { type: "string" },
    timeout: { type: "string", default: "60" },
    axe: { type: "boolean", default: false },
    screenshots: { type: "string" },
  },
});
const [url] = positionals;
if (url === undefined) {
  console.error(
    "usage: node live.mjs URL [--country CN] [--lang en] [--wait TARGET=PATTERN] [--timeout 60] [--axe] [--screenshots FOLDER]",
  );
  process.exit(2);
}
const timeout = 1000 * Number(values.timeout);
const hashOf = (target) => `#/${values.country}${target ? `/${target}` : ""}?lang=${values.lang}`;

// Looks at one screen in one size and mode; returns what is wrong with it.
const inspect = async (browser, target, scheme, width) => {
  const page = await openPage(browser, url, {
    hash: hashOf(target),
    width,
    height: width < 600 ? 740 : 900,
    scheme,
  });
  await waitForSentences(page, timeout);
  const found = [...page.problems];
  if ((await sidewaysPixels(page)) > 0) found.push("scrolls sideways");
  if (values.axe) found.push(...(await axeViolations(page)));
  if (values.screenshots) {
    await page.screenshot({
      path: join(values.screenshots, `${target || "first"}-${width}-${scheme}.png`),
      fullPage: true,
    });
  }
  await page.context().close();
  return found.map((problem) => `${target || "first screen"}, ${scheme}, ${width} px: ${problem}`);
};

const browser = await launch();
try {
  const page = await openPage(browser, url, { hash: hashOf("") });
  await waitForSentences(page, timeout);
  const said = await sentences(page);
  const problems = [...page.problems];
  if (values.screenshots) mkdirSync(values.screenshots, { recursive: true });
  if (values.axe || values.screenshots) {
    for (const target of ["", ...Object.keys(said)]) {
      problems.push(
        ...(await inspect(browser, target, "light", 1440)),
        ...(await inspect(browser, target, "dark", 360)),
      );
    }
  }
  console.log(JSON.stringify({ sentences: said, problems }));
  if (problems.length > 0) process.exitCode = 1;
  if (values.wait) {
    const [target, ...pattern] = values.wait.split("=");
    const begin = Date.now();
    const sentence = await waitForSentence(page, target, pattern.join("="), timeout);
    console.log(JSON.stringify({ sentence, waited_ms: Date.now() - begin }));
  }
} catch (error) {
  console.error(`live.mjs: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
