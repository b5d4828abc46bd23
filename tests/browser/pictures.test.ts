// requires: chromium
// runtime: node
// slow
/** What the charts draw, against small pictures of the recorded session: lines, scales, colours, cursors, cells. */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { buildDashboard, launchChromium, serveFolder } from "../support/browser.ts";
import { differences, type Picture, takePictures } from "./pictures.ts";

/** Colours of 255 by which fonts and the smoothing of edges may change the mean of a cell. */
const COLOURS_MOST = 10;
/** Cells of 640 that may differ by more: a label that another font makes wider. */
const CELLS_MOST = 6;

test("charts show the recorded session as in the pictures, in both colours and with their cursors", async () => {
  const expected = JSON.parse(readFileSync(new URL("pictures.json", import.meta.url), "utf8")) as Record<
    string,
    Picture
  >;
  const server = await serveFolder(buildDashboard());
  const browser = await launchChromium();
  try {
    const found = await takePictures(browser, server.url);
    assert.equal(Object.keys(found), Object.keys(expected));
    const wrong = Object.entries(found).flatMap(([name, picture]) => {
      const places = differences(picture, expected[name]!, COLOURS_MOST);
      return places.length > CELLS_MOST ? [`${name}: ${places.length} cells differ; ${places[0]}`] : [];
    });
    assert.equal(wrong, []);
  } finally {
    await browser.close();
    await server.close();
  }
});

test.run();
