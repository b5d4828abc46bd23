// requires: chromium
// runtime: node
// slow
/** Commands to a session in a real browser: play and scrub a recording, inject into a live session, ask what would have happened. */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ReplayStatus } from "../../protocol/controls.ts";
import {
  buildDashboard,
  complaintsOf,
  faultsOf,
  launchChromium,
  painted,
  until,
} from "../support/browser.ts";
import { type RunningProgram, run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

let browser: Browser;
const folder = temporaryDirectory();
const recording = join(folder, "recording");
let replay: RunningProgram;
let live: RunningProgram;
let replayUrl = "";
let liveUrl = "";

test.before(async () => {
  buildDashboard();
  const feed = "synth:flash-crash?speed=max&rate=10&channels=6&duration=600s&seed=4";
  const made = await run(["up", "--feed", feed, "--once", "--port", "0", "--json", "--record", recording]);
  assert.is(made.code, 0, made.stderr);
  replay = start(["replay", recording, "--follow", "--seek", "4", "--json"]);
  live = start([
    ...["up", "--feed", "walk?channels=4&rate=400&frame=4&seed=2", "--port", "0", "--json"],
    ...["--universe", `prices=${prices()}`, "--recordings", folder],
  ]);
  replayUrl = String((await replay.line("listening"))["url"]);
  liveUrl = String((await live.line("listening"))["url"]);
  browser = await launchChromium();
});

test.after(async () => {
  await browser?.close();
  for (const program of [replay, live]) program?.kill("SIGTERM");
  await Promise.all([replay?.ended, live?.ended]);
});

test("a recording has a bar: the button and the space bar pause and play it", async () => {
  await onPage(replayUrl, {}, async (page) => {
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    assert.is((await status()).state, "paused");
    assert.match((await page.locator(".live.replay").textContent()) ?? "", /Replay paused/);
    await page.locator("body").press(" ");
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
    assert.is((await status()).state, "playing");
    await page.locator("body").press("]");
    await page.waitForFunction(
      () => document.querySelector<HTMLSelectElement>(".speed select")?.value === "2",
    );
    assert.is((await status()).speed, 2);
    await page.getByLabel("Speed").selectOption("1");
    await page.locator("body").press(" ");
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
  });
});

test("scrubbing moves the recording: charts and events end at the new place, also back in time", async () => {
  await onPage(replayUrl, {}, async (page) => {
    const { fromUs, toUs } = await status();
    const bar = page.getByLabel("Place in the recording");
    const eventsAt = async (share: number): Promise<number> => {
      await bar.fill(String(Math.round((share * (toUs - fromUs)) / 1e6) * 1000));
      const timeUs = fromUs + share * (toUs - fromUs);
      await untilStatus((now) => now.state === "paused" && Math.abs(now.timeUs - timeUs) < 2e6);
      const expected = (await events()).length;
      await page.waitForFunction(
        (count) => (document.querySelector(".log-head .count")?.textContent ?? "0") === String(count),
        expected,
      );
      // The picture ends at the place.
      await page.waitForFunction(
        (clock) => document.querySelector(".transport-time time")?.textContent?.startsWith(clock) === true,
        new Date(timeUs / 1000).toTimeString().slice(0, 5),
      );
      return expected;
    };
    const late = await eventsAt(0.95);
    const early = await eventsAt(0.3);
    assert.ok(early < late, `${early} events at a third, ${late} near the end`);
    await bar.focus();
    const before = await status();
    await page.keyboard.press("ArrowRight");
    await untilStatus(({ timeUs }) => timeUs > before.timeUs);
    await page.locator("body").press("n");
    await untilStatus(({ timeUs, state }) => timeUs > before.timeUs + 20e6 && state === "paused");
    const next = (await events()).length;
    assert.ok(next > early, "the next event is in the list");
    await page.screenshot({ path: join(tmpdir(), "eigenwatch-replay.png") });
  });
});

test("a moved recording moves on every page that shows it, and the charts fill again", async () => {
  await onPage(replayUrl, {}, async (page) => {
    const { fromUs } = await status();
    await post("replay", { action: "seek", timeUs: fromUs + 400e6 });
    const drawn = () =>
      page.waitForFunction(() => {
        const canvas = document.querySelector<HTMLCanvasElement>(".measures canvas");
        const data = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
        return new Set(new Uint32Array(data?.buffer ?? new ArrayBuffer(4))).size > 8;
      });
    await drawn();
    await post("replay", { action: "seek", timeUs: fromUs + 200e6 });
    await page.waitForFunction(
      (clock) => document.querySelector(".transport-time time")?.textContent?.startsWith(clock) === true,
      new Date(fromUs / 1000 + 200e3).toTimeString().slice(0, 8),
    );
    await drawn();
  });
});

test("the comparison shows what would have happened, event by event, and the list has it in words", async () => {
  await onPage(replayUrl, {}, async (page) => {
    const { fromUs } = await status();
    await page.locator("body").press("w");
    await page.getByRole("heading", { name: "What would have happened?" }).waitFor();
    await page.getByRole("button", { name: "Run the branch" }).click();
    await page.locator(".trouble", { hasText: "at least one change" }).waitFor();
    const at = new Date(fromUs / 1000 + 120e3);
    const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, -1);
    await page.getByLabel("Branch at").fill(local);
    await page.getByLabel("Path of setting 1").fill("collapse.falseAlarmPerDay");
    await page.getByLabel("Value of setting 1").fill("0.01");
    await page.getByRole("button", { name: "Run the branch" }).click();
    await page.locator(".trouble", { hasText: "collapse.falseAlarmsPerDay" }).waitFor();

    await page.getByLabel("Path of setting 1").fill("collapse.falseAlarmsPerDay");
    await page.getByLabel("Channel to silence").selectOption({ index: 1 });
    await page.getByLabel("Scenario to inject").selectOption("level-shift");
    const answered = page.waitForResponse((response) => response.url().endsWith("api/whatif"));
    await page.getByRole("button", { name: "Run the branch" }).click();
    const { counts } = (await (await answered).json()) as { counts: Record<string, number> };
    await page.locator(".answer").waitFor();
    assert.ok(counts["new"]! >= 2, "the setting and the injection are new events");
    for (const [kind, count] of Object.entries(counts))
      assert.is(await page.locator(`.comparison .pair.at-${kind}`).count(), count, kind);
    const differs = counts["new"]! + counts["gone"]! + counts["moved"]! + counts["changed"]!;
    assert.is(await page.locator(".differences tbody tr").count(), differs);
    await page.locator(".differences", { hasText: "Injected level-shift" }).waitFor();
    await page.getByRole("button", { name: /^new \d/ }).click();
    assert.is(await page.locator(".differences tbody tr.at-new").count(), 0);
    await page.screenshot({ path: join(tmpdir(), "eigenwatch-what-if.png") });
    assert.equal(await faultsOf(page), []);
  });
});

