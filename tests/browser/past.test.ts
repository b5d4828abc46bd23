// requires: chromium
// runtime: node
// timeout: 240
// slow
/** The past on the page in a real browser: a recording with a row every 15 seconds, gone through in jumps, and as traders and physicists look at it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { buildDashboard, complaintsOf, faultsOf, launchChromium, painted } from "../support/browser.ts";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const ROWS = 1_000;
const ROW_MS = 15_000;
const FROM_MS = Date.UTC(2026, 0, 1);
const JUMPS = 10;

/** As text: a TypeScript loader may rewrite functions. */
const lastOfMenuIsInFront = `(() => {
  const last = document.querySelector(".chart-menu [role=combobox], .chart-menu input[list]");
  const { left, bottom } = last.getBoundingClientRect();
  return document.elementFromPoint(left + 8, bottom - 4) === last;
})()`;

/** One replay and one browser for the whole file. */
const shared = {
  url: "",
  close: async () => {},
  open: async (_query = "") => ({}) as Page,
  complaints: [] as string[],
};

test.before(async () => {
  buildDashboard();
  const folder = temporaryDirectory();
  const recording = join(folder, "recording");
  writeFileSync(join(folder, "slow.csv"), slowTable());
  writeFileSync(join(folder, "bars.csv"), bars());
  writeFileSync(join(folder, "qubit.ndjson"), qubit());
  const feeds = ["slow.csv", "bars.csv", "qubit.ndjson"].flatMap((name) => [
    "--feed",
    `file:${join(folder, name)}`,
  ]);
  const made = await run(["up", ...feeds, "--once", "--port", "0", "--json", "--record", recording]);
  assert.is(made.code, 0, made.stderr);
  const replay = start(["replay", recording, "--follow", "--json"]);
  const browser = await launchChromium();
  shared.close = async () => {
    await browser.close();
    replay.kill("SIGTERM");
    await replay.ended;
  };
  shared.url = String((await replay.line("listening"))["url"]);
  await command(shared.url, { action: "pause" });
  shared.open = async (query = "") => {
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    shared.complaints = complaintsOf(page);
    await page.goto(`${shared.url}${query}`);
    await page.waitForSelector(".channel");
    return page;
  };
});

test.after(() => shared.close());

test("ten jumps through rows of 15 seconds: each shows its whole window of samples", async () => {
  const page = await shared.open("?channels=slow/c1,slow/c2,slow/c3,slow/c4");
  for (let jump = 0; jump < JUMPS; jump++) {
    // Back and forth, also to where less is before it than an hour.
    const row = 50 + ((jump * 370) % (ROWS - 50));
    await seek(row);
    await fills(page, ".signals canvas");
  }
  assert.equal(shared.complaints, []);
  await page.context().close();
});

test("bars are candles with volume, percent or logarithmic, in New York's time; the link says so, and the menu works by keys", async () => {
  await seek(900);
  const page = await shared.open("?channels=bars/close&span=3600");
  await fills(page, ".signals canvas");
  await page.locator(".chart-menu summary").focus();
  await page.keyboard.press("Enter");
  for (const name of ["Logarithmic", "Candles, with volume where it is known"]) {
    await page.getByRole("radio", { name }).focus();
    await page.keyboard.press("Space");
  }
  await page.getByRole("combobox", { name: /IANA/ }).fill("America/New_York");
  assert.equal(await faultsOf(page), []);
  const link = await page.waitForFunction(() => location.search.includes("zone=") && location.search);
  const query = new URLSearchParams(String(await link.jsonValue()));
  assert.equal(
    [query.get("scale"), query.get("candles"), query.get("zone")],
    ["log", "1", "America/New_York"],
  );
  // Nothing of the menu is cut off; Escape and a press elsewhere close it.
  assert.ok(await page.evaluate(lastOfMenuIsInFront));
  await page.keyboard.press("Escape");
  await page.locator(".chart-menu:not([open])").waitFor({ state: "attached" });
  await page.locator(".chart-menu summary").click();
  await page.locator(".chart-menu[open]").waitFor();
  await page.getByRole("heading", { name: "Channels" }).click();
  await page.locator(".chart-menu:not([open])").waitFor({ state: "attached" });
  await page.getByLabel("Export", { exact: true }).click();
  const [drawing] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Drawing (SVG)" }).click(),
  ]);
  assert.match(readFileSync(await drawing.path(), "utf8"), /<path d="M[^"]*Z" fill="none"/, "open candles");
  // Whoever opens the link sees the same: the cursor reads out the candle, in the digits of its steps.
  const other = await shared.open(`?${query}`);
  await fills(other, ".signals canvas");
  await other.locator(".signals [role=application]").focus();
  await other.keyboard.press("ArrowLeft");
  const words = await said(other, /close O /);
  assert.match(
    words,
    /^2[0-3]:\d\d:\d\d: close O \d+\.\d[05] H \d+\.\d[05] L \d+\.\d[05] C \d+\.\d[05] V \d+/,
  );
  await other.goto(`${shared.url}?channels=bars/close,bars/open&span=3600&scale=percent&zone=UTC`);
  await fills(other, ".signals canvas");
  await other.locator(".signals [role=application]").focus();
  await other.keyboard.press("ArrowLeft");
  assert.match(await said(other, /close \d/), /^0[0-9]:\d\d:\d\d: close \d+\.\d\d, open \d+\.\d\d$/);
  assert.equal(shared.complaints, []);
  for (const each of [page, other]) await each.context().close();
});

