// requires: chromium
// runtime: node
// slow
/** Thresholds and alerts in a real browser: set on the page, shown with value and unit, taken on by people, refused to viewers. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { AlertsStatus } from "../../protocol/controls.ts";
import { buildDashboard, complaintsOf, faultsOf, launchChromium, SLOW_WALK } from "../support/browser.ts";
import { type RunningProgram, run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const ENDPOINT = "http://127.0.0.1:9/send";

/** Below all values of the walk, so that any value is above it. */
const FAR_BELOW = "-1000000";

let browser: Browser;
let live: RunningProgram;
let url = "";

test.before(async () => {
  buildDashboard();
  const folder = temporaryDirectory();
  const config = join(folder, "config.json");
  // Nobody listens there: this browser has no push service.
  const push = {
    subject: "mailto:ops@example.org",
    keyFile: join(folder, "key"),
    services: [new URL(ENDPOINT).origin],
  };
  writeFileSync(config, JSON.stringify({ notify: { push } }));
  live = start(["up", "--feed", SLOW_WALK, "--config", config, "--port", "0", "--json"]);
  url = String((await live.line("listening"))["url"]);
  browser = await launchChromium({ isSeldomDrawn: true });
});

test.after(async () => {
  await browser?.close();
  live?.kill("SIGTERM");
  await live?.ended;
});

test("a person sets a threshold by the form, and its alert is shown until they remove it", async () => {
  await onPage(url, async (page) => {
    await setThreshold(page, { level: FAR_BELOW, severity: "critical" });
    const alert = page.locator(".alerts .alert.at-firing");
    await alert.waitFor();
    assert.match(
      (await alert.textContent()) ?? "",
      /^critical: \S.* above \S+ .*fires, beyond its level for/,
    );
    await page.locator(".event", { hasText: /is .*, above -/ }).waitFor();
    assert.equal(await faultsOf(page), []);
    await page.getByRole("button", { name: "Remove the threshold" }).click();
    await page.getByText("There are none yet").waitFor();
    await page.keyboard.press("Escape");
    await alert.waitFor({ state: "detached" });
    await page.locator(".event", { hasText: "threshold was removed" }).waitFor();
  });
});

test("the form shows why the session refuses a threshold, and keeps what was typed", async () => {
  await onPage(url, async (page) => {
    await setThreshold(page, { level: "5", clearLevel: "6" });
    await page.getByRole("alert").filter({ hasText: "at most the level 5" }).waitFor();
    assert.is(await page.getByLabel("Clear level").inputValue(), "6");
    assert.equal((await alertsOf(url)).alerts, []);
  });
});

test("an alert that needs longer beyond its level says in which time it fires", async () => {
  await onPage(url, async (page) => {
    await setThreshold(page, { level: FAR_BELOW, dwellSeconds: "7200" });
    await page.keyboard.press("Escape");
    const alert = page.locator(".alerts .alert.at-pending", { hasText: /fires in (2|1\.9) h if it stays/ });
    await alert.waitFor();
    assert.is(await alert.getByRole("button").count(), 0, "nobody need act yet");
    await removeAll(page);
  });
});

test("people acknowledge an alert, assign it to themselves and snooze it; a viewer sees that and may not", async () => {
  const editor = await invite("--role", "editor", "--guest-name", "Ben");
  const viewer = await invite("--role", "viewer", "--guest-name", "Vera");
  await onPage(editor, async (page) => {
    await page.locator(".person", { hasText: "Ben editor" }).waitFor();
    await setThreshold(page, { level: FAR_BELOW });
    await page.keyboard.press("Escape");
    await onPage(viewer, async (other) => {
      const refused = other.getByRole("button", { name: /^Acknowledge/ });
      await refused.waitFor();
      assert.is(await refused.isDisabled(), true);
      assert.match((await refused.getAttribute("title")) ?? "", /editor or owner; yours is viewer/);
      assert.equal(await faultsOf(other), []);
      await page.getByRole("button", { name: /^Acknowledge/ }).click();
      await other.locator(".alert", { hasText: /acknowledged by Ben/ }).waitFor();
      await page.getByRole("button", { name: /^Assign to me/ }).click();
      await other.locator(".alert", { hasText: "Ben cares for it" }).waitFor();
      await page.getByRole("button", { name: /^Not mine/ }).waitFor();
      await page.getByRole("button", { name: /^Snooze/ }).click();
      await page.getByRole("button", { name: /^Snooze 1 h/ }).click();
      await other.locator(".alert", { hasText: /snoozed until \d\d:\d\d/ }).waitFor();
      await page.getByRole("button", { name: /^End snooze/ }).click();
      await page.getByRole("button", { name: /^Snooze:/ }).waitFor();
      await other.locator("body").press("a");
      assert.is(await other.getByRole("button", { name: "Set threshold", exact: true }).isDisabled(), true);
      await other.getByText(/Needs the role editor or owner/).waitFor();
      assert.is(await other.getByRole("button", { name: /^Acknowledge/ }).count(), 0);
    });
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      assert.equal(await faultsOf(page), [], colorScheme);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
    await page.setViewportSize({ width: 1440, height: 900 });
    await removeAll(page);
  });
});

