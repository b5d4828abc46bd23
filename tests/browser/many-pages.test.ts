// requires: chromium
// runtime: node
// slow
/**
 * People at as many pages change one session at once, at random from a seed: notes, levels, acknowledgements, panels. Afterwards all pages and the
 * document say the same, and no browser has complained. Ten pages for a minute: npm test -- --long many-pages.
 */
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import { joinSession, type SharedSession } from "../../collab/shared-session.ts";
import { buildDashboard, complaintsOf, launchChromium, SLOW_WALK } from "../support/browser.ts";
import { type RunningProgram, start } from "../support/program-run.ts";
import { uniforms } from "../support/random-streams.ts";

const IS_LONG = process.env["EIGENWATCH_LONG"] === "1";
const PAGES = IS_LONG ? 10 : 4;
/** Changes of each page, at least: each is drawn by all pages. */
const CHANGES = 10;
const LONG_MS = IS_LONG ? 60_000 : 0;
const SEED = Number(process.env["EIGENWATCH_SEED"] ?? 7);
/** Below all values of the walk: the alerts of its levels fire. */
const FAR_BELOW = -1_000_000;

let browser: Browser;
let live: RunningProgram;
let url = "";
let session: SharedSession;

test.before(async () => {
  buildDashboard();
  live = start(["up", "--feed", SLOW_WALK, "--port", "0", "--json"]);
  url = String((await live.line("listening"))["url"]);
  browser = await launchChromium({ isSeldomDrawn: true });
  session = joinSession(`${url.replace(/^http/, "ws")}collab/local`, { WebSocket: WebSocket as never });
  await session.synced();
});

test.after(async () => {
  session?.leave();
  await browser?.close();
  live?.kill("SIGTERM");
  await live?.ended;
});

test(`${PAGES} pages that change everything at once say the same in the end (seed ${SEED})`, async () => {
  // Alerts that fire, for people to acknowledge.
  for (const [k, channel] of (await channels()).entries())
    session.set("thresholds", `low-${k}`, {
      of: { group: "walk", channel },
      direction: "above",
      level: FAR_BELOW,
    });
  await session.saved();
  const complaints: string[][] = [];
  const pages = await Promise.all(
    Array.from({ length: PAGES }, async (_, k) => {
      const page = await (await browser.newContext({ viewport: { width: 800, height: 600 } })).newPage();
      complaints[k] = complaintsOf(page);
      // What compiles the tests names functions by a helper, which functions that run in the page take along.
      await page.addInitScript({ content: "globalThis.__name = (named) => named;" });
      await page.goto(await invite(`Person ${k}`));
      await page.locator(".channel").first().waitFor();
      // A picture that stands still leaves the processor to the changes.
      await page.locator("button.live").click();
      await page.getByRole("button", { name: "Arrangement of the panels" }).click();
      await page.getByRole("button", { name: "Shared", exact: true }).click();
      await page.keyboard.press("Escape");
      return page;
    }),
  );
  const begunMs = performance.now();
  const done = await Promise.all(
    pages.map(async (page, k) => {
      const random = uniforms(SEED * 1_000 + k);
      let changes = 0;
      for (; changes < CHANGES || performance.now() - begunMs < LONG_MS; changes++)
        await page.evaluate(perform, draw(k, changes, random));
      return changes;
    }),
  );
  for (const page of pages) await page.locator(".saving.at-saved").waitFor({ state: "attached" });
  await session.saved();
  await alike(pages);
  assert.equal(complaints.flat(), []);
  const total = done.reduce((sum, each) => sum + each, 0);
  console.log(`${total} changes of ${PAGES} pages in ${((performance.now() - begunMs) / 1000).toFixed(1)} s`);
});

/** What a person does next. `at`: which of the buttons or levels that there are. */
interface Change {
  readonly what: "write" | "press" | "nudge" | "arrange" | "takeBack";
  readonly at: number;
  /** Of a note. */
  readonly body?: string;
  /** Of the buttons, as a pattern. */
  readonly named?: string;
  readonly key?: string;
}

function draw(who: number, k: number, random: () => number): Change {
  const drawn = random();
  const at = Math.floor(random() * 1_000);
  if (drawn < 0.4) return { what: "write", at, body: `note ${who}.${k}` };
  if (drawn < 0.5) return { what: "press", at, named: "^Delete note$" };
  if (drawn < 0.6) return { what: "press", at, named: "^Resolve$" };
  if (drawn < 0.8) return { what: "nudge", at, key: drawn < 0.7 ? "ArrowUp" : "ArrowDown" };
  if (drawn < 0.9) return { what: "press", at, named: "^Acknowledge:|^Assign to me:|^Not mine:" };
  return drawn < 0.97 ? { what: "arrange", at, named: "^Move .* (up|down)$" } : { what: "takeBack", at };
}

/**
 * Makes a change by the page's own elements, as far as they are there: somebody else may have taken them away. By events of the page itself: ten
 * pages on a small machine draw too seldom for a pointer.
 */
