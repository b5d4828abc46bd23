/**
 * Scans of 499 symbols × 504 days, beside a plain loop in one thread over the same kernels.
 *
 * The universe is a random walk for each symbol, written as a gzip file sorted by date as data of exchanges are. Threads are warm, as those of
 * `up` are. Each scan is checked: every symbol once, with the values of the loop.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { ScanService, systemClock } from "../../actors/mod.ts";
import { ScanCoordinator } from "../../actors/scan/coordinator.ts";
import { parseRule } from "../../actors/scan/rules/rule.ts";
import type { Scan, ScanRequest } from "../../actors/scan/scan.ts";
import { loadUniverse } from "../../actors/scan/universe/load.ts";
import type { Universe } from "../../actors/scan/universe/universe.ts";
import { WorkThread } from "../../actors/workers/mod.ts";
import { Child } from "./child.ts";
import { startLive } from "./live.ts";
import { check, inTemporaryFolder, median, p50AndP99 } from "./measure.ts";
import { type BenchRow, compared, limited, ratioOf } from "./row.ts";
import { SYMBOLS, writeBars } from "./scan-bars.ts";
import { PASSES, plainLoop, plainLoops, RULE } from "./scan-loop.ts";
import { judgeOrder } from "./scan-order.ts";
import { inTurns } from "./turns.ts";

const LOOP = fileURLToPath(new URL("./scan-loop-child.ts", import.meta.url));
const CONCURRENT = 200;
const DELIVERY_RUNS = 5;
/** Scans whose memory is compared with that of the first tenth. */
const MANY = 1_000;
const MANY_SYMBOLS = 50;
/** The plain loop has one thread, a scan two. */
const TIMES_PLAIN = 1.6;
/** Share of the work of a random order, %. */
const ORDER_SPARES = 40;

/** `data`: a table of daily bars of an exchange, on which the learned order is judged too: random walks have nothing to learn. */
export async function benchScan(data?: string): Promise<BenchRow[]> {
  const rows = await benchWalks();
  return data === undefined ? rows : [...rows, orderRow((await loadUniverse(data)).universe)];
}

function orderRow(universe: Universe): BenchRow {
  const judged = judgeOrder(universe).filter(({ days }) => days > 0);
  const spared = judged.map(({ learnedWork, randomWork }) => 100 * (1 - learnedWork / randomWork));
  const mean = spared.reduce((sum, value) => sum + value, 0) / spared.length;
  const worst = spared.indexOf(Math.min(...spared));
  return limited(
    {
      name: "scan: work that the learned order spares until the fifth signal",
      unit: "%",
      runs: [mean],
      note: `mean of ${judged.length} rules × 100 random orders; ${spared.filter((value) => value >= ORDER_SPARES).length} rules reach it, the worst is ${judged[worst]!.rule} with ${spared[worst]!.toFixed(0)} %`,
    },
    { atLeast: ORDER_SPARES },
  );
}

