// requires: chromium
// runtime: node
// slow
/** Two people on one session in real browsers: what one does the other sees. */
import type { Browser, Locator, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  buildDashboard,
  complaintsOf,
  faultsOf,
  launchChromium,
  picture,
  SLOW_WALK,
  until,
} from "../support/browser.ts";
import { type RunningProgram, start } from "../support/program-run.ts";

let browser: Browser;
let live: RunningProgram;
let url = "";

test.before(async () => {
  buildDashboard();
  live = start(["up", "--feed", SLOW_WALK, "--port", "0", "--json"]);
  url = String((await live.line("listening"))["url"]);
  browser = await launchChromium();
});

test.after(async () => {
  await browser?.close();
  live?.kill("SIGTERM");
  await live?.ended;
});

test("a person marks a stretch of time and writes a note; others see, show and answer it, and only the author ends it", async () => {
  await onPages(["Ana", "Ben"], async (ana, ben) => {
    await markByDragging(ana);
    await ana.getByPlaceholder("What happened here?").fill("The pump was changed");
    await ana.getByRole("button", { name: "Save note" }).click();
    const thread = ana.locator(".thread.open", { hasText: "The pump was changed" });
    await thread.waitFor();
    await list(ben, "Notes").click();
    const seen = ben.locator(".thread", { hasText: "Ana: The pump was changed" });
    await seen.getByRole("button", { name: /The pump was changed/ }).click();
    assert.match((await seen.textContent()) ?? "", /\d\d:\d\d:\d\d to \d\d:\d\d:\d\d/);
    await ben.getByRole("button", { name: "Follow live" }).waitFor();
    assert.is(await seen.getByRole("button", { name: /Resolve|Delete note/ }).count(), 0, "it is not his");
    await ben.getByLabel("Answer", { exact: true }).fill("Which one?");
    await ben.keyboard.press("Enter");
    await ana.locator(".answer", { hasText: "Ben: Which one?" }).waitFor();
    assert.is(await ana.getByRole("button", { name: /Delete the answer/ }).count(), 0, "it is not hers");
    await picture(ana, "notes");
    await ana.getByRole("button", { name: "Resolve" }).click();
    await ben.locator(".thread.resolved").waitFor();
    await ana.getByRole("button", { name: "Delete note" }).click();
    await ben.locator(".thread", { hasText: "The pump was changed" }).waitFor({ state: "detached" });
    await ben.locator(".thread", { hasText: "Which one?" }).waitFor();
    await ana.locator("body").press("Control+z");
    await ben.locator(".thread", { hasText: "The pump was changed" }).waitFor();
    for (const page of [ana, ben]) assert.equal(await faultsOf(page), []);
    await ana.getByRole("button", { name: "Delete note" }).click();
    await ben.locator(".thread-head", { hasText: "Which one?" }).click();
    await ben.getByRole("button", { name: "Delete note" }).click();
    await ana.locator(".thread").waitFor({ state: "detached" });
  });
});

test("a note is written with the keyboard alone: Enter on a chart begins a stretch of time and ends it", async () => {
  await onPages(["Ana"], async (ana) => {
    await ana.locator(".signals .chart-box").focus();
    await ana.keyboard.press("ArrowLeft");
    await ana.keyboard.press("Enter");
    for (let k = 0; k < 3; k++) await ana.keyboard.press("Shift+ArrowLeft");
    // As fast as the browser takes them.
    await Promise.all([ana.keyboard.press("Enter"), ana.keyboard.type("Typed only")]);
    await ana.keyboard.press("Enter");
    const thread = ana.locator(".thread.open", { hasText: "Typed only" });
    await thread.waitFor();
    assert.match((await thread.textContent()) ?? "", / to /);
    await ana.getByRole("button", { name: "Delete note" }).press("Enter");
    await thread.waitFor({ state: "detached" });
    await ana.locator(".signals .chart-box").focus();
    await ana.keyboard.press("Enter");
    await ana.keyboard.press("Escape");
    assert.is(await ana.locator(".new-note").count(), 0);
  });
});

