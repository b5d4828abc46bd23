// requires: chromium
// runtime: node
/** People on one session in real browsers: who is here, under the names that the server verified, and whether the shared document is connected. */
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { buildDashboard, complaintsOf, faultsOf, launchChromium, SLOW_WALK } from "../support/browser.ts";
import { type RunningProgram, run, start } from "../support/program-run.ts";

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

async function started(args: string[]): Promise<{ program: RunningProgram; url: string }> {
  const program = start(args);
  programs.push(program);
  return { program, url: String((await program.line("listening"))["url"]) };
}

async function invite(url: string, name: string, role: string): Promise<string> {
  const args = ["invite", "--url", url, "--json", "--role", role, "--guest-name", name];
  const { code, stdout, stderr } = await run(args);
  assert.is(code, 0, stderr);
  return (JSON.parse(stdout) as { link: string }).link;
}

async function onPage(link: string, act: (page: Page, complaints: string[]) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(link);
    await act(page, complaints);
  } finally {
    await context.close();
  }
}

const face = (page: Page, words: string) => page.locator(".people .face", { hasText: words });

test("people see each other by name and role, and see who leaves; nothing they do is complained of", async () => {
  const { url } = await started(["up", "--feed", SLOW_WALK, "--port", "0", "--json"]);
  const anna = await invite(url, "Anna Berg", "editor");
  const ben = await invite(url, "Ben", "viewer");
  await onPage(anna, async (first, complaints) => {
    await face(first, "Anna Berg (you), editor").waitFor();
    await first.locator(".saving.at-saved").waitFor();
    await onPage(ben, async (second) => {
      await face(second, "Anna Berg, editor").waitFor();
      await face(second, "Ben (you), viewer").waitFor();
      await face(first, "Ben, viewer").waitFor();
      assert.equal(await first.locator(".people .face > [aria-hidden]").allTextContents(), ["AB", "B"]);
      for (const colorScheme of ["dark", "light"] as const) {
        await first.emulateMedia({ colorScheme });
        assert.equal(await faultsOf(first), [], colorScheme);
      }
      await first.setViewportSize({ width: 390, height: 844 });
      await first.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
      await first.setViewportSize({ width: 1440, height: 900 });
    });
    await face(first, "Ben").waitFor({ state: "detached" });
    assert.equal(complaints, []);
  });
});

test("a page that has lost the server says that others do not see it", async () => {
  const { program, url } = await started(["up", "--feed", SLOW_WALK, "--port", "0", "--json"]);
  await onPage(url, async (page) => {
    await page.locator(".saving.at-saved").waitFor();
    programs.splice(programs.indexOf(program), 1);
    program.kill("SIGTERM");
    await page.locator(".saving.at-offline", { hasText: "Not shared" }).waitFor();
    assert.is(await page.locator(".people .face").count(), 0);
  });
  await program.ended;
});

test("the page of a session without a shared document does not load what it would need for one", async () => {
  const { url } = await started(["up", "--feed", SLOW_WALK, "--port", "0", "--json"]);
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const loaded: string[] = [];
    page.on("request", (request) => loaded.push(request.url()));
    await page.route("**/api/sessions", async (route) => {
      const answer = await route.fetch();
      const { sessions } = (await answer.json()) as { sessions: object[] };
      await route.fulfill({ json: { sessions: sessions.map((each) => ({ ...each, sockets: [] })) } });
    });
    await page.goto(url);
    await page.locator("button.action", { hasText: "Inject" }).waitFor();
    assert.is(await page.locator(".together").count(), 0);
    assert.not.ok(loaded.some((each) => /shared-session|collab/.test(each)));
  } finally {
    await context.close();
  }
});

test.run();
