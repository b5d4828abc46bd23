/**
 * Everything at once for hours: a session with feeds, a shared document, scans and their followers, requests of the past, and replays beside it.
 *
 *   up --feed walk --record --universe ──┬── scans over HTTP, each followed by WebSocket: every symbol once
 *                                        ├── edits of the shared document, each acknowledged
 *                                        ├── requests: metrics, events, the past
 *                                        └── replay --verify of a recording, again and again
 *
 * Memory and descriptors of the program are read from /proc. They may rise while rings and caches fill: the second third of the time is compared with
 * the last one.
 */
import type { ChildProcess } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import WebSocket from "ws";
import { joinSession } from "../../collab/shared-session.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { check, inTemporaryFolder, pauseMs } from "./measure.ts";
import { end, exited, startBuilt, urlOf } from "./program.ts";
import { type BenchRow, limited } from "./row.ts";
import { writeBars } from "./scan-bars.ts";

export interface SoakOptions {
  /** Fractions are allowed. */
  hours?: number | undefined;
}

const HOURS = 1;
/** As docs/deploy sets it: otherwise the C library keeps what was freed, and memory rises for as long as it is looked at. */
const DEPLOYED = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "131072" };
/** Points of the figures over time. */
const POINTS = 240;
/** Those that are shown. */
const SHOWN_POINTS = 12;
/** A third of an hour's session may grow by as much: rings of samples and kept scans fill, and a collection may be due. */
const GROWTH_MB = 48;
/** Sockets that are opening or closing when the figures are read. */
const GROWTH_DESCRIPTORS = 16;
const FEED = "walk?channels=16&rate=1000&frame=50&seed=1";
const RECORDED = "synth:flash-crash?speed=max&rate=10&channels=6&duration=600s&seed=4";
const RULES = ["rsi(14) < 30", "macd_histogram > 0 and bollinger_percent(20) < 0.5", "coherence(20) > 0.5"];
/** Between edits, and between requests: a busy team. */
const EDIT_EVERY_MS = 250;
const REQUEST_EVERY_MS = 500;
const SCAN_EVERY_MS = 250;
const REPLAY_EVERY_MS = 20_000;
/** Thresholds that are written again and again. */
const EDITED = 20;

interface Point {
  readonly minutes: number;
  readonly megabytes: number;
  readonly descriptors: number;
}

interface Done {
  scans: number;
  results: number;
  edits: number;
  requests: number;
  replays: number;
}

export async function benchSoak({ hours = HOURS }: SoakOptions): Promise<BenchRow[]> {
  if (process.platform !== "linux")
    throw new EigenwatchError({
      action: "run bench soak",
      value: process.platform,
      expected: "Linux: memory and descriptors are read from /proc",
    });
  return inTemporaryFolder((folder) => soak(folder, 3_600_000 * hours));
}

async function soak(folder: string, lastsMs: number): Promise<BenchRow[]> {
  const bars = join(folder, "daily.csv.gz");
  await writeBars(bars);
  const recorded = join(folder, "recorded");
  await run(["up", "--feed", RECORDED, "--once", "--port", "0", "--record", recorded, "--json"]);
  const child = startBuilt(
    [
      ...["up", "--feed", FEED, "--record", join(folder, "live"), "--port", "0", "--open-rooms", "--json"],
      ...["--universe", `bars=${bars}`],
    ],
    ["ignore", "pipe", "inherit"],
    DEPLOYED,
  );
  const done: Done = { scans: 0, results: 0, edits: 0, requests: 0, replays: 0 };
  const points: Point[] = [];
  try {
    const url = await urlOf(child);
    const endMs = performance.now() + lastsMs;
    await Promise.all([
      again(endMs, SCAN_EVERY_MS, () => scan(url, done)),
      edit(url, endMs, done),
      again(endMs, REQUEST_EVERY_MS, () => request(url, done)),
      again(endMs, REPLAY_EVERY_MS, async () => {
        await run(["replay", recorded, "--verify"]);
        done.replays++;
      }),
      again(endMs, lastsMs / POINTS, async () => {
        points.push(await pointOf(child, (lastsMs - (endMs - performance.now())) / 60_000));
      }),
    ]);
  } finally {
    await end(child, "SIGTERM");
  }
  return rowsOf(points, done);
}

async function again(endMs: number, everyMs: number, act: () => Promise<void>): Promise<void> {
  while (performance.now() < endMs) {
    const nextMs = performance.now() + everyMs;
    await act();
    await pauseMs(Math.max(0, Math.min(nextMs, endMs) - performance.now()));
  }
}

