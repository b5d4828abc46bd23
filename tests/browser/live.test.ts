// requires: chromium
// runtime: node
// slow
/** The whole system in a real browser: this machine's own channels in, events on the page, no error reported. */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";
import { partitionOf } from "../../actors/cluster/mod.ts";
import { buildDashboard, complaintsOf, launchChromium, painted, picture, until } from "../support/browser.ts";
import { programCommand } from "../support/program-run.ts";
import { normals } from "../support/random-streams.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

/** Long enough to raise the load of a core from idle to full in many rows of 100 ms. */
const BURN_MS = 4_000;

/** Stopped after the tests, even after failed ones. */
const systems: { stop(): Promise<void> }[] = [];
let browser: Browser;
let system: Awaited<ReturnType<typeof startSystem>>;

test.before(async () => {
  buildDashboard();
  system = await startSystem(["--feed", "host"]);
  browser = await launchChromium();
});

test.after(async () => {
  await browser?.close();
  await Promise.all(systems.map((each) => each.stop()));
});

test("page shows the channels of this machine, its joint state and its events, and reports no error", async () => {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  const complaints = complaintsOf(page);
  await page.goto(system.url);
  await page.waitForSelector(".connection.at-open");
  await page.waitForSelector(".channel");
  const channels = Number(await page.locator(".channels .count").textContent());
  assert.ok(channels >= 24, `${channels} channels; expected at least 24`);
  await page.waitForFunction(() => /\d/.test(document.querySelector(".channel .value")?.textContent ?? ""));
  await painted(page, ".signals canvas", 20);
  await painted(page, ".matrix canvas", 8);
  await painted(page, ".measures canvas", 8);
  await page.locator(".badge", { hasText: "estimated · single-excitation reading" }).waitFor();
  await burn();
  await page.waitForSelector(".event");
  await picture(page, "live");
  assert.equal(complaints, []);
  await page.context().close();
});

test("page reports a lost server and reconnects by itself when it is back", async () => {
  const own = await startSystem(["--feed", "walk?channels=8&rate=800&frame=8"]);
  const page = await (await browser.newContext()).newPage();
  await page.goto(own.url);
  await page.waitForSelector(".channel");
  await own.stop();
  await page.getByText("Not connected").waitFor();
  const again = await startSystem(["--feed", "walk?channels=8&rate=800&frame=8"], new URL(own.url).port);
  await page.waitForSelector(".connection.at-open");
  await page.waitForFunction(() => document.querySelector(".live:not(.stalled):not(.paused)") !== null);
  await page.context().close();
  await again.stop();
});