async function perform({ what, at, body = "", named = "", key = "" }: Change): Promise<void> {
  const until = async <Found>(find: () => Found | null | undefined): Promise<Found> => {
    for (;;) {
      const found = find();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const buttons = (pattern: string) =>
    [...document.querySelectorAll("button")].filter((button) =>
      new RegExp(pattern).test(button.getAttribute("aria-label") ?? button.textContent ?? ""),
    );
  const press = (pattern: string) => {
    const found = buttons(pattern);
    found[at % Math.max(1, found.length)]?.click();
  };
  const type = (target: Element, pressed: string, ctrlKey = false) => {
    for (const kind of ["keydown", "keyup"])
      target.dispatchEvent(
        new KeyboardEvent(kind, { key: pressed, ctrlKey, bubbles: true, cancelable: true }),
      );
  };
  if (what === "write") {
    buttons("^Notes ")[0]?.click();
    (await until(() => buttons("^New note$")[0])).click();
    const field = await until(() => document.querySelector<HTMLTextAreaElement>(".new-note textarea"));
    field.value = body;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    (await until(() => document.querySelector<HTMLButtonElement>(".new-note [type=submit]:enabled"))).click();
    await until(() => document.querySelector(".new-note") === null);
  } else if (what === "nudge") {
    const tags = document.querySelectorAll<HTMLElement>(".level-tag.level[role=slider]");
    const tag = tags[at % Math.max(1, tags.length)];
    if (tag === undefined) return;
    tag.focus();
    type(tag, key);
    tag.blur();
  } else if (what === "arrange") {
    buttons("^Arrangement of the panels$")[0]?.click();
    await until(() => buttons("^Move ")[0]);
    press(named);
    buttons("^Close$")[0]?.click();
    await until(() => document.querySelector("dialog[open]") === null);
  } else if (what === "takeBack") type(document.body, "z", true);
  else press(named);
}

interface Said {
  readonly notes: readonly string[];
  readonly levels: readonly string[];
  readonly acknowledged: readonly string[];
  readonly panels: readonly string[];
}

/** Waits until all pages say what the document says, and fails with the first that has settled on something else. */
async function alike(pages: readonly Page[]): Promise<void> {
  const showNotes = () => document.querySelector<HTMLElement>(".list-tabs button:nth-of-type(2)")?.click();
  const showEarlier = () => document.querySelector<HTMLElement>(".notes .button.earlier")?.click();
  for (const page of pages) {
    await page.evaluate(showNotes);
    // Of many notes the newest are shown, until the earlier ones are asked for.
    const earlier = page.getByRole("button", { name: /^\d+ earlier notes/ });
    while ((await earlier.count()) > 0) await page.evaluate(showEarlier);
  }
  const expected = (): string => JSON.stringify(ofDocument());
  for (const [k, page] of pages.entries()) {
    let said = "";
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      said = JSON.stringify(await ofPage(page));
      if (said === expected()) break;
      await page.waitForTimeout(LOOK_EVERY_MS);
    }
    assert.is(said, expected(), `page ${k}`);
  }
}

/** Alerts and levels follow within a second; on a machine under load within many. */
const LOOKS_MAX = 300;
const LOOK_EVERY_MS = 100;

function ofDocument(): Said {
  const notes = Object.values(session.all("annotations")) as { body: string; resolved?: boolean }[];
  const thresholds = Object.values(session.all("thresholds")) as { level: number }[];
  const panels = session.all("panels") as Record<string, { order?: string }>;
  const names = ["signals", "measures", "state", "lists"];
  const place = (name: string): number => Number(panels[name]?.order ?? names.indexOf(name));
  return {
    notes: notes.map(({ body, resolved }) => `${body}${resolved === true ? " resolved" : ""}`).sort(),
    levels: thresholds.map(({ level }) => String(level)).sort(),
    acknowledged: (Object.values(session.all("alerts")) as { acknowledgedBy?: string }[])
      .flatMap(({ acknowledgedBy }) => acknowledgedBy ?? [])
      .sort(),
    panels: [...names].sort((a, b) => place(a) - place(b) || names.indexOf(a) - names.indexOf(b)),
  };
}

function ofPage(page: Page): Promise<Said> {
  return page.evaluate(() => {
    const all = (selector: string) => [...document.querySelectorAll(selector)];
    return {
      notes: all(".thread")
        .map((thread) => {
          const body = thread.querySelector(".thread-text")?.textContent ?? "";
          return `${body}${thread.classList.contains("resolved") ? " resolved" : ""}`;
        })
        .sort(),
      levels: all(".level-tag.level")
        .map((tag) => tag.getAttribute("aria-valuenow") ?? "")
        .sort(),
      acknowledged: all(".level-said")
        .flatMap((said) => /, (.*) knows$/.exec(said.textContent ?? "")?.[1] ?? [])
        .sort(),
      panels: all(".place > .panel").map((panel) => {
        const name = panel.classList[1] ?? "";
        return name === "notes" || name === "events" ? "lists" : name;
      }),
    };
  });
}

async function channels(): Promise<string[]> {
  const { groups } = (await (await fetch(`${url}api/channels`)).json()) as {
    groups: { channels: { name: string }[] }[];
  };
  return groups[0]!.channels.map(({ name }) => name);
}

async function invite(name: string): Promise<string> {
  const response = await fetch(`${url}api/invites`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ role: "editor", uses: 1, name }),
  });
  return `${url}#invite=${((await response.json()) as { invite: string }).invite}`;
}

test.run();
