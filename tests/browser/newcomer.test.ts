// requires: chromium
// runtime: node
// timeout: 240
// slow
/** Somebody who sees the page for the first time, with the mouse alone: what is happening, is it normal, where to look. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
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
    const shown = await seen(page);
    assert.is(shown.channels[0], FAULTY);
    assert.match(shown.moment, /showing \d\d:\d\d:\d\d/);
    await page.waitForFunction(() => location.search.includes("incident="));
    const link = page.url();

    const other = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    await other.goto(link);
    assert.equal(await seen(other), shown);
    await page.reload();
    assert.equal(await seen(page), shown);
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

/** What two people compare: the incident that is open, its channels in the chart, and the moment. */
async function seen(page: Page) {
  const incident = page.getByRole("button", { name: new RegExp(`: ${FAULTY}`), expanded: true });
  await incident.waitFor();
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