test("the page injects an event, and marks it there and on a page opened later", async () => {
  await onPage(liveUrl, {}, async (page) => {
    await page.waitForSelector(".channel");
    await page.locator("body").press("i");
    await page.getByRole("radio", { name: /^burst/ }).check();
    await page.getByRole("button", { name: "1 min" }).click();
    await page.getByRole("checkbox").first().uncheck();
    assert.equal(await faultsOf(page), []);
    await page.getByRole("button", { name: "Inject", exact: true }).last().click();
    await page.locator(".injected-banner", { hasText: "burst ×1 on 3 channels of walk" }).waitFor();
    await page.locator(".event", { hasText: "Injected burst" }).waitFor();
    await hatched(page, ".signals canvas");
    await hatched(page, ".measures canvas");
    await hatched(page, ".sparks");
    await page.locator(".badge.injected").waitFor();
    await page.screenshot({ path: join(tmpdir(), "eigenwatch-injected.png") });
  });
  await onPage(liveUrl, { colorScheme: "light" }, async (page) => {
    await page.locator(".injected-banner", { hasText: "burst" }).waitFor();
    await hatched(page, ".signals canvas");
    assert.equal(await faultsOf(page), []);
  });
});

test("a rule is completed and checked, its results come with signals on top, and a symbol opens its chart", async () => {
  await onPage(liveUrl, {}, async (page) => {
    await page.getByRole("button", { name: "Scan", exact: true }).click();
    const rule = page.getByRole("combobox", { name: /^Rule/ });
    await rule.fill("retu");
    await page.getByRole("option", { name: /^return\(/ }).waitFor();
    await rule.press("Enter");
    await rule.pressSequentially("3) > 0 andd sma(5) > 1");
    await page.locator(".rule-marked mark", { hasText: "andd" }).waitFor();
    assert.ok(await submit(page).isDisabled(), "a rule that cannot be read is not scanned");
    await rule.fill("return(3) > 0 and sma(5) > 1");
    await page.locator(".rule-marked").waitFor({ state: "detached" });
    await submit(page).click();
    await page
      .locator(".scan-now", { hasText: `${PRICED} of ${PRICED} symbols · ${PRICED / 4} signals` })
      .waitFor();
    await page.locator(".scan-stages", { hasText: "evaluate" }).waitFor();
    const signals = () =>
      page
        .locator(".scan-results tbody tr")
        .evaluateAll((rows) => rows.map((row) => row.classList.contains("has-signal")));
    const onTop = Array.from({ length: PRICED }, (_, k) => k < PRICED / 4);
    assert.equal(await signals(), onTop);
    const first = () => page.locator(".scan-results tbody th button").first().textContent();
    const bySymbol = page.locator(".scan-results thead button").first();
    await bySymbol.click();
    assert.is(await first(), "S0");
    await bySymbol.click();
    assert.is(await first(), "S8");
    assert.equal(await signals(), onTop);
    await page
      .locator(".scan-results td.spark path")
      .nth(PRICED - 1)
      .waitFor({ state: "attached" });
    await page.getByRole("button", { name: "S4", exact: true }).focus();
    await page.keyboard.press("Enter");
    const chart = page.getByRole("region", { name: "Chart of S4" });
    await chart.getByRole("img", { name: /close .*sma\(5\)/ }).waitFor();
    await chart.getByRole("img", { name: /return\(3\)/ }).waitFor();
    for (const colorScheme of ["dark", "light"] as const)
      for (const width of [1440, 1024, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        assert.equal(await faultsOf(page), [], `${colorScheme} ${width}`);
        // It fits into the window.
        await until(
          () => page.locator("dialog.scan").boundingBox(),
          (dialog) => dialog !== null && dialog.x >= 0 && dialog.x + dialog.width <= width,
        );
      }
    await page.screenshot({ path: join(tmpdir(), "eigenwatch-scan.png") });
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByLabel("Symbols of").selectOption("live:walk");
    await submit(page).click();
    await page.locator(".scan-now", { hasText: "4 of 4 symbols" }).waitFor();
    await page.getByRole("button", { name: "walk/walk1", exact: true }).click();
    await page
      .getByRole("region", { name: "Chart of walk/walk1" })
      .getByRole("img", { name: /close/ })
      .waitFor();
    await page.screenshot({ path: join(tmpdir(), "eigenwatch-scan-live.png") });
  });
  await onPage(replayUrl, {}, async (page) => {
    assert.is(await page.getByRole("button", { name: "Scan", exact: true }).count(), 0);
    await page.locator("body").press("f");
    await page.locator("dialog.scan", { hasText: "eigenwatch up --universe NAME=PATH" }).waitFor();
  });
});

test("a press opens a recording at an address of its own, which a reload and another page keep; back is the live session", async () => {
  await onPage(liveUrl, {}, async (page) => {
    await page.locator("body").press("r");
    const row = page.locator("dialog.recordings").getByRole("link", { name: /^recording/ });
    await row.waitFor();
    assert.match((await row.textContent()) ?? "", /9\.9 min · 6 channels · .*B$/);
    for (const colorScheme of ["dark", "light"] as const)
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        assert.equal(await faultsOf(page), [], `${colorScheme} ${width}`);
        await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
      }
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.screenshot({ path: join(tmpdir(), "eigenwatch-recordings.png") });
    await page.keyboard.press("Tab");
    await row.press("Enter");
    await page.waitForURL(({ pathname }) => pathname === "/recordings/recording/");
    for (const visit of ["first", "again"]) {
      await page.locator(".live.replay", { hasText: "Replay ended" }).waitFor();
      await page.locator(".session", { hasText: "recording" }).waitFor();
      await page.locator(".event").first().waitFor();
      await painted(page, ".signals canvas", 20);
      if (visit === "first") await page.reload();
    }
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.locator(".transport").waitFor();
    await other.locator("body").press("r");
    await other.locator("[aria-current=page]", { hasText: "recording" }).waitFor();
    await other.keyboard.press("Escape");
    for (const width of [1440, 390]) {
      await other.setViewportSize({ width, height: 900 });
      assert.equal(await faultsOf(other), [], String(width));
      await other.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
    }
    await other.setViewportSize({ width: 1440, height: 900 });
    await other.screenshot({ path: join(tmpdir(), "eigenwatch-recording-opened.png") });
    await other.getByRole("button", { name: "Play", exact: true }).click();
    await page.locator(".live.replay", { hasText: /Replay ×1/ }).waitFor();
    await other.getByRole("link", { name: "Live" }).click();
    await other.waitForURL(({ pathname }) => pathname === "/");
    await page.goBack();
    await page.waitForURL(({ pathname }) => pathname === "/");
    await page.locator(".channel").first().waitFor();
    assert.is(await page.locator(".transport").count(), 0);
    await page.goto(`${liveUrl}recordings/july/`);
    await page.getByRole("alert").filter({ hasText: "Cannot open recording july" }).waitFor();
  });
});

test("a dialog shows why the session refuses a request, and stays open", async () => {
  await onPage(liveUrl, {}, async (page) => {
    await page.route("**/api/inject", (route) =>
      route.continue({ postData: JSON.stringify({ scenario: "burst", group: "other" }) }),
    );
    await page.getByTitle(/^Inject/).click();
    await page.getByRole("radio", { name: /^burst/ }).check();
    await page.getByRole("button", { name: "Inject", exact: true }).last().click();
    await page.getByRole("alert").filter({ hasText: "group other" }).waitFor();
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog[open]", { state: "detached" });
  });
});

test("the bar has no serious accessibility fault in dark and light, and fits into 390 pixels", async () => {
  await onPage(replayUrl, {}, async (page) => {
    for (const colorScheme of ["dark", "light"] as const) {
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.emulateMedia({ colorScheme });
      assert.equal(await faultsOf(page), [], colorScheme);
      await page.setViewportSize({ width: 390, height: 844 });
      await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
      const bar = await page.getByLabel("Place in the recording").boundingBox();
      assert.ok(bar !== null && bar.width > 300, "the bar has its own line");
      await page.screenshot({ path: join(tmpdir(), `eigenwatch-replay-narrow-${colorScheme}.png`) });
    }
  });
});

/** In the dialog, not the one that opens it. */
function submit(page: Page) {
  return page.locator(".scan-form button[type=submit]");
}

/** Symbols of the universe; every fourth rises at the end. */
const PRICED = 24;

function prices(): string {
  const path = join(temporaryDirectory(), "prices.csv");
  const rows = Array.from({ length: 60 }, (_, day) =>
    Array.from(
      { length: PRICED },
      (_, k) => `${1_700_000_000 + 86_400 * day},S${k},${100 + (k % 4 === 0 ? day : -day)}`,
    ),
  );
  writeFileSync(path, `date,symbol,close\n${rows.flat().join("\n")}\n`);
  return path;
}

// ---- pages and answers ---------------------------------------------------------------------------------------

async function onPage(
  url: string,
  { colorScheme = "dark" }: { colorScheme?: "dark" | "light" },
  act: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme });
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(url);
  await page.waitForSelector(url === replayUrl ? ".transport" : ".channel");
  try {
    await act(page);
    assert.equal(complaints.filter(isOfThePage), []);
  } finally {
    await context.close();
  }
}