test("one qubit has a Bloch vector with its way, and measures of its own", async () => {
  await seek(900);
  const page = await shared.open("?group=qubit&channels=qubit/|0⟩,qubit/|1⟩&span=3600");
  await page.getByRole("heading", { name: "Quantum state" }).waitFor();
  const sphere = page.locator(".bloch-sphere");
  assert.match(
    String(await sphere.getAttribute("aria-label")),
    /^Bloch vector: x −?0\.\d+ · y −?0\.\d+ · z −?0\.\d+$/,
  );
  await painted(page, ".bloch-sphere", 20);
  assert.is(await page.locator(".measure-title").allTextContents().then(String), "Purity,Spectrum,Fidelity");
  assert.equal(await faultsOf(page), []);
  await page.getByRole("button", { name: "ρ", exact: true }).press("Enter");
  await sphere.waitFor({ state: "detached" });
  assert.equal(shared.complaints, []);
  await page.context().close();
});

function seek(row: number): Promise<void> {
  return command(shared.url, { action: "seek", timeUs: (FROM_MS + row * ROW_MS) * 1000 });
}

/** The words that screen readers hear, once they match. */
async function said(page: Page, expected: RegExp): Promise<string> {
  const heard = await page.waitForFunction(
    (source) =>
      [...document.querySelectorAll("[aria-live]")]
        .map((each) => each.textContent ?? "")
        .find((text) => new RegExp(source).test(text)),
    expected.source,
  );
  return String(await heard.jsonValue());
}

/** A price in steps of 0.05, with volume. */
function bars(): string {
  const lines = ["time,open,high,low,close,volume"];
  const price = (row: number) => 100 + Math.round(20 * (Math.sin(row / 9) + row / 500)) / 20;
  for (let row = 0; row < ROWS; row++) {
    const [open, close] = [price(row), price(row + 1)];
    const [high, low] = [Math.max(open, close) + 0.05, Math.min(open, close) - 0.05];
    const values = [open, high, low, close].map((value) => value.toFixed(2));
    lines.push([new Date(FROM_MS + row * ROW_MS).toISOString(), ...values, 100 + (row % 7)].join(","));
  }
  return lines.join("\n");
}

/** A qubit that turns and nears its middle. */
function qubit(): string {
  const lines: string[] = [];
  for (let row = 0; row < ROWS; row++) {
    const [x, y, z] = [0.6 * Math.cos(row / 5), 0.6 * Math.sin(row / 5), 0.7 * Math.cos(row / 40)];
    const re = [[(1 + z) / 2, x / 2], [x / 2, (1 - z) / 2]]; // biome-ignore format: a matrix
    const im = [[0, -y / 2], [y / 2, 0]]; // biome-ignore format: a matrix
    lines.push(JSON.stringify({ time: new Date(FROM_MS + row * ROW_MS).toISOString(), re, im }));
  }
  return lines.join("\n");
}

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