test("a press on the mark of a note at a chart shows its thread and its moment", async () => {
  await onPages(["Ana"], async (ana) => {
    // A picture that follows would carry the mark away from where it was made.
    await ana.locator("button.live").click();
    await ana.locator(".live.paused").waitFor();
    const box = await markByDragging(ana);
    await ana.getByPlaceholder("What happened here?").fill("Here");
    await ana.keyboard.press("Enter");
    const head = ana.locator(".thread.open .thread-head");
    await head.click();
    await list(ana, "Incidents").click();
    // The mark lies at the bottom of the plot, above the labels of the times.
    await ana.mouse.click(box.fromX, box.y + box.height - 32);
    await ana.locator(".thread.open", { hasText: "Here" }).waitFor();
    await ana.getByRole("button", { name: "Delete note" }).click();
  });
});

test("people see each other's cursors, and follow a person until they move or press Escape", async () => {
  await onPages(["Ana", "Ben"], async (ana, ben) => {
    const face = ben.getByRole("button", { name: /Ana, editor/ });
    await face.waitFor();
    const empty = await inkOf(ben);
    const box = (await ana.locator(".signals .chart-box").boundingBox())!;
    await ana.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await untilInk(ben, (ink) => ink > empty);
    await face.click();
    const banner = ben.locator(".follow-banner", { hasText: "Following Ana" });
    await banner.waitFor();
    await span(ana, "10s").click();
    await ben.waitForFunction(
      () => document.querySelector(".signals .segments [aria-pressed=true]")?.textContent === "10s",
    );
    assert.equal(await faultsOf(ben), []);
    await picture(ben, "follow");
    await ben.locator("body").press("Escape");
    await banner.waitFor({ state: "detached" });
    await face.click();
    await banner.waitFor();
    await span(ben, "5m").click();
    await banner.waitFor({ state: "detached" });
    await span(ana, "1m").click();
    await ana.mouse.move(1, 1);
    await untilInk(ben, (ink) => ink <= empty);
    assert.is(await pressed(ben), "5m");
  });
});

test("a level is set where the chart is pressed, moved by dragging and by keys, and others see it move", async () => {
  await onPages(["Ana", "Ben"], async (ana, ben) => {
    const box = (await ana.locator(".signals .chart-box").boundingBox())!;
    await ana.mouse.click(box.x + 60, box.y + box.height / 2, { button: "right" });
    assert.match(await ana.locator("input[name=level]").inputValue(), /\d/);
    await ana.getByLabel("Severity").selectOption("critical");
    await ana.getByLabel("For at least").fill("7200");
    await ana.getByRole("button", { name: "Set threshold", exact: true }).click();
    await ana.locator(".threshold-list li").waitFor();
    await ana.keyboard.press("Escape");
    const own = ana.getByRole("slider", { name: /^Level of/ });
    const other = ben.getByRole("slider", { name: /^Level of/ });
    await other.waitFor();
    const before = await levelOf(own);
    const tag = (await own.boundingBox())!;
    await ana.mouse.move(tag.x + 10, tag.y + 10);
    await ana.mouse.down();
    await ana.mouse.move(tag.x + 10, tag.y - 20);
    await ana.mouse.move(tag.x + 10, tag.y - 30);
    await ben.locator(".level-said", { hasText: "Ana moves it" }).waitFor();
    await ana.mouse.up();
    await ben.locator(".level-said", { hasText: "Ana moves it" }).waitFor({ state: "detached" });
    const dragged = await levelOf(own);
    assert.ok(dragged > before, `${dragged} after ${before}`);
    assert.is(await levelOf(other), dragged);
    await ben.getByRole("slider", { name: /clears$/ }).focus();
    for (let k = 0; k < 5; k++) await ben.keyboard.press("ArrowDown");
    await ana.waitForFunction((level) => {
      const clears = document.querySelector(".level-tag.clears")?.getAttribute("aria-valuenow");
      return clears != null && Number(clears) < level;
    }, dragged);
    for (const colorScheme of ["dark", "light"] as const) {
      await ana.emulateMedia({ colorScheme });
      assert.equal(await faultsOf(ana), [], colorScheme);
    }
    await picture(ana, "levels");
    await own.focus();
    await ana.keyboard.press("Enter");
    await ana.getByRole("button", { name: "Change threshold", exact: true }).waitFor();
    await ana.locator("input[name=level]").fill("-1000000");
    await ana.getByLabel("Clear level").fill("-1000000");
    await ana.getByLabel("For at least").fill("0");
    await ana.getByRole("button", { name: "Change threshold", exact: true }).click();
    await ana.keyboard.press("Escape");
    await ben.locator(".at-firing .level-said", { hasText: "firing" }).waitFor();
    await ben.getByRole("button", { name: /^Acknowledge/ }).click();
    await ana.locator(".level-said", { hasText: "Ben knows" }).waitFor();
    await ana.getByRole("button", { name: /^Assign…/ }).click();
    await ana.getByRole("button", { name: /^Assign to Ben/ }).click();
    await ben.locator(".alert", { hasText: "Ben cares for it" }).waitFor();
    await own.focus();
    await ana.keyboard.press("Delete");
    await other.waitFor({ state: "detached" });
  });
});