function benchWalks(): Promise<BenchRow[]> {
  return inTemporaryFolder(async (folder) => {
    const file = join(folder, "daily.csv.gz");
    await writeBars(file);
    const { universe } = await loadUniverse(file);
    const threads = availableParallelism();
    const coordinator = new ScanCoordinator({
      clock: systemClock,
      workers: threads,
      startThread: (listener) => new WorkThread("scan", listener),
    });
    const children = Array.from({ length: threads }, () => new Child(LOOP, [file]));
    try {
      await Promise.all(children.map((child) => child.ask("load")));
      const expected = plainLoop(universe);
      await finished(coordinator.start(request(universe)));
      const { plain, scans, loopsMs, cold, stops } = await inTurns({
        plain: () => timePlain(universe),
        loopsMs: () => timeLoops(children),
        scans: () => timeScan(coordinator, universe, expected),
        cold: () => timeCold(coordinator, file),
        stops: () => timeStop(coordinator, universe),
      });
      const deliveries = await timeDeliveries(file);
      const together = await timeTogether(coordinator, universe);
      const grownMb = await memoryOfMany(coordinator, universe);
      const rate = (ms: number) => (1_000 * SYMBOLS * PASSES) / ms;
      return [
        compared(
          {
            name: `scan: symbols a second, three indicators, ${threads} threads`,
            unit: "/s",
            runs: scans.map(({ ms }) => rate(ms)),
            note: boundsNote(plain, scans, loopsMs, threads),
          },
          { "plain loop": plain.map(({ ms }) => rate(ms)) },
          { atLeast: 2_000 },
          TIMES_PLAIN,
        ),
        limited(
          {
            name: "scan: first result after the request, loaded",
            unit: "ms",
            runs: scans.map(({ firstMs }) => firstMs),
          },
          { atMost: 50 },
        ),
        limited(
          { name: "scan: first result of a cold gzip file sorted by date", unit: "ms", runs: cold },
          { atMost: 600 },
        ),
        limited(
          {
            name: "scan: a result, from the worker's answer to a follower over WebSocket",
            unit: "ms",
            runs: deliveries.map(({ p50 }) => p50),
            p99: deliveries.map(({ p99 }) => p99),
          },
          { atMost: 10, rank: "p99" },
        ),
        limited(
          { name: "scan: from a stop until the scan is over", unit: "ms", runs: stops },
          { atMost: 20 },
        ),
        limited(
          {
            name: `scan: ${CONCURRENT} at the same time, results a second`,
            unit: "/s",
            runs: [together.perSecond],
            note: `${together.results} results, 0 lost, 0 doubled`,
          },
          { atLeast: 2_000 },
        ),
        limited(
          {
            name: `scan: growth of memory from scan ${MANY / 10} to scan ${MANY}`,
            unit: "MB",
            runs: [grownMb],
          },
          { atMost: 32 },
        ),
      ];
    } finally {
      coordinator.close();
      await Promise.all(children.map((child) => child.stop()));
    }
  });
}

function request(universe: Universe, over: Partial<ScanRequest> = {}): ScanRequest {
  const items = universe.data.symbols.map((_, index) => index);
  return { universe, rule: parseRule(RULE), items, termination: {}, itemSeconds: 60, ...over };
}

function finished(scan: Scan): Promise<Scan> {
  return new Promise((resolve) => {
    scan.follow(({ type }) => type === "complete" && resolve(scan));
  });
}

interface Spent {
  readonly ms: number;
  /** Of all threads of the process: that of others of the machine is not in it. */
  readonly processorMs: number;
}

function stopwatch(): () => Spent {
  const [startedMs, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { ms: performance.now() - startedMs, processorMs: (user + system) / 1000 };
  };
}

function timePlain(universe: Universe): Spent {
  const spent = stopwatch();
  plainLoops(universe);
  return spent();
}

/** All children at once, ms. */
async function timeLoops(children: readonly Child[]): Promise<number> {
  const startedMs = performance.now();
  await Promise.all(children.map((child) => child.ask("loops")));
  return performance.now() - startedMs;
}

/** What bounds a scan: messages, results and their order are work that the loop has not, and cores of one machine slow each other. */
function boundsNote(
  plain: readonly Spent[],
  scans: readonly Spent[],
  loopsMs: readonly number[],
  threads: number,
): string {
  const [loop, scan] = [plain, scans].map((runs) => median(runs.map(({ processorMs }) => processorMs)));
  const machine = ratioOf(
    plain.map(({ ms }) => threads * ms),
    loopsMs,
  );
  return `${threads} plain loops at once, without a message: ${machine.toFixed(2)} × one; a scan takes ${(scan! / loop!).toFixed(2)} × the processor time of the loop`;
}

async function timeScan(
  coordinator: ScanCoordinator,
  universe: Universe,
  expected: ReadonlyMap<string, number>,
): Promise<Spent & { firstMs: number }> {
  const spent = stopwatch();
  const scans: Scan[] = [];
  for (let pass = 0; pass < PASSES; pass++) scans.push(await finished(coordinator.start(request(universe))));
  const { ms, processorMs } = spent();
  for (const { results } of scans) {
    check(results.length === SYMBOLS, `${SYMBOLS} results`, `${results.length} results`);
    const same = results.every(({ symbol, score }) => expected.get(symbol) === score);
    check(same, "the scores of the plain loop", "others");
  }
  return { ms, processorMs, firstMs: median(scans.map((scan) => scan.stats().firstResultMs!)) };
}