/** Every symbol has one result, whoever follows. */
async function scan(url: string, done: Done): Promise<void> {
  const order = { rule: RULES[done.scans % RULES.length], universe: "bars", order: "learned" };
  const { websocket_url } = await json<{ websocket_url: string }>(`${url}scan/stream`, order);
  const symbols = new Set<string>();
  let results = 0;
  await new Promise<void>((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}${websocket_url}`);
    socket.on("message", (bytes) => {
      const { type, data } = JSON.parse(String(bytes)) as { type: string; data: { symbol: string } };
      if (type !== "result") return;
      results++;
      symbols.add(data.symbol);
    });
    socket.on("error", reject);
    socket.on("close", () => resolve());
  });
  check(results === symbols.size && results > 0, "each symbol once", `${results} results of ${symbols.size}`);
  done.scans++;
  done.results += results;
}

async function edit(url: string, endMs: number, done: Done): Promise<void> {
  const session = joinSession(`${url.replace("http", "ws")}collab/local`, {
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
  });
  await session.synced();
  await again(endMs, EDIT_EVERY_MS, async () => {
    session.set("thresholds", `t${done.edits % EDITED}`, {
      of: { group: "walk", channel: "walk.1" },
      direction: "above",
      level: 1_000 + done.edits,
    });
    await session.saved();
    done.edits++;
  });
  session.leave();
}

async function request(url: string, done: Done): Promise<void> {
  const paths = ["metrics", "api/events?limit=100", "api/usual", "scans"];
  const response = await fetch(`${url}${paths[done.requests % paths.length]}`);
  await response.arrayBuffer();
  check(response.ok, "an answer", `${response.status}`);
  done.requests++;
}

async function json<Answer>(url: string, body: object): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  check(response.ok, "an answer", text);
  return JSON.parse(text) as Answer;
}

async function run(args: readonly string[]): Promise<void> {
  const child = startBuilt(args, ["ignore", "ignore", "inherit"]);
  await exited(child);
  check(child.exitCode === 0, "exit code 0", `${args[0]} ended with ${child.exitCode}`);
}

async function pointOf({ pid }: ChildProcess, minutes: number): Promise<Point> {
  const [status, descriptors] = await Promise.all([
    readFile(`/proc/${pid}/status`, "utf8"),
    readdir(`/proc/${pid}/fd`),
  ]);
  const megabytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1e3;
  const point = { minutes, megabytes, descriptors: descriptors.length };
  process.stderr.write(
    `${minutes.toFixed(1)} min: ${megabytes.toFixed(0)} MB, ${descriptors.length} descriptors\n`,
  );
  return point;
}

function rowsOf(points: readonly Point[], done: Done): BenchRow[] {
  const third = Math.floor(points.length / 3);
  const middle = points.slice(third, 2 * third);
  const last = points.slice(2 * third);
  const median = (of: readonly Point[], key: "megabytes" | "descriptors") =>
    of.map((point) => point[key]).sort((a, b) => a - b)[Math.floor(of.length / 2)]!;
  const growth = (key: "megabytes" | "descriptors") => median(last, key) - median(middle, key);
  const series = (key: "megabytes" | "descriptors") =>
    Array.from({ length: SHOWN_POINTS }, (_, k) =>
      points[Math.round((k / (SHOWN_POINTS - 1)) * (points.length - 1))]![key].toFixed(0),
    ).join(" ");
  const figures = { megabytes: growth("megabytes"), descriptors: growth("descriptors") };
  check(
    figures.megabytes <= GROWTH_MB,
    `at most ${GROWTH_MB} MB more`,
    `${figures.megabytes}: ${series("megabytes")}`,
  );
  check(
    figures.descriptors <= GROWTH_DESCRIPTORS,
    `at most ${GROWTH_DESCRIPTORS} descriptors more`,
    `${figures.descriptors}: ${series("descriptors")}`,
  );
  const did = `${done.scans} scans with ${done.results} results, ${done.edits} edits, ${done.requests} requests, ${done.replays} replays`;
  return [
    limited(
      {
        name: "soak: growth of memory from the second third to the last",
        unit: "MB",
        runs: [figures.megabytes],
        note: `over time ${series("megabytes")} MB; ${did}`,
      },
      { atMost: GROWTH_MB },
    ),
    limited(
      {
        name: "soak: growth of descriptors from the second third to the last",
        unit: "",
        runs: [figures.descriptors],
        note: `over time ${series("descriptors")}`,
      },
      { atMost: GROWTH_DESCRIPTORS },
    ),
  ];
}
