/**
 * Real Chromium for tests of the page: builds the page, serves it with the gateway's content policy, and collects its errors.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";
import { CHROMIUM_FLAGS } from "../../sim/bench/chromium-flags.ts";
import { program } from "./programs.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** The gateway's policy: nothing inline, nothing from other origins. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";

/**
 * Five frames a second, as on a slow machine: drawn sixty times a second without a graphics card, a page that is left open takes twice the CPU
 * time. What a test itself waits for has frames of its own.
 */
const SELDOM_DRAWN = `{
  const frame = requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (draw) => setTimeout(() => frame(draw), 200);
  globalThis.cancelAnimationFrame = (handle) => clearTimeout(handle);
}`;

/** Longer than any step takes on a busy machine, shorter than the runner's limit for a file: so a step that never ends is named. */
const STEP_MS = 150_000;

/** Asking without a pause would take the machine from what is waited for: reading a canvas is as much work as drawing it. */
const LOOK_EVERY_MS = 100;

/** Resolves when it holds. Throws, with what was found last, when it does not for longer than any step takes. */
export async function until<Found>(
  find: () => Promise<Found>,
  holds: (found: Found) => boolean,
): Promise<void> {
  const endMs = performance.now() + STEP_MS;
  for (;;) {
    const found = await find();
    if (holds(found)) return;
    if (performance.now() > endMs)
      throw new Error(`Waited ${STEP_MS / 1000} s for ${holds}; found ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** A browser for tests. `isSeldomDrawn`: for tests that do not point at what is drawn. */
export async function launchChromium({ isSeldomDrawn = false } = {}): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: program("chromium") ?? "chromium",
    args: CHROMIUM_FLAGS,
  });
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    context.setDefaultTimeout(STEP_MS);
    if (isSeldomDrawn) await context.addInitScript({ content: SELDOM_DRAWN });
    return context;
  };
  return browser;
}

/** Four channels, ten frames a second: enough for tests of what people do, and a quarter of the work of the usual walk. */
export const SLOW_WALK = "walk?channels=4&rate=40&frame=4&seed=2";

/** Builds the page if its sources changed. Throws the build's output when it fails. */
export function buildDashboard(): string {
  const [program = "", ...rest] = ownRuntime().builtCommand;
  const { status, stdout, stderr } = spawnSync(program, [...rest, ".ci/build.mjs", "dashboard", "--quiet"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`Cannot build the dashboard:\n${stdout}${stderr}`);
  return join(ROOT, "dist", "dashboard");
}

export async function serveFolder(folder: string): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const name = path === "/" ? "/index.html" : path;
    try {
      const bytes = readFileSync(join(folder, name));
      const type = TYPES[extname(name)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Errors and warnings of the page's console, each with the address that it is about, and exceptions. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.stack ?? error.message}`));
  return complaints;
}

/** Resolves when a canvas shows so many different colours: 1 means that nothing was drawn. */
export async function painted(page: Page, selector: string, colours: number): Promise<void> {
  await page.waitForSelector(selector);
  await page.waitForFunction(
    ([place, expected]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(place);
      if (canvas === null || canvas.width * canvas.height === 0) return false;
      // A copy is read: the page's own canvas stays what it is.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {
        willReadFrequently: true,
      });
      if (copy === null) return false;
      copy.drawImage(canvas, 0, 0);
      const seen = new Set<number>();
      for (const pixel of new Uint32Array(copy.getImageData(0, 0, canvas.width, canvas.height).data.buffer)) {
        seen.add(pixel);
        if (seen.size >= expected) return true;
      }
      return false;
    },
    [selector, colours] as const,
    { polling: LOOK_EVERY_MS },
  );
}

/** Pictures of pages for people to look at, in the system's temporary folder: EIGENWATCH_PICTURES=1 npm test -- browser/ */
export async function picture(page: Page, name: string, fullPage = false): Promise<void> {
  if (process.env["EIGENWATCH_PICTURES"] !== "1") return;
  await page.screenshot({ path: join(tmpdir(), `eigenwatch-${name}.png`), fullPage });
}

/** The serious faults of accessibility that axe finds in a page. */
export async function faultsOf(page: Page): Promise<string[]> {
  // By evaluate: the page's policy forbids inline script elements.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary}`);
  });
}

interface Axe {
  run(options: { resultTypes: string[] }): Promise<{
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
  }>;
}
