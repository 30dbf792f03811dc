// What the browser tests of one file stand on: Chromium, and a made-up collector with the page.
import { after, before } from "node:test";
import { startMock } from "../../collector/page/mock/server.mjs";
import { launch, pageFolder } from "./browser.mjs";

// Calls `give(browser, mock)` before the first test, and ends both after the last.
export const onStage = (give) => {
  let browser;
  let mock;
  before(async () => {
    [browser, mock] = await Promise.all([launch(), startMock(pageFolder)]);
    give(browser, mock);
  });
  after(async () => {
    await browser?.close();
    mock?.server.closeAllConnections();
    mock?.server.close();
  });
};