async function timeCold(coordinator: ScanCoordinator, file: string): Promise<number> {
  const startedMs = performance.now();
  const { universe } = await loadUniverse(file);
  const loadedMs = performance.now() - startedMs;
  const scan = await finished(coordinator.start(request(universe, { termination: { maxResults: 1 } })));
  return loadedMs + scan.stats().firstResultMs!;
}

async function timeStop(coordinator: ScanCoordinator, universe: Universe): Promise<number> {
  const scan = coordinator.start(request(universe));
  let stoppedMs = 0;
  const over = finished(scan);
  const unfollow = scan.onMessage(() => {
    unfollow();
    stoppedMs = performance.now();
    coordinator.stop(scan);
  });
  await over;
  check(scan.results.length < SYMBOLS, "a scan that was stopped", "it came to its end");
  return performance.now() - stoppedMs;
}

/** Of all results of each scan: how long after the coordinator had it a follower had it, who is in this process too. */
async function timeDeliveries(file: string): Promise<{ p50: number; p99: number }[]> {
  const scans = new ScanService({
    clock: systemClock,
    universes: { bars: file },
    workers: availableParallelism(),
    startThread: (listener) => new WorkThread("scan", listener),
    run: "bench",
  });
  const live = await startLive({ durability: "memory", detectors: false, scans });
  try {
    const runs = [];
    // The first one starts the threads.
    for (let k = 0; k <= DELIVERY_RUNS; k++) runs.push(await timeDelivery(scans, live.gateway.url));
    return runs.slice(1);
  } finally {
    await live.close();
    await scans.close();
  }
}

async function timeDelivery(scans: ScanService, url: string): Promise<{ p50: number; p99: number }> {
  const hadMs = new Map<number, number>();
  const { id, scan } = await scans.start({ rule: RULE }, "bench");
  scan.onMessage(() => {
    for (const { type, data } of scan.messagesAfter(hadMs.size, Number.MAX_SAFE_INTEGER))
      if (type !== "complete") hadMs.set(data.index, performance.now());
  });
  const took: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}ws/results/${id}`);
    socket.on("message", (bytes) => {
      const nowMs = performance.now();
      const { type, data } = JSON.parse(String(bytes)) as { type: string; data: { index: number } };
      const had = hadMs.get(data.index);
      if (type === "result" && had !== undefined) took.push(nowMs - had);
    });
    socket.on("error", reject);
    socket.on("close", () => resolve());
  });
  check(took.length === SYMBOLS, `${SYMBOLS} deliveries`, String(took.length));
  return p50AndP99(took);
}

async function timeTogether(
  coordinator: ScanCoordinator,
  universe: Universe,
): Promise<{ perSecond: number; results: number }> {
  const startedMs = performance.now();
  const scans = await Promise.all(
    Array.from({ length: CONCURRENT }, () => finished(coordinator.start(request(universe)))),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  for (const { results } of scans)
    check(
      new Set(results.map(({ symbol }) => symbol)).size === SYMBOLS && results.length === SYMBOLS,
      "each symbol once",
    );
  const results = CONCURRENT * SYMBOLS;
  return { perSecond: results / seconds, results };
}

/** The least of the last scans less that of the first: what is left right after a collection. */
async function memoryOfMany(coordinator: ScanCoordinator, universe: Universe): Promise<number> {
  const items = Array.from({ length: MANY_SYMBOLS }, (_, k) => k);
  const megabytes: number[] = [];
  for (let k = 0; k < MANY; k++) {
    await finished(coordinator.start(request(universe, { items })));
    megabytes.push(process.memoryUsage().heapUsed / 1e6);
  }
  const tenth = MANY / 10;
  return Math.min(...megabytes.slice(-tenth)) - Math.min(...megabytes.slice(tenth, 2 * tenth));
}
