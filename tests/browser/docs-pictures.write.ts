/**
 * Takes the pictures of docs/page: a session of 35 minutes and 33 channels, opened by a new browser on a wide screen, a tablet and a phone.
 *
 *     node --import tsx tests/browser/docs-pictures.write.ts [NAME URL]
 *
 * NAME: what the files are called by, default `now`. URL: a program that serves that session, such as an earlier one; default: this one.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { ROOT } from "../../.ci/runtime.mjs";
import { buildDashboard, launchChromium, painted } from "../support/browser.ts";
import { start } from "../support/program-run.ts";

const FEED = "synth:server-metrics?channels=33&rate=10&strength=2&seed=5&duration=2100s&speed=max";
const SCREENS = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
] as const;
/** Everything that came with the page is drawn. */
const REST_MS = 8_000;

const [name = "now", other] = process.argv.slice(2);
const folder = join(ROOT, "docs/page");
mkdirSync(folder, { recursive: true });
const program = other === undefined ? start(["up", "--feed", FEED, "--port", "0", "--json"]) : null;
if (program !== null) buildDashboard();
const url = other ?? String((await program!.line("listening"))["url"]);
await program?.line("event", ({ kind }) => kind === "feed.ended");
const browser = await launchChromium();
for (const viewport of SCREENS) {
  const page = await (await browser.newContext({ viewport, colorScheme: "dark" })).newPage();
  await page.goto(url);
  await page.waitForSelector(".channel");
  await painted(page, ".signals canvas", 20);
  await page.waitForTimeout(REST_MS);
  const picture = await smaller(page, await page.screenshot());
  writeFileSync(join(folder, `${name}-${viewport.width}.png`), picture);
}
await browser.close();
program?.kill("SIGTERM");

/** With sixteen steps of each colour a picture has half as many bytes. */
async function smaller(page: Page, png: Uint8Array): Promise<Uint8Array> {
  const blank = await page.context().newPage();
  const url = await blank.evaluate(
    async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), {
        width: image.width,
        height: image.height,
      });
      const context = canvas.getContext("2d")!;
      context.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
      for (let at = 0; at < pixels.data.length; at++)
        pixels.data[at] = Math.round(pixels.data[at]! / 17) * 17;
      context.putImageData(pixels, 0, 0);
      return canvas.toDataURL();
    },
    `data:image/png;base64,${Buffer.from(png).toString("base64")}`,
  );
  return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
}