/** Without messages that the tests cause: refused requests, and repeated reading of canvases. */
function isOfThePage(complaint: string): boolean {
  return !/status of 40[04]|Unexpected response code: 404|before the connection is established|willReadFrequently/.test(
    complaint,
  );
}

async function api<Answer>(path: string, init?: RequestInit): Promise<Answer> {
  return (await (await fetch(`${replayUrl}api/${path}`, init)).json()) as Answer;
}

function post(path: string, body: object): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  return api(path, { method: "POST", headers, body: JSON.stringify(body) });
}

function status(): Promise<ReplayStatus> {
  return api("replay");
}

function untilStatus(holds: (status: ReplayStatus) => boolean): Promise<void> {
  return until(status, holds);
}

async function events(): Promise<unknown[]> {
  return (await api<{ events: unknown[] }>("events?limit=1000")).events;
}

/** Thin strokes in the colour of warnings: many pixels are more orange than the panel. */
function hatched(page: Page, selector: string): Promise<unknown> {
  return page.waitForFunction((of) => {
    const canvas = document.querySelector<HTMLCanvasElement>(of);
    const data = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
    if (data === undefined) return false;
    let orange = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at]! - data[at + 2]! > 18 && data[at]! > data[at + 1]!) orange++;
    return orange > 100;
  }, selector);
}

test.run();
