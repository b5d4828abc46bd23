// requires: chromium
// runtime: node
// timeout: 240
// slow
/** The past on the page in a real browser: a recording with a row every 15 seconds, gone through in jumps. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { buildDashboard, complaintsOf, launchChromium } from "../support/browser.ts";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const ROWS = 1_000;
const ROW_MS = 15_000;
const FROM_MS = Date.UTC(2026, 0, 1);
const JUMPS = 10;

test("ten jumps through rows of 15 seconds: each shows its whole window of samples", async () => {
  buildDashboard();
  const folder = temporaryDirectory();
  const table = join(folder, "slow.csv");
  const recording = join(folder, "recording");
  writeFileSync(table, slowTable());
  const made = await run([
    "up",
    "--feed",
    `file:${table}`,
    "--once",
    "--port",
    "0",
    "--json",
    "--record",
    recording,
  ]);
  assert.is(made.code, 0, made.stderr);
  const replay = start(["replay", recording, "--follow", "--json"]);
  const browser = await launchChromium();
  try {
    const url = String((await replay.line("listening"))["url"]);
    await command(url, { action: "pause" });
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    const complaints = complaintsOf(page);
    await page.goto(url);
    await page.waitForSelector(".channel");
    for (let jump = 0; jump < JUMPS; jump++) {
      // Back and forth, at least as far in as a window is long.
      const row = 300 + ((jump * 370) % (ROWS - 300));
      await command(url, { action: "seek", timeUs: (FROM_MS + row * ROW_MS) * 1000 });
      await fills(page, ".signals canvas");
    }
    assert.equal(complaints, []);
  } finally {
    await browser.close();
    replay.kill("SIGTERM");
    await replay.ended;
  }
});

/** Channels that never stand still. */
function slowTable(): string {
  const channels = Array.from({ length: 32 }, (_, k) => k + 1);
  const lines = [["time", ...channels.map((k) => `c${k}`)].join(",")];
  for (let row = 0; row < ROWS; row++) {
    const values = channels.map((k) => (Math.sin(row * k * 0.7) + (row % (k + 6))).toFixed(3));
    lines.push([new Date(FROM_MS + row * ROW_MS).toISOString(), ...values].join(","));
  }
  return lines.join("\n");
}

async function command(url: string, body: object): Promise<void> {
  const answer = await fetch(new URL("api/replay", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.is(answer.status, 200);
}

/** Resolves when a chart has coloured lines in four of five stripes of its plot. */
async function fills(page: Page, selector: string): Promise<void> {
  await page.waitForFunction(
    (place) => {
      const canvas = document.querySelector<HTMLCanvasElement>(place);
      if (canvas === null || canvas.width === 0) return false;
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {
        willReadFrequently: true,
      });
      if (copy === null) return false;
      copy.drawImage(canvas, 0, 0);
      // Without the axis of values at the right.
      const width = Math.floor(canvas.width * 0.85);
      const { data } = copy.getImageData(0, 0, width, canvas.height);
      const stripes = new Array<boolean>(50).fill(false);
      for (let at = 0; at < data.length; at += 4) {
        const [r, g, b] = [data[at]!, data[at + 1]!, data[at + 2]!];
        if (Math.max(r, g, b) - Math.min(r, g, b) > 60)
          stripes[Math.floor((((at / 4) % width) * 50) / width)] = true;
      }
      return stripes.filter(Boolean).length >= 40;
    },
    selector,
    { polling: 100 },
  );
}

test.run();
