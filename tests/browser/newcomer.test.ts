// requires: chromium
// runtime: node
// timeout: 240
// slow
/**
 * Somebody who sees the page for the first time, with the mouse alone: what is happening, is it normal, where to look.
 *
 * EIGENWATCH_LONG=1 goes through all faults of the synthetic day of servers.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Channels, EventMessage } from "../../protocol/messages.ts";
import { buildDashboard, complaintsOf, faultsOf, launchChromium } from "../support/browser.ts";
import { start } from "../support/program-run.ts";
import { normals } from "../support/random-streams.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const ROWS = 3_000;
const FAULT_ROW = 2_900;
const ROW_MS = 10_000;
const FROM_MS = Date.UTC(2026, 0, 1);
const CHANNELS = ["requests", "latency", "errors", "memory", "disk writes", "network"];
const FAULTY = "disk writes";

/**
 * The seven faults of the scenario server-metrics, each in a world of its own. All are incidents of the channel, except a clock that steps: that is
 * in the log, and no finding about a channel.
 */
const FAULTS = [
  { scenario: "stuck-sensor", said: "incident" },
  { scenario: "drop-out", said: "incident" },
  { scenario: "level-shift", said: "incident" },
  { scenario: "burst", said: "incident" },
  { scenario: "spike", said: "incident" },
  { scenario: "drift", said: "incident" },
  { scenario: "clock-step", said: "nothing" },
] as const;
const HOUR_US = 3_600e6;
const OFTEN = process.env["EIGENWATCH_LONG"] === "1" ? FAULTS.length : 2;

test("a newcomer reads the verdict, finds the faulty channel and its moment, shows them to somebody else, and both care for it", async () => {
  buildDashboard();
  const table = join(temporaryDirectory(), "shop.csv");
  writeFileSync(table, faultyTable());
  const up = start(["up", "--feed", `file:${table}`, "--port", "0", "--json"]);
  const browser = await launchChromium();
  try {
    const url = String((await up.line("listening"))["url"]);
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(url);
    await page.getByRole("heading", { name: "1 thing changed" }).waitFor();
    await page.getByText(/^Feed file:shop.csv ended at/).waitFor();
    const verdict = page.getByRole("region", { name: "What is happening" });
    const thing = verdict.getByRole("button", { name: new RegExp(FAULTY) });
    assert.match((await thing.textContent()) ?? "", /usually .*since \d\d:\d\d/);
    // The right channel is first in the list, marked in words too.
    const first = page.getByRole("region", { name: "Channels" }).getByRole("button").first();
    assert.match((await first.textContent()) ?? "", new RegExp(`^unusual, .*: ${FAULTY}`));
    assert.equal(await faultsOf(page), []);

    await thing.click();
    await page.getByRole("table", { name: "What contributes most" }).waitFor();
    const shown = await seen(page, FAULTY);
    assert.is(shown.channels[0], FAULTY);
    assert.match(shown.moment, /showing \d\d:\d\d:\d\d/);
    await page.waitForFunction(() => location.search.includes("incident="));
    const link = page.url();

    const other = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    await other.goto(link);
    assert.equal(await seen(other, FAULTY), shown);
    await page.reload();
    assert.equal(await seen(page, FAULTY), shown);
    await caresFor(page, other);
    await page.getByRole("button", { name: "back to live" }).click();
    await page.getByText(/^Ended/).waitFor();
    assert.equal(complaints, []);
  } finally {
    await browser.close();
    up.kill("SIGTERM");
    await up.ended;
  }
});

test("a newcomer finds each fault of a day of servers under the name of its channel", async () => {
  buildDashboard();
  const browser = await launchChromium();
  try {
    for (const { scenario, said } of FAULTS.slice(0, OFTEN)) {
      const up = start(["up", "--feed", `synth:${scenario}?speed=max&truth=1`, "--port", "0", "--json"]);
      try {
        const url = String((await up.line("listening"))["url"]);
        const page = await newPage(browser);
        await page.goto(url);
        await page.getByText(/^Feed synth:.* ended at/).waitFor();
        const truth = await truthOf(url);
        if (said === "nothing") {
          assert.equal(truth.soonAfter, [], scenario);
          const log = page.getByRole("list", { name: "Other events, the newest first" });
          await log.getByRole("button", { name: /The clock of .* was set back by 30 s/ }).waitFor();
        }
        if (said !== "nothing") await findsFault(page, browser, truth.title);
        await page.context().close();
      } finally {
        up.kill("SIGTERM");
        await up.ended;
      }
    }
  } finally {
    await browser.close();
  }
});

