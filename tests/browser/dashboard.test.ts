// requires: chromium
// runtime: node
// slow
/** The page on its recorded session, in a real browser: draws, obeys keys, is accessible, reports no error. */
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  buildDashboard,
  complaintsOf,
  faultsOf,
  launchChromium,
  painted,
  picture,
  serveFolder,
} from "../support/browser.ts";

let browser: Browser;
let server: Awaited<ReturnType<typeof serveFolder>>;

test.before(async () => {
  server = await serveFolder(buildDashboard());
  browser = await launchChromium();
});

test.after(async () => {
  await browser.close();
  await server.close();
});

test("page draws its charts and reports no error", async () => {
  await onPage({}, async (page) => {
    await page.waitForSelector(".channel");
    await painted(page, ".signals canvas", 20);
    await painted(page, ".measures canvas", 20);
    await painted(page, ".matrix canvas", 50);
    await painted(page, ".sparks", 3);
    assert.is(await page.locator(".count").first().textContent(), "8");
    await picture(page, "dashboard-dark");
  });
});

for (const colorScheme of ["dark", "light"] as const) {
  test(`page has no serious accessibility fault in ${colorScheme} colours`, async () => {
    await onPage({ colorScheme }, async (page) => {
      await page.waitForSelector(".event");
      await page.locator(".event-head").first().click();
      assert.equal(await faultsOf(page), []);
      await page.keyboard.press("?");
      await page.waitForSelector("dialog[open]");
      assert.equal(await faultsOf(page), []);
    });
  });
}

for (const state of ["connecting", "empty", "warming", "disconnected"]) {
  test(`page that is ${state} says so and has no serious accessibility fault`, async () => {
    await onPage({ query: `demo&state=${state}` }, async (page) => {
      const text = {
        connecting: "Connecting…",
        empty: "Waiting for the first channels",
        warming: "Warming up",
        disconnected: "Not connected",
      }[state];
      await page
        .getByText(text ?? "")
        .first()
        .waitFor();
      assert.equal(await faultsOf(page), []);
    });
  });
}

test("each chart has a name and takes the keyboard", async () => {
  await onPage({}, async (page) => {
    await page.waitForSelector(".channel");
    const charts = page.locator("[role=application]");
    assert.is(await charts.count(), 3);
    for (const chart of await charts.all()) {
      assert.ok(((await chart.getAttribute("aria-label")) ?? "").length > 20);
      assert.is(await chart.getAttribute("tabindex"), "0");
    }
    await page.locator(".signals [role=application]").focus();
    await page.keyboard.press("ArrowLeft");
    await page.waitForFunction(() => /Processor 1 [\d.]+ %/.test(document.body.textContent ?? ""));
  });
});

test("keys open the help, the filter and events, and pause", async () => {
  await onPage({}, async (page) => {
    await page.waitForSelector(".event");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
    assert.ok((await page.locator("dialog kbd").count()) > 15);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog[open]", { state: "detached" });

    await page.keyboard.press("/");
    await page.keyboard.type("1/s");
    await page.waitForFunction(() => document.querySelectorAll(".channel").length === 2);
    await page.keyboard.press("Escape");

    await page.keyboard.press(" ");
    await page.waitForSelector(".live.paused");
    await page.keyboard.press(" ");
    await page.waitForSelector(".live:not(.paused)");

    await page.keyboard.press("j");
    await page.waitForSelector(".event.open .detail");
    await page.waitForSelector(".live.paused");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".event.open", { state: "detached" });
  });
});

test("pressing an event moves the charts to its time", async () => {
  await onPage({}, async (page) => {
    const event = page.locator(".event.is-critical .event-head").first();
    await event.click();
    const time = await event.locator("time").textContent();
    await page.waitForSelector(".badge.past");
    assert.is(await page.locator(".badge.past").textContent(), `as of ${time}`);
  });
});

test("pressing a channel adds it to the chart and removes it again", async () => {
  await onPage({}, async (page) => {
    const row = page.locator(".channel", { hasText: "Memory" });
    await row.click();
    await page.locator(".chip", { hasText: "Memory" }).waitFor();
    assert.is(await row.getAttribute("aria-pressed"), "true");
    await row.click();
    await page.locator(".chip", { hasText: "Memory" }).waitFor({ state: "detached" });
  });
});

test("the wheel zooms, dragging moves into the past, a double click returns to the live edge", async () => {
  await onPage({}, async (page) => {
    await page.waitForSelector(".channel");
    const box = await page.locator(".signals .chart-box").boundingBox();
    assert.ok(box !== null);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.wheel(0, 200);
    await page.waitForFunction(
      () => document.querySelector(".signals .segments [aria-pressed=true]") === null,
    );
    await page.mouse.down();
    await page.mouse.move(x + 120, y, { steps: 4 });
    await page.mouse.up();
    await page.waitForSelector(".live.paused");
    await page.mouse.dblclick(x, y);
    await page.waitForSelector(".live:not(.paused)");
  });
});

test("the pointer on the matrix reads a pair, by names and in polar form", async () => {
  await onPage({}, async (page) => {
    await painted(page, ".matrix canvas", 50);
    await page.locator(".matrix [role=application]").focus();
    await page.keyboard.press("ArrowRight");
    const text = await page.locator(".read-out").textContent();
    assert.match(text ?? "", /Processor 1 – Memory 1.*∠ [+−]?\d+°.*coherence \d\.\d\d/);
  });
});

test("dark and light follow the system until a person chooses", async () => {
  await onPage({ colorScheme: "light" }, async (page) => {
    assert.is(await page.evaluate(() => document.documentElement.dataset["theme"]), "light");
    await page.keyboard.press("t");
    await page.waitForFunction(() => document.documentElement.dataset["theme"] === "dark");
    await page.reload();
    await page.waitForFunction(() => document.documentElement.dataset["theme"] === "dark");
  });
});

test("nothing is cut off sideways in a narrow window", async () => {
  await onPage({ width: 800 }, async (page) => {
    await page.waitForSelector(".channel");
    await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
  });
});

test("a token in the link leaves the address bar and is sent once", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const bodies: (string | null)[] = [];
  await page.route("**/api/login", (route) => {
    bodies.push(route.request().postData());
    return route.fulfill({ status: 204 });
  });
  await page.goto(`${server.url}#token=secret`);
  await page.waitForFunction(() => location.hash === "");
  await page.waitForSelector(".no-data");
  assert.equal(bodies, ['{"token":"secret"}']);
  await context.close();
});

interface PageOptions {
  colorScheme?: "dark" | "light";
  query?: string;
  width?: number;
}

async function onPage(
  { colorScheme = "dark", query = "demo", width = 1440 }: PageOptions,
  act: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(`${server.url}?${query}`);
  try {
    await act(page);
    assert.equal(complaints, []);
  } finally {
    await context.close();
  }
}

/** Waits until a canvas shows more colours than a blank one could. */
test.run();
