/**
 * Latency from a sample at the feed to the message at a client of the gateway in another process, beside a bare one-way `ws` push and a
 * two-hop echo of the same bytes at the same rate.
 *
 * The three take turns for the same time. Frames are offered on a schedule of due times; both "from offered" and "from due" are reported,
 * all on one monotonic clock. The schedule's timer alone takes about a millisecond: the push "from due" shows how much.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type LatencyRun, Link } from "./latency-link.ts";
import type { Load } from "./latency-load.ts";
import type { SenderOptions } from "./latency-sender.ts";
import { check, inTemporaryFolder, median, p50AndP99 } from "./measure.ts";
import { type BenchRow, compared, limited } from "./row.ts";
import { inTurns } from "./turns.ts";

export interface LatencyOptions {
  channels?: number | undefined;
  clients?: number | undefined;
  durability?: "memory" | "file" | undefined;
  /** Of each turn. */
  seconds?: number | undefined;
  /** A second. */
  frames?: number | undefined;
  /** In a frame. */
  samples?: number | undefined;
}

const SECONDS = 5;
/** Time to compile code and calibrate the detectors (500 rows). */
const WARM_UP_MS = 3_000;
/** A row of 16 channels at 100,000 samples a second. */
const FRAMES_PER_SECOND = 6_250;
/** What one process with many connections reads without lagging, a second. */
const DELIVERIES_MAX = 62_500;

/** The aim: this many times the bare push. */
const P50_TIMES = 3;
const P99_TIMES = 4;
/** The aim of what a frame of 16 from 16 channels costs the server of one client: CPU in µs, and bytes of the heap of JavaScript. */
const FRAME_CPU_US = 35;
const FRAME_HEAP_BYTES = 6_300;
/** The aim at steady state: no longer pause of the collector, ms. */
const COLLECTION_MS = 5;

type Case = { [Option in keyof LatencyOptions]-?: NonNullable<LatencyOptions[Option]> };

/** Without options: rows of 16 and single samples, in memory and on disk. */
export async function benchLatency(options: LatencyOptions): Promise<BenchRow[]> {
  const { list: _, json: __, ...given } = options as LatencyOptions & { list?: unknown; json?: unknown };
  const cases: LatencyOptions[] =
    Object.keys(given).length > 0
      ? [given]
      : (["memory", "file"] as const).flatMap((durability) => [
          { durability },
          { durability, frames: 10_000, samples: 1 },
        ]);
  const rows: BenchRow[] = [];
  for (const each of cases) rows.push(...(await benchCase(withDefaults(each))));
  return rows;
}

function withDefaults(options: LatencyOptions): Case {
  const { channels = 16, clients = 1, durability = "memory", seconds = SECONDS, samples = 16 } = options;
  const frames = options.frames ?? Math.min(FRAMES_PER_SECOND, Math.floor(DELIVERIES_MAX / clients));
  return { channels, clients, durability, seconds, samples, frames };
}

async function benchCase(options: Case): Promise<BenchRow[]> {
  const { durability, seconds, clients } = options;
  const load = loadOf(options);
  const { system, push, echo } = await measureLatency(
    {
      push: { kind: "push", load },
      system: { kind: "system", load, durability },
      echo: { kind: "echo", load },
    },
    { seconds, clients },
  );
  const lengths = [system, push, echo].map((runs) => runs[0]!.bytesPerFrame);
  check(
    Math.max(...lengths) - Math.min(...lengths) <= MESSAGE_DIFFERENCE_MAX,
    "messages as long as those of the system",
    `messages of ${lengths.map(Math.round).join(", ")} bytes`,
  );
  return rowsOf(options, system, { push, echo });
}

/** Numbers in a message take one to five bytes. */
const MESSAGE_DIFFERENCE_MAX = 12;

export function loadOf({ channels, frames, samples }: Case): Load {
  return { channels, framesPerSecond: frames, samplesPerFrame: samples };
}

/** Runs of each sender by name, in turns, each with its own processes. */
export function measureLatency<Name extends string>(
  senders: Record<Name, SenderOptions>,
  { seconds, clients = 1 }: { seconds: number; clients?: number },
): Promise<Record<Name, LatencyRun[]>> {
  return inTemporaryFolder(async (folder) => {
    const links: [Name, Link][] = [];
    try {
      for (const name of Object.keys(senders) as Name[])
        links.push([name, await Link.open(senders[name], clients, folder)]);
      const contenders = links.map(([name, link]) => [name, () => link.run(seconds)]);
      const results = await inTurns(Object.fromEntries(contenders), { warmUpMs: WARM_UP_MS });
      return results as Record<Name, LatencyRun[]>;
    } finally {
      await Promise.all(links.map(([, link]) => link.close()));
    }
  });
}