async function findsFault(page: Page, browser: Browser, faulty: string): Promise<void> {
  const list = page.getByRole("list", { name: "Incidents, the newest first" });
  const entries = list.getByRole("button", { expanded: false });
  await entries.filter({ hasText: faulty }).last().click();
  await page.getByRole("button", { name: "back to live" }).waitFor();
  const reasons = page.getByRole("table", { name: "What contributes most" }).getByRole("rowheader");
  assert.is(await reasons.first().textContent(), faulty);
  const shown = await seen(page, faulty);
  assert.is(shown.channels[0], faulty);
  await page.waitForFunction(() => location.search.includes("incident="));
  const other = await newPage(browser);
  await other.goto(page.url());
  assert.equal(await seen(other, faulty), shown);
  await other.context().close();
}

async function newPage(browser: Browser): Promise<Page> {
  return (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
}

/** The title of the channel that is faulty, and what alarms were raised within an hour of the fault. */
async function truthOf(url: string): Promise<{ title: string; soonAfter: string[] }> {
  const read = async (path: string) => (await fetch(new URL(path, url))).json();
  const { events } = (await read("api/events?limit=1000")) as { events: EventMessage[] };
  const { groups } = (await read("api/channels")) as { groups: Channels[] };
  const fault = events.find(({ kind }) => kind === "synth.truth")!;
  const soonAfter = events.filter(
    ({ kind, timeUs }) =>
      kind === "incident.opened" && timeUs > fault.timeUs && timeUs < fault.timeUs + HOUR_US,
  );
  const channels = groups.flatMap((group) => group.channels);
  const { title } = channels.find(({ name }) => name === fault.channels[0])!;
  // What all its channels say of themselves stands beside the list.
  return { title: title.replace(/ \(synthetic\)$/, ""), soonAfter: soonAfter.map((event) => event.title) };
}

function escaped(text: string): string {
  return text.replace(/[().*+?[\]]/g, "\\$&");
}

/** What two people compare: the incident that is open, its channels in the chart, and the moment. */
async function seen(page: Page, faulty: string) {
  const incident = page.getByRole("button", { name: new RegExp(`: .*${escaped(faulty)}`), expanded: true });
  // How long it has lasted is said once the page knows the time of the session.
  await incident.filter({ hasText: /\d\d:\d\d \(/ }).waitFor();
  const chips = page.getByRole("list", { name: "Channels in the chart" }).getByRole("listitem");
  await chips.first().waitFor();
  return {
    incident: await incident.textContent(),
    channels: await chips.allTextContents(),
    moment: (await page.getByRole("button", { name: "back to live" }).textContent()) ?? "",
  };
}

/** What one does about the incident, the other sees on its card. */
async function caresFor(page: Page, other: Page): Promise<void> {
  const press = (on: Page, words: string) =>
    on.getByRole("button", { name: new RegExp(`^${words}: incident \\d`) }).click();
  const shows = (on: Page, text: string | RegExp) =>
    on.locator(".incident-when", { hasText: text }).first().waitFor();
  await press(page, "Acknowledge");
  await shows(other, /acknowledged by \S/);
  await press(other, "Assign to me");
  await shows(page, /\S cares for it/);
  await press(page, "Snooze");
  await press(page, "Snooze 1 h");
  await shows(other, /snoozed until \d\d:\d\d/);
  await other.locator(".steps li", { hasText: /snoozed incident \d+ of .* for 60 min/ }).waitFor();
  assert.is(await other.getByRole("button", { name: /^Acknowledge:/ }).count(), 0);
  assert.equal([await faultsOf(page), await faultsOf(other)], [[], []]);
}

/** Noise, and one channel that goes to another level and stays there. */
function faultyTable(): string {
  const z = normals(11);
  const lines = [["time", ...CHANNELS].join(",")];
  for (let row = 0; row < ROWS; row++) {
    const values = CHANNELS.map((name) => {
      const isFaulty = name === FAULTY && row >= FAULT_ROW;
      return (50 + z() + (isFaulty ? 30 : 0)).toFixed(3);
    });
    lines.push([new Date(FROM_MS + row * ROW_MS).toISOString(), ...values].join(","));
  }
  return lines.join("\n");
}

test.run();
