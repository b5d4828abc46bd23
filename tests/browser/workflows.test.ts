// requires: chromium
// runtime: node
// timeout: 240
/** A workflow in real browsers: people start it, do its steps, and hear who was first. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { buildDashboard, complaintsOf, faultsOf, launchChromium, SLOW_WALK } from "../support/browser.ts";
import { type RunningProgram, run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

let browser: Browser;
let program: RunningProgram;
let url: string;

const DESK = `name: desk
title: Desk check
steps:
  connect: {title: Connect feeds, until: connected}
  call: {title: Call the desk, instructions: Everybody is at their screens.}
  review: {title: Review signals, after: [connect, call]}
  sign: {title: Sign off, after: review, role: owner}
`;

test.before(async () => {
  buildDashboard();
  browser = await launchChromium({ isSeldomDrawn: true });
  const file = join(temporaryDirectory(), "desk.yaml");
  writeFileSync(file, DESK);
  program = start(["up", "--feed", SLOW_WALK, "--workflow", file, "--port", "0", "--json"]);
  url = String((await program.line("listening"))["url"]);
});

test.after(async () => {
  await browser?.close();
  program?.kill("SIGTERM");
  await program?.ended;
});

async function opened(link: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(link);
  await page.locator(".workflows").waitFor();
  return page;
}

async function guest(name: string, role: string): Promise<Page> {
  const { stdout } = await run(["invite", "--url", url, "--json", "--role", role, "--guest-name", name]);
  return opened((JSON.parse(stdout) as { link: string }).link);
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const step = (page: Page, title: string) => page.locator(".workflow-step", { hasText: title });

test("two people work through a run: each sees what the other does, and whose turn it is", async () => {
  const [anna, ben, viewer] = await Promise.all([
    guest("Anna", "editor"),
    guest("Ben", "editor"),
    guest("Vera", "viewer"),
  ]);
  const complaints = complaintsOf(anna);
  await press(anna, "Start Desk check");
  for (const page of [anna, ben, viewer]) await press(page, "Show steps");
  await step(ben, "Connect feeds")
    .filter({ hasText: "Done" })
    .filter({ hasText: "1 feed is connected" })
    .waitFor();
  await step(ben, "Review signals").filter({ hasText: "waits for Call the desk" }).waitFor();
  await step(ben, "Call the desk").filter({ hasText: "Everybody is at their screens." }).waitFor();

  await press(anna, "Take: Call the desk");
  await step(viewer, "Call the desk").filter({ hasText: "Running" }).filter({ hasText: "by Anna" }).waitFor();
  await anna.getByLabel("Note on Call the desk").fill("all are there");
  await press(anna, "Done: Call the desk");
  await step(ben, "Call the desk").filter({ hasText: "by Anna · all are there" }).waitFor();
  await press(ben, "Done: Review signals");
  await anna.getByText("3 of 4 · Sign off waits for somebody").waitFor();
  assert.is(await step(anna, "Sign off").getByRole("button").count(), 0, "it is for an owner");
  assert.is(await viewer.getByRole("button", { name: "Start Desk check" }).isDisabled(), true);

  const owner = await opened(url);
  await press(owner, "Show steps");
  await press(owner, "Done: Sign off");
  await anna.getByText("4 of 4 · done").waitFor();
  for (const colorScheme of ["dark", "light"] as const) {
    await anna.emulateMedia({ colorScheme });
    assert.equal(await faultsOf(anna), [], colorScheme);
  }
  await anna.setViewportSize({ width: 390, height: 844 });
  await anna.waitForFunction(() => {
    const parts = [...document.querySelectorAll(".workflows, .workflows *")];
    return parts.every((part) => part.getBoundingClientRect().right <= innerWidth);
  });
  assert.equal(complaints, []);
});

test("a request that comes second says who was first", async () => {
  const [anna, ben] = await Promise.all([guest("Anna", "editor"), guest("Ben", "editor")]);
  await press(anna, "Start Desk check");
  await anna.getByText("desk.2").first().waitFor();
  await ben.getByText("desk.2").first().waitFor();
  await press(ben, "Show steps");
  await press(anna, "Show steps");
  await ben.getByRole("button", { name: "Take: Call the desk" }).waitFor();
  // A press that was on its way when the page changed.
  await ben.evaluate(() => {
    const button = document.querySelector<HTMLButtonElement>('button[aria-label="Take: Call the desk"]')!;
    (globalThis as { held?: HTMLButtonElement }).held = button;
  });
  await press(anna, "Take: Call the desk");
  await step(ben, "Call the desk").filter({ hasText: "by Anna" }).waitFor();
  await ben.evaluate(() => (globalThis as { held?: HTMLButtonElement }).held!.click());
  await ben.locator(".workflows [role=alert]", { hasText: "Call the desk is running, by Anna" }).waitFor();
});

test.run();
