// requires: chromium
// runtime: node
// slow
/** An invitation in a real browser: the link of `eigenwatch invite` opens the session with a name and a role, and the role rules the page. */
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { buildDashboard, launchChromium, SLOW_WALK } from "../support/browser.ts";
import { type RunningProgram, run, start } from "../support/program-run.ts";

let browser: Browser;
let live: RunningProgram;
let url = "";

test.before(async () => {
  buildDashboard();
  live = start(["up", "--feed", SLOW_WALK, "--port", "0", "--json"]);
  url = String((await live.line("listening"))["url"]);
  browser = await launchChromium({ isSeldomDrawn: true });
});

test.after(async () => {
  await browser?.close();
  live?.kill("SIGTERM");
  await live?.ended;
});

/** What `eigenwatch invite --json` prints. */
async function invite(...options: string[]): Promise<{ id: string; link: string }> {
  const { code, stdout, stderr } = await run(["invite", "--url", url, "--json", ...options]);
  assert.is(code, 0, stderr);
  return JSON.parse(stdout) as { id: string; link: string };
}

async function onLink(link: string, act: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(link);
    await act(page);
  } finally {
    await context.close();
  }
}

const injectButton = (page: Page) => page.locator("button.action", { hasText: "Inject" });

const asked = (page: Page) =>
  page.evaluate(async () => {
    const body = JSON.stringify({ scenario: "spike", group: "walk", durationSeconds: 1 });
    const headers = { "content-type": "application/json" };
    const { status } = await fetch("api/inject", { method: "POST", headers, body });
    return status;
  });

test("a viewer says a name, sees the session, and cannot inject; revoked, the page is closed", async () => {
  const { id, link } = await invite("--role", "viewer");
  await onLink(link, async (page) => {
    await page.getByLabel("Your name, as others see it").fill("Anna");
    await page.getByRole("button", { name: "Join" }).click();
    await page.waitForSelector(".channel");
    assert.not.match(page.url(), /invite/, "the link leaves the address");
    await page.locator(".person", { hasText: "Anna viewer" }).waitFor();
    assert.is(await injectButton(page).isDisabled(), true);
    assert.match((await injectButton(page).getAttribute("title")) ?? "", /editor or owner; yours is viewer/);
    await page.locator("body").press("i");
    assert.is(await page.locator("dialog[open]").count(), 0);
    assert.is(await asked(page), 403);
    const revoked = await run(["revoke", id, "--url", url]);
    assert.is(revoked.code, 0, revoked.stderr);
    await page.locator(".connection.at-refused").waitFor();
  });
});

test("an editor injects under the name of the invitation, which is used up then", async () => {
  const { link } = await invite("--role", "editor", "--guest-name", "Ben");
  await onLink(link, async (page) => {
    await page.locator(".person", { hasText: "Ben editor" }).waitFor();
    assert.is(await injectButton(page).isDisabled(), false);
    assert.is(await asked(page), 200);
    const event = await live.line("event", ({ kind }) => kind === "injection.started");
    const { author, authorRole } = event["detail"] as Record<string, string>;
    assert.equal([author, authorRole], ["guest Ben at 127.0.0.1", "editor"]);
    await page.goto(link);
    await page.reload();
    await page.locator(".person", { hasText: "Ben editor" }).waitFor();
  });
  await onLink(link, async (page) => {
    await page.getByRole("alert").filter({ hasText: "uses are used up (1)" }).waitFor();
  });
});

test.run();
