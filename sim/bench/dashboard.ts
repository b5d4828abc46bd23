/**
 * CPU time of the page on the browser's main thread: 64 channels, or `--channels`, at 1,000 samples a second each, from a walk feed through the whole
 * system.
 *
 * Measured is the renderer's main thread (DevTools' TaskDuration in thread ticks) for each animation frame, minus that of an empty page that
 * only requests frames. Figures are medians over windows of a second, in one run. EIGENWATCH_LONG=1 runs ten minutes, `--seconds` as long as it says,
 * and looks for growth: after the rings of the channels are full, for until then memory grows to a known bound.
 */
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { EigenwatchError } from "../../protocol/errors.ts";
import { CHROMIUM_FLAGS } from "./chromium-flags.ts";
import { check, median, quantile } from "./measure.ts";
import { startProgram } from "./program.ts";
import { type BenchRow, compared, limited } from "./row.ts";

const CHANNELS = 64;
const RATE = 1000;
/** Rows in a frame: a frame every ten milliseconds. */
const ROWS_PER_FRAME = 10;
const SECONDS = process.env["EIGENWATCH_LONG"] === "1" ? 600 : 20;
/** Time to fill caches and compile code. */
const WARM_UP_S = 8;
const TARGET_MS = 4;
/** 16,384 samples a channel (collab/charts/series.ts), of which the page takes three in 16 ms at least. */
const RINGS_FULL_S = 90;
/** Memory at the end ÷ memory when the rings were full: those of the measures, of twenty values a second, go on growing for a quarter of an hour. */
const GROWTH_MOST = 1.05;

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export interface DashboardOptions {
  channels?: number | undefined;
  seconds?: number | undefined;
}

export async function benchDashboard({
  channels = CHANNELS,
  seconds = SECONDS,
}: DashboardOptions): Promise<BenchRow[]> {
  const feed = `walk?channels=${channels}&rate=${channels * RATE}&frame=${channels * ROWS_PER_FRAME}`;
  const browser = await launchBrowser();
  try {
    const { child, url } = await startSystem(feed);
    try {
      const floor = await measure(browser, `${url}icon.svg`, Math.min(seconds, 10), 2);
      const page = await measure(browser, url, seconds, WARM_UP_S);
      return rows(floor, page, `${channels} channels × ${RATE} samples/s, ${seconds} s`);
    } finally {
      child.kill("SIGTERM");
    }
  } finally {
    await browser.close();
  }
}

/** Throws where there is no Chromium. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? CHROMIUM.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new EigenwatchError({
      action: "measure the page",
      value: "no Chromium",
      expected: "CHROMIUM=PATH, or on Debian and Ubuntu `apt-get install chromium`",
      kind: "unavailable",
    });
  return chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
}

interface Measured {
  /** Main-thread CPU per frame, ms, window by window. */
  costs: number[];
  framesPerSecond: number;
  heapBefore: number;
  /** When the rings were full; null: it ended before. */
  heapFull: number | null;
  heapAfter: number;
}

function rows(floor: Measured, page: Measured, what: string): BenchRow[] {
  const empty = median(floor.costs);
  const above = page.costs.map((cost) => cost - empty);
  const quarter = Math.max(1, Math.floor(above.length / 4));
  check(page.framesPerSecond > 0 && above.length > 0, "frames of animation");
  return [
    compared(
      {
        name: "dashboard main-thread CPU per frame, windows of a second",
        unit: "ms",
        runs: page.costs,
        p99: [quantile(page.costs, 0.99)],
        note: `${what}; target: ${TARGET_MS} ms above the empty page; ${page.framesPerSecond.toFixed(0)} frames/s`,
      },
      { "the empty page": page.costs.map(() => empty) },
      { atMost: TARGET_MS + empty },
    ),
    compared(
      { name: "dashboard CPU, last quarter of the time", unit: "ms", runs: [median(above.slice(-quarter))] },
      { "first quarter": [median(above.slice(0, quarter))] },
    ),
    compared(
      {
        name: "dashboard memory of scripts at the end",
        unit: "MiB",
        runs: [page.heapAfter / 2 ** 20],
        note: "objects and typed arrays, after garbage collection",
      },
      { [`after ${WARM_UP_S} s`]: [page.heapBefore / 2 ** 20] },
    ),
    ...(page.heapFull === null
      ? []
      : [
          limited(
            {
              name: "dashboard memory of scripts at the end, to when its rings were full",
              unit: "×",
              runs: [page.heapAfter / page.heapFull],
              note: `${(page.heapFull / 2 ** 20).toFixed(1)} MiB after ${RINGS_FULL_S} s`,
            },
            { atMost: GROWTH_MOST },
          ),
        ]),
  ];
}

async function measure(browser: Browser, url: string, seconds: number, warmUpS: number): Promise<Measured> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  await countFrames(page);
  await page.waitForTimeout(warmUpS * 1000);
  const heapBefore = await heapBytes(devtools);
  let heapFull: number | null = null;
  const costs: number[] = [];
  let frames = await framesSoFar(page);
  let busy = await taskSeconds(devtools);
  const framesBefore = frames;
  const begin = performance.now();
  for (let second = 0; second < seconds; second++) {
    await page.waitForTimeout(1000);
    const [framesNow, busyNow] = [await framesSoFar(page), await taskSeconds(devtools)];
    if (framesNow > frames) costs.push((1000 * (busyNow - busy)) / (framesNow - frames));
    if (second === RINGS_FULL_S) heapFull = await heapBytes(devtools);
    [frames, busy] = [framesNow, await taskSeconds(devtools)];
  }
  const framesPerSecond = (1000 * (frames - framesBefore)) / (performance.now() - begin);
  const heapAfter = await heapBytes(devtools);
  await context.close();
  return { costs, framesPerSecond, heapBefore, heapFull, heapAfter };
}

/** As text: a TypeScript loader may rewrite functions in a way that the page cannot run. */
const COUNT_FRAMES = `
  globalThis.framesSoFar = 0;
  requestAnimationFrame(function next() {
    globalThis.framesSoFar++;
    requestAnimationFrame(next);
  });
`;

function countFrames(page: Page): Promise<void> {
  return page.evaluate(COUNT_FRAMES);
}

function framesSoFar(page: Page): Promise<number> {
  return page.evaluate("globalThis.framesSoFar");
}

async function taskSeconds(devtools: CDPSession): Promise<number> {
  const { metrics } = await devtools.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
}

async function heapBytes(devtools: CDPSession): Promise<number> {
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = await devtools.send("Runtime.getHeapUsage");
  return usedSize + backingStorageSize;
}

/** A running session with this feed, at the address of its page. */
export function startSystem(feed: string): Promise<Serving> {
  return startServing(["up", "--feed", feed, "--port", "0", "--json"]);
}

export interface Serving {
  readonly child: ChildProcess;
  /** Of its page. */
  readonly url: string;
}

/** The program with these arguments, which serves a page and says where. */
export async function startServing(args: readonly string[]): Promise<Serving> {
  const child = startProgram(args, ["ignore", "pipe", "inherit"]);
  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stdout!.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const found = /http:\/\/[\d.:]+\//.exec(output);
      if (found !== null) resolve(found[0]);
    });
    child.once("exit", (code) =>
      reject(new Error(`Cannot start ${args[0]}: it ended with ${code}; expected a link\n${output}`)),
    );
  });
  return { child, url };
}
