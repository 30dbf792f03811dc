// What stands in for an answer: no plan yet, no window yet, an error, an unknown place, loading.
import { test } from "node:test";
import { lookAt, openPage } from "./browser.mjs";
import { onStage } from "./stage.mjs";

let browser;
let mock;

onStage((...made) => {
  [browser, mock] = made;
});

const NOTICES = [
  { name: "no-plan", mode: "plan", wait: ".notice" },
  { name: "no-window", mode: "window", wait: ".notice" },
  { name: "error", mode: "error", wait: ".notice" },
  { name: "unknown-country", mode: "normal", hash: "#/ZZ", wait: ".notice" },
  {
    name: "unknown-service",
    mode: "normal",
    hash: "#/CN/nothing",
    wait: ".notice",
  },
  { name: "strange-answer", mode: "strange", wait: ".notice" },
  { name: "loading", mode: "slow", wait: ".skeleton" },
];

for (const [index, { name, mode, hash = "#/CN", wait }] of NOTICES.entries()) {
  test(`${name}: designed and without fault`, async () => {
    mock.mock.control("mode", new URLSearchParams({ is: mode }));
    const scheme = index % 2 === 0 ? "light" : "dark";
    const page = await openPage(browser, mock.url, {
      hash,
      width: 360,
      scheme,
    });
    await page.waitForSelector(wait);
    await lookAt(page, `${name}-360-${scheme}`);
    await page.context().close();
    mock.mock.reset();
  });
}