test("a person has notices in this browser switched on and off, and the browser shows what is pushed to it", async () => {
  await onPage(url, async (page) => {
    await page.context().grantPermissions(["notifications"]);
    await page.addInitScript({ content: PUSH_SERVICE });
    await page.reload();
    await page.waitForSelector(".channel");
    await page.getByRole("button", { name: "Thresholds", exact: true }).click();
    const box = page.getByLabel(/Tell me in this browser/);
    assert.is(await box.isChecked(), false);
    const subscribed = page.waitForResponse(/api\/push$/);
    await box.check();
    assert.is((await subscribed).status(), 200);
    assert.equal(await faultsOf(page), []);
    await pushTo(page, { tag: "t", session: "local", severity: "warning", title: "Processor is hot" });
    await page.waitForFunction(async () => {
      const shown = await (await navigator.serviceWorker.ready).getNotifications();
      return shown.some(({ title, body }) => title === "Processor is hot" && body === "warning · local");
    });
    const ended = page.waitForResponse(/api\/push\/remove$/);
    await box.uncheck();
    assert.is((await ended).status(), 200);
    assert.is(await box.isChecked(), false);
  });
});

/** What a push service would do, for this browser has none. As text: what compiles the tests adds names that a page does not have. Keys of 65 and 16 bytes. */
const PUSH_SERVICE = `
  let subscription = null;
  const keys = { p256dh: "A".repeat(87), auth: "A".repeat(22) };
  const endpoint = ${JSON.stringify(ENDPOINT)};
  PushManager.prototype.getSubscription = async () => subscription;
  PushManager.prototype.subscribe = async () => {
    const unsubscribe = async () => void (subscription = null);
    return (subscription = { endpoint, unsubscribe, toJSON: () => ({ endpoint, keys }) });
  };
`;

/** As the browser does with what its push service brings. */
async function pushTo(page: Page, data: object): Promise<void> {
  const devTools = await page.context().newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    devTools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      const [first] = registrations;
      if (first !== undefined) resolve(first.registrationId);
    });
  });
  await devTools.send("ServiceWorker.enable");
  const registrationId = await registered;
  const origin = new URL(url).origin;
  await devTools.send("ServiceWorker.deliverPushMessage", {
    origin,
    registrationId,
    data: JSON.stringify(data),
  });
  await devTools.detach();
}

interface Typed {
  level: string;
  clearLevel?: string;
  dwellSeconds?: string;
  severity?: string;
}

async function setThreshold(page: Page, { level, clearLevel, dwellSeconds, severity }: Typed): Promise<void> {
  await page.waitForSelector(".channel");
  await page.getByRole("button", { name: "Thresholds", exact: true }).click();
  await page.locator("input[name=level]").fill(level);
  if (clearLevel !== undefined) await page.getByLabel("Clear level").fill(clearLevel);
  if (dwellSeconds !== undefined) await page.getByLabel("For at least").fill(dwellSeconds);
  if (severity !== undefined) await page.getByLabel("Severity").selectOption(severity);
  await page.getByRole("button", { name: "Set threshold", exact: true }).click();
}

async function removeAll(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Thresholds", exact: true }).click();
  await page.getByRole("button", { name: "Remove the threshold" }).click();
  await page.getByText("There are none yet").waitFor();
}

async function alertsOf(of: string): Promise<AlertsStatus> {
  return (await (await fetch(`${of}api/alerts`)).json()) as AlertsStatus;
}

async function invite(...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(["invite", "--url", url, "--json", ...options]);
  assert.is(code, 0, stderr);
  return (JSON.parse(stdout) as { link: string }).link;
}

async function onPage(of: string, act: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(of);
  try {
    await act(page);
    // The browser itself reports refused requests.
    assert.equal(
      complaints.filter((each) => !/status of 400/.test(each)),
      [],
    );
  } finally {
    await context.close();
  }
}

test.run();