test("page gets access by the token of the link, and reports denied access without it", async () => {
  const own = await startSystem(["--feed", "walk?channels=4&rate=400&frame=4", "--host", "0.0.0.0"]);
  const context = await browser.newContext();
  const page = await context.newPage();
  const local = own.url.replace("0.0.0.0", "127.0.0.1");
  await page.goto(local.replace(/#.*/, ""));
  await page.getByText("Access denied").first().waitFor();
  await page.goto("about:blank");
  await page.goto(local);
  await page.waitForSelector(".channel");
  assert.is(await page.evaluate(() => location.hash), "");
  await context.close();
  await own.stop();
});

test("page shows the groups of all partitions live and lists the events of each, also after it is loaded again", async () => {
  const groups = ["amber", "elm", "birch", "cedar", "dune"];
  const ofTwo = ["p0", "p1"].map(
    (name) => groups.find((group) => partitionOf(group, ["p0", "p1"]) === name)!,
  );
  const feeds = ofTwo.flatMap((group) => ["--feed", `walk?channels=8&rate=1600&frame=8&group=${group}`]);
  const own = await startSystem(["--partitions", "2", ...feeds]);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  const complaints = complaintsOf(page);
  await page.goto(own.url);
  let known: string[] = [];
  for (const visit of ["first", "again"]) {
    await page.waitForSelector(".connection.at-open");
    await page.locator(".session", { hasText: "2 partitions" }).waitFor();
    for (const group of ofTwo) {
      const tab = page.getByRole("group", { name: "Channel group" }).getByRole("button", { name: group });
      await tab.click();
      await page.locator(".event", { hasText: `coherence.warmed · ${group}` }).waitFor();
      await painted(page, ".matrix canvas", 4);
      await painted(page, ".measures canvas", 4);
      await page.keyboard.press("j");
      await page.locator(".event.open").waitFor();
      await page.keyboard.press("Escape");
    }
    await valuesChange(page);
    // What happens again and again is one row, which says how often.
    const listed = (await page.locator(".event-title").allTextContents()).filter(
      (title) => !/ has a gap|is degraded|× \d+$/.test(title),
    );
    if (visit === "again") for (const title of known) assert.ok(listed.includes(title), title);
    known = listed;
    if (visit === "first") await page.reload();
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
  // Reading the same picture several times is what this test does, and not the page.
  const ofPage = complaints.filter((complaint) => !complaint.includes("willReadFrequently"));
  assert.equal(ofPage, []);
  await page.context().close();
  await own.stop();
});

test("pairs beyond chance are a graph, and a chosen pair shows its fringes", async () => {
  const own = await startSystem([
    ...["--feed", "synth:decoherence?channels=6&speed=60&strength=0"],
    ...["--set", "entanglement.enabled=true", "--set", "interference.enabled=true"],
  ]);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  const complaints = complaintsOf(page);
  await page.goto(own.url);
  await page.getByRole("button", { name: "Analyses" }).click();
  await page.getByRole("button", { name: "Entanglement", exact: true }).click();
  await page.waitForSelector(".entanglement .edge");
  assert.is(await page.locator(".entanglement .node").count(), 6);
  await page.locator(".entanglement", { hasText: "Single-excitation reading" }).waitFor();
  await picture(page, "entanglement");
  await page.getByRole("button", { name: "Interference", exact: true }).click();
  await painted(page, ".interference .fringes", 8);
  await page.locator(".interference select").first().selectOption({ index: 2 });
  await page.locator(".interference", { hasText: /Visibility \d\.\d\d, which-way knowledge/ }).waitFor();
  await picture(page, "interference");
  assert.equal(
    complaints.filter((complaint) => !complaint.includes("willReadFrequently")),
    [],
  );
  await page.context().close();
  await own.stop();
});

test("the spectrum of a chosen pair reads the frequency of either channel, and moves with the cursor of all charts", async () => {
  const own = await startSystem([
    ...["--feed", `file:${wavesTable()}?speed=20&group=waves`],
    ...["--set", "interference.enabled=true", "--set", "interference.periodSeconds=0.4"],
  ]);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  const complaints = complaintsOf(page);
  await page.goto(own.url);
  await page.getByRole("button", { name: "Analyses" }).click();
  await page.getByRole("button", { name: "Interference", exact: true }).click();
  for (const [channel, words] of [
    ["slow", /slow: strongest at (2\.4\d|2\.5\d) Hz, (since|all along)/],
    ["quick", /quick: strongest at (3\.9\d|4\.0\d) Hz, (since|all along)/],
  ] as const) {
    await page.locator(".frequencies-of").selectOption({ label: channel });
    await page.locator(".frequencies-words", { hasText: words }).waitFor();
    await painted(page, ".frequencies canvas", 12);
  }
  // The last segment ends with the newest sample, so its middle is before that; how far depends on how much there is by now. What is said is of the moment
  // of the press, and the first segments are short.
  const box = page.locator(".frequencies .chart-box");
  let looks = 0;
  await until(
    async () => {
      for (let k = 0; k < 8; k++) await box.press("PageDown");
      for (let k = 0; k < 1 + (looks % 6); k++) await box.press("PageUp");
      looks++;
      return (await page.locator("[aria-live]").allTextContents()).join(" ");
    },
    (said) => /strongest at (3\.9\d|4\.[01]\d) Hz/.test(said),
  );
  await picture(page, "spectrum");
  assert.equal(
    complaints.filter((complaint) => !complaint.includes("willReadFrequently")),
    [],
  );
  await page.context().close();
  await own.stop();
});

test("whole states of a simulation are foretold by their motion, beside what anybody could say", async () => {
  const own = await startSystem([
    ...["--feed", "synth:quantum-zeno?form=density&strength=0&speed=20"],
    ...["--set", "prediction.enabled=true"],
  ]);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  const complaints = complaintsOf(page);
  await page.goto(own.url);
  await page.getByRole("button", { name: "Analyses" }).click();
  const foretold =
    /The state 21 steps ahead by its motion: \d+ % less error .*populations \|0⟩ [\d.]+ %, \|1⟩ [\d.]+ %/;
  await page.locator(".measure-body", { hasText: foretold }).waitFor();
  await picture(page, "states-foretold");
  assert.equal(complaints, []);
  await page.context().close();
  await own.stop();
});

test("page without a WebSocket goes on by Server-Sent Events, then by polling, with charts and the events of all partitions", async () => {
  const groups = ["amber", "elm", "birch", "cedar", "dune"];
  const feeds = groups.flatMap((group) => ["--feed", `walk?channels=2&rate=200&group=${group}`]);
  const own = await startSystem(["--partitions", "2", ...feeds]);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await page.routeWebSocket(/\/ws/, (socket) => socket.close({ code: 1011, reason: "blocked by a proxy" }));
  await page.goto(own.url);
  for (const how of ["by Server-Sent Events", "by a request each second"]) {
    await page.locator(".banner", { hasText: how }).waitFor();
    for (const group of groups)
      await page.locator(".event", { hasText: `coherence.warmed · ${group}` }).waitFor();
    await valuesChange(page);
    await painted(page, ".signals canvas", 20);
    await painted(page, ".measures canvas", 4);
    await page.route(/api\/messages\?/, (route) => {
      const isStream = (route.request().headers()["accept"] ?? "").includes("event-stream");
      return isStream ? route.abort() : route.continue();
    });
    await page.reload();
  }
  await page.context().close();
  await own.stop();
});

/** Resolves when the value of every channel has changed since the call. */
async function valuesChange(page: Page): Promise<void> {
  const before = await page.locator(".channel .value").allTextContents();
  await page.waitForFunction(
    (were) =>
      [...document.querySelectorAll(".channel .value")].every(
        ({ textContent }, k) => textContent !== were[k],
      ),
    before,
  );
}

async function startSystem(args: string[], port = "0"): Promise<{ url: string; stop(): Promise<void> }> {
  const [program = "", ...rest] = programCommand(ownRuntime());
  const child: ChildProcess = spawn(program, [...rest, "up", ...args, "--port", port, "--json"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  systems.push({ stop });
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const found = /"open":"([^"]+)"/.exec(output) ?? /"url":"([^"]+)"/.exec(output);
      if (found?.[1] !== undefined) resolve(found[1]);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once("exit", (code) =>
      reject(new Error(`the system ended with ${code}; expected a link:\n${output}`)),
    );
  });
  return { url, stop };
}

/** Keeps a core busy: the load of this machine changes visibly. */
function burn(): Promise<void> {
  const child = spawn(process.execPath, [
    "-e",
    `const end = Date.now() + ${BURN_MS}; while (Date.now() < end);`,
  ]);
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

/** A table of forty minutes, twenty rows a second: two waves, of 2.5 and of 4 Hz, in noise. */
function wavesTable(): string {
  const normal = normals(1);
  const rows = Array.from({ length: 48_000 }, (_, k) => {
    const t = k / 20;
    const value = (hz: number) => (Math.sin(2 * Math.PI * hz * t) + 0.5 * normal()).toFixed(4);
    return `${(1_700_000_000 + t).toFixed(2)},${value(2.5)},${value(4)}`;
  });
  const path = join(temporaryDirectory(), "waves.csv");
  writeFileSync(path, `time,slow,quick\n${rows.join("\n")}\n`);
  return path;
}

test.run();