async function rowsOf(
  options: Case,
  system: LatencyRun[],
  { push, echo }: { push: LatencyRun[]; echo: LatencyRun[] },
): Promise<BenchRow[]> {
  const name = `latency: ${describe(options)}`;
  const rows = (["offered", "due"] as const).flatMap((from) =>
    (["p50", "p99"] as const).map((rank) => {
      const ranked = (runs: LatencyRun[]) => runs.map((run) => run[from][rank]);
      const times = rank === "p50" ? P50_TIMES : P99_TIMES;
      return compared(
        {
          name: `${name}, ${rank} from ${from}`,
          unit: "µs",
          runs: ranked(system),
          note: noteOf(system, from, rank),
        },
        { "bare push": ranked(push), "two-hop echo": ranked(echo) },
        { atMost: times * median(ranked(push)) },
      );
    }),
  );
  if (options.durability === "file") rows.push(await diskRow(name, system, echo));
  return [...rows, ...frameRows(options, name, system, push), ...collectionRow(name, system)];
}

function describe({ frames, samples, channels, clients, durability, seconds }: Case): string {
  const to = clients === 1 ? "1 client" : `${clients} clients`;
  return `${frames.toLocaleString("en-US")} frames/s of ${samples}, n = ${channels}, ${to}, ${durability}, ${seconds} s`;
}

function noteOf(system: LatencyRun[], from: "offered" | "due", rank: "p50" | "p99"): string {
  const late = `p99.9 ${median(system.map((run) => run[from].p999)).toFixed(0)}`;
  if (from === "due") return rank === "p50" ? "the schedule alone: see the push" : late;
  return `${rank} until written ${median(system.map(({ written }) => written![rank])).toFixed(0)}${rank === "p99" ? `; ${late}` : ""}`;
}

/** A client learns of a frame when it is on disk. */
async function diskRow(name: string, system: LatencyRun[], echo: LatencyRun[]): Promise<BenchRow> {
  const sync = await inTemporaryFolder(async (folder) => fdatasyncTimes(folder));
  const echoP99 = median(echo.map(({ offered }) => offered.p99));
  return limited(
    {
      name: `${name}, p99 from offered, with the disk`,
      unit: "µs",
      runs: system.map(({ offered }) => offered.p99),
      note: `target: 2 × echo p99 + fdatasync p99 (${sync.p99.toFixed(0)}) + 2 ms; fdatasync p50 ${sync.p50.toFixed(0)}`,
    },
    { atMost: 2 * echoP99 + sync.p99 + 2_000 },
  );
}

/** Times of fdatasync after 4 KB, µs. */
function fdatasyncTimes(folder: string): { p50: number; p99: number } {
  const file = openSync(join(folder, "sync"), "w");
  const piece = new Uint8Array(4096);
  const times = Array.from({ length: 500 }, () => {
    writeSync(file, piece);
    const start = performance.now();
    fdatasyncSync(file);
    return (performance.now() - start) * 1000;
  });
  closeSync(file);
  return p50AndP99(times);
}

/** What a frame costs the process of the server, its schedule included, which the bare push has too. */
function frameRows(
  { channels, samples, clients }: Case,
  name: string,
  system: LatencyRun[],
  push: LatencyRun[],
): BenchRow[] {
  const isAim = channels === 16 && samples === 16 && clients === 1;
  const cpu = ({ spent, frames }: LatencyRun) => (1e6 * spent.cpuSeconds) / frames;
  const heap = ({ spent, frames }: LatencyRun) => spent.heapBytes / frames;
  return [
    compared(
      { name: `${name}, CPU of the server for a frame`, unit: "µs", runs: system.map(cpu) },
      { "bare push": push.map(cpu) },
      isAim ? { atMost: FRAME_CPU_US } : undefined,
    ),
    compared(
      { name: `${name}, garbage of the server for a frame`, unit: "bytes", runs: system.map(heap) },
      { "bare push": push.map(heap) },
      isAim ? { atMost: FRAME_HEAP_BYTES } : undefined,
    ),
  ];
}

/** None where the runtime does not report collections (Deno). */
function collectionRow(name: string, system: LatencyRun[]): BenchRow[] {
  const seen = system.flatMap(({ spent }) => spent.collections ?? []);
  if (seen.length === 0) return [];
  const seconds = system.reduce((sum, run) => sum + run.seconds, 0);
  const major = seen.flatMap((each) => each.major);
  const minor = seen.reduce((sum, each) => sum + each.minor, 0);
  const long = major.filter((ms) => ms > COLLECTION_MS).length;
  return [
    limited(
      {
        name: `${name}, longest major collection`,
        unit: "ms",
        runs: seen.map((each) => Math.max(0, ...each.major)),
        note: `${major.length} major in ${seconds} s, ${long} above ${COLLECTION_MS} ms; ${(minor / seconds).toFixed(1)} minor a second`,
      },
      { atMost: COLLECTION_MS },
    ),
  ];
}