test("Ctrl and Z takes back what the person changed, and nothing that others did", async () => {
  await onPages(["Ana", "Ben"], async (ana, ben) => {
    await newLevel(ana);
    await ben
      .getByRole("slider", { name: /^Level of/ })
      .first()
      .waitFor();
    await newNote(ben, "Of Ben");
    await list(ana, "Notes").click();
    await ana.locator(".thread", { hasText: "Of Ben" }).waitFor();
    await ana.locator("body").press("Control+z");
    await ben.getByRole("slider", { name: /^Level of/ }).waitFor({ state: "detached" });
    await ana.locator("body").press("Control+z");
    await ana.locator(".sr", { hasText: "nothing of yours" }).waitFor({ state: "attached" });
    assert.is(await ana.locator(".thread", { hasText: "Of Ben" }).count(), 1);
    await ana.locator("body").press("Control+Shift+z");
    await ben.getByRole("slider", { name: /^Level of/ }).waitFor();
    await ana.locator("body").press("Control+z");
    await ben.locator("body").press("Control+z");
    await ana.locator(".thread").waitFor({ state: "detached" });
  });
});

test("an arrangement is one's own until it is shared, and is there again when the page is loaded again", async () => {
  await onPages(["Ana", "Ben"], async (ana, ben) => {
    await arrange(ana, "Private");
    await ana.getByRole("checkbox", { name: "How much moves together" }).uncheck();
    await ana.locator(".measures").waitFor({ state: "detached" });
    assert.is(await ben.locator(".measures").count(), 1);
    await ana.getByRole("button", { name: "Share mine with all" }).click();
    await arrange(ben, "Shared");
    await ben.locator(".measures").waitFor({ state: "detached" });
    await ben.getByRole("button", { name: "Move Who moves with whom up" }).click();
    await ana.waitForFunction(() => document.querySelector(".place-1 .signals, .place-2 .state") !== null);
    assert.equal(await faultsOf(ben), []);
    await picture(ben, "arrangement");
    await ben.reload();
    await ben.locator(".channel").first().waitFor();
    await ben.locator(".measures").waitFor({ state: "detached" });
    await arrange(ben, "Private");
    await ben.locator(".measures").waitFor();
    await ana.getByRole("checkbox", { name: "How much moves together" }).check();
    await ana.locator(".measures").waitFor();
  });
});

test("the page with notes, levels and people fits into 390 pixels, without a serious accessibility fault", async () => {
  await onPages(["Ana", "Ben"], async (ana, ben) => {
    await newLevel(ben);
    await newNote(
      ben,
      "A note that is long enough to need more than one line on a telephone, as notes of people are",
    );
    await ana.setViewportSize({ width: 390, height: 844 });
    await list(ana, "Notes").click();
    await ana.locator(".thread-head").click();
    await ana.getByRole("button", { name: /Ben, editor/ }).click();
    for (const colorScheme of ["dark", "light"] as const) {
      await ana.emulateMedia({ colorScheme });
      await ana.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
      assert.equal(await faultsOf(ana), [], colorScheme);
      await picture(ana, `together-narrow-${colorScheme}`, true);
    }
    await ben.locator("body").press("Control+z");
    await ben.locator("body").press("Control+z");
    await ana.locator(".thread").waitFor({ state: "detached" });
  });
});

