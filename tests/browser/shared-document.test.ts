// requires: chromium
// runtime: node
// slow
/** What the page says of its changes: saving until they are durable, put back with the reason; and what a recording has of them. */
import { join } from "node:path";
import type { Browser, Page, WebSocketRoute } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { joinSession, type SharedSession } from "../../collab/shared-session.ts";
import { ROOTS } from "../../protocol/room-document.ts";
import { buildDashboard, complaintsOf, faultsOf, launchChromium, SLOW_WALK } from "../support/browser.ts";
import { type RunningProgram, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

let browser: Browser;
const programs: RunningProgram[] = [];

test.before(async () => {
  buildDashboard();
  browser = await launchChromium({ isSeldomDrawn: true });
});

test.after(async () => {
  await browser?.close();
  for (const program of programs) program.kill("SIGTERM");
  await Promise.all(programs.map(({ ended }) => ended));
});

test("a note says that it is saving until the session has made it durable", async () => {
  const { url } = await up();
  await onPage(url, async (page, held) => {
    await page.locator(".saving.at-saved").waitFor({ state: "attached" });
    held.hold();
    await newNote(page, "On its way");
    await page.locator(".thread .note-saving").waitFor();
    await page.locator(".saving.at-saving").waitFor({ state: "attached" });
    held.release();
    await page.locator(".thread .note-saving").waitFor({ state: "detached" });
    await page.locator(".saving.at-saved").waitFor({ state: "attached" });
    assert.is(await page.locator(".thread").count(), 1);
  });
});

test("of very many notes the newest are drawn and the others asked for; one that the session does not take disappears again, and the page says what was expected", async () => {
  const { url } = await up();
  const session = await joined(url);
  try {
    await onPage(url, async (page, held) => {
      const notes = (count: number, prefix: string) =>
        session.together(() => {
          for (let k = 0; k < count; k++)
            session.set("annotations", `${prefix}${k}`, { by: "owner", body: "x", fromUs: k + 1 });
        });
      notes(ROOTS.annotations.most / 2, "a");
      notes(ROOTS.annotations.most / 2 - 1, "b");
      await session.saved();
      await list(page, "Notes").click();
      await page.locator(".list-tabs .count", { hasText: String(ROOTS.annotations.most - 1) }).waitFor();
      // The newest of so many are drawn; a press brings the ones before.
      await page.getByRole("button", { name: "799 earlier notes: show 200" }).click();
      await page.getByRole("button", { name: "599 earlier notes: show 200" }).waitFor();
      assert.is(await page.locator(".thread").count(), 400);
      held.hold();
      notes(1, "last");
      await session.saved();
      await newNote(page, "One too many");
      held.release();
      await page
        .getByRole("alert")
        .filter({ hasText: /Your note was put back: expected at most 1000/ })
        .waitFor();
      await page.locator(".thread", { hasText: "One too many" }).waitFor({ state: "detached" });
      await newNote(page, "Still one too many", false);
      await page
        .getByRole("alert")
        .filter({ hasText: /Cannot set annotations.*at most 1000/ })
        .waitFor();
      assert.is(await page.getByPlaceholder("What happened here?").inputValue(), "Still one too many");
    });
  } finally {
    session.leave();
  }
});

test("a note that is written without a connection is there for all when the connection is back", async () => {
  const { url } = await up();
  const session = await joined(url);
  try {
    await onPage(url, async (page, held) => {
      await page.locator(".saving.at-saved").waitFor({ state: "attached" });
      held.refuse(true);
      await page.locator(".saving.at-offline").waitFor();
      await newNote(page, "Written alone");
      await page.locator(".thread .note-saving").waitFor();
      held.refuse(false);
      await page.locator(".saving.at-saved").waitFor({ state: "attached" });
      assert.match(JSON.stringify(session.all("annotations")), /Written alone/);
    });
  } finally {
    session.leave();
  }
});

test("the page of a recording shows the notes that people wrote, and nobody can change them there", async () => {
  const recording = join(temporaryDirectory(), "recording");
  const { program, url } = await up("--record", recording);
  await onPage(url, async (page) => {
    await newNote(page, "Seen live");
    await page.locator(".saving.at-saved").waitFor({ state: "attached" });
  });
  program.kill("SIGTERM");
  await program.ended;
  programs.splice(programs.indexOf(program), 1);
  const replay = start(["replay", recording, "--follow", "--json"]);
  programs.push(replay);
  await onPage(String((await replay.line("listening"))["url"]), async (page) => {
    await page.locator(".transport").waitFor();
    await list(page, "Notes").click();
    const thread = page.locator(".thread", { hasText: "owner: Seen live" });
    await thread.getByRole("button").click();
    await page.locator(".thread.open").waitFor();
    assert.is(await page.getByRole("button", { name: /New note|Resolve|Delete|Answer/ }).count(), 0);
    assert.equal(await faultsOf(page), []);
  });
});

// ---- sessions and pages ----------------------------------------------------------------------------------------

async function up(...more: string[]): Promise<{ program: RunningProgram; url: string }> {
  const program = start(["up", "--feed", SLOW_WALK, "--port", "0", "--json", ...more]);
  programs.push(program);
  return { program, url: String((await program.line("listening"))["url"]) };
}

async function joined(url: string): Promise<SharedSession> {
  const session = joinSession(`${url.replace(/^http/, "ws").replace(/#.*$/, "")}collab/local`, {
    WebSocket: WebSocket as never,
    doc: new Y.Doc(),
  });
  await session.synced();
  return session;
}

/** What the shared document's server sends to the page: it may be held, and connections refused. */
class Line {
  #held: { route: WebSocketRoute; message: string | Buffer }[] | null = null;
  #routes: WebSocketRoute[] = [];
  #isRefused = false;

  async over(page: Page): Promise<void> {
    await page.routeWebSocket(/\/collab\//, (route) => {
      if (this.#isRefused) {
        void route.close({ code: 1013, reason: "away" });
        return;
      }
      this.#routes.push(route);
      const server = route.connectToServer();
      server.onMessage((message) => {
        if (this.#held === null) route.send(message);
        else this.#held.push({ route, message });
      });
    });
  }

  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const { route, message } of held) route.send(message);
  }

  refuse(isRefused: boolean): void {
    this.#isRefused = isRefused;
    if (isRefused)
      for (const route of this.#routes.splice(0)) void route.close({ code: 1013, reason: "away" });
  }
}

async function onPage(url: string, act: (page: Page, line: Line) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    const line = new Line();
    await line.over(page);
    await page.goto(url);
    await page.locator(".channel").first().waitFor();
    await act(page, line);
    assert.equal(complaints, []);
  } finally {
    await context.close();
  }
}

const list = (page: Page, name: string) =>
  page.locator(".list-tabs").getByRole("button", { name: new RegExp(`^${name}`) });

async function newNote(page: Page, body: string, isTaken = true): Promise<void> {
  await list(page, "Notes").click();
  await page.getByRole("button", { name: "New note" }).click();
  await page.getByPlaceholder("What happened here?").fill(body);
  await page.keyboard.press("Enter");
  if (isTaken) await page.locator(".thread", { hasText: body }).waitFor();
}

test.run();