// ---- people and pages ------------------------------------------------------------------------------------------

async function onPages(
  names: readonly string[],
  act: (...pages: [Page, Page]) => Promise<void>,
): Promise<void> {
  const contexts = await Promise.all(
    names.map(() => browser.newContext({ viewport: { width: 1440, height: 900 } })),
  );
  try {
    const complaints: string[][] = [];
    const pages: Page[] = [];
    for (const [k, context] of contexts.entries()) {
      const page = await context.newPage();
      complaints.push(complaintsOf(page));
      await page.goto(await invite(names[k]!));
      await page.locator(".channel").first().waitFor();
      await page.locator(".saving.at-saved").waitFor({ state: "attached" });
      pages.push(page);
    }
    await act(...(pages as [Page, Page]));
    assert.equal(complaints.flat(), []);
  } finally {
    await Promise.all(contexts.map((context) => context.close()));
  }
}

async function invite(name: string): Promise<string> {
  const response = await fetch(`${url}api/invites`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ role: "editor", uses: 1, name }),
  });
  return `${url}#invite=${((await response.json()) as { invite: string }).invite}`;
}

const list = (page: Page, name: string): Locator =>
  page.locator(".list-tabs").getByRole("button", { name: new RegExp(`^${name}`) });

const span = (page: Page, label: string): Locator =>
  page.locator(".signals .segments").getByRole("button", { name: label, exact: true });

const pressed = (page: Page): Promise<string | null> =>
  page.locator(".signals .segments [aria-pressed=true]").textContent();

const levelOf = async (tag: Locator): Promise<number> => Number(await tag.getAttribute("aria-valuenow"));

async function markByDragging(page: Page): Promise<{ fromX: number; y: number; height: number }> {
  const { x, y, width, height } = (await page.locator(".signals .chart-box").boundingBox())!;
  const fromX = x + width * 0.6;
  await page.keyboard.down("Shift");
  await page.mouse.move(fromX, y + 40);
  await page.mouse.down();
  await page.mouse.move(fromX + 30, y + 42);
  await page.mouse.move(fromX + 90, y + 44);
  await page.mouse.up();
  await page.keyboard.up("Shift");
  return { fromX, y, height };
}

async function newNote(page: Page, body: string): Promise<void> {
  await list(page, "Notes").click();
  await page.getByRole("button", { name: "New note" }).click();
  await page.getByPlaceholder("What happened here?").fill(body);
  await page.keyboard.press("Enter");
  await page.locator(".thread", { hasText: body }).waitFor();
}

async function newLevel(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Thresholds", exact: true }).click();
  await page.locator("input[name=level]").fill("1000000");
  await page.getByRole("button", { name: "Set threshold", exact: true }).click();
  await page.locator(".threshold-list li").waitFor();
  await page.keyboard.press("Escape");
}

async function arrange(page: Page, whose: "Private" | "Shared"): Promise<void> {
  const button = page.getByRole("button", { name: whose, exact: true });
  if ((await button.count()) === 0)
    await page.getByRole("button", { name: "Arrangement of the panels" }).click();
  await button.click();
}

/** Pixels on the layer of cursors that are not empty. */
function inkOf(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".signals canvas.over")!;
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {
      willReadFrequently: true,
    })!;
    copy.drawImage(canvas, 0, 0);
    const pixels = new Uint32Array(copy.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return pixels.filter((pixel) => pixel !== 0).length;
  });
}

function untilInk(page: Page, holds: (ink: number) => boolean): Promise<void> {
  return until(() => inkOf(page), holds);
}

test.run();
