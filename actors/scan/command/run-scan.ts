/** One run of `eigenwatch scan`: loads, scans, shows, and waits for new data with --watch. */
import { readdir, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { systemClock } from "../../clock.ts";
import { printJson, report } from "../../command-line/terminal.ts";
import { LineWriter } from "../../filters/lines.ts";
import { uniforms } from "../../kernels/uniforms.ts";
import { WorkThread } from "../../workers/mod.ts";
import { ScanCoordinator } from "../coordinator.ts";
import type { LearnedOrder } from "../order/learned-order.ts";
import { inOrder, type Order } from "../order/order.ts";
import { OrderMemory } from "../order/order-memory.ts";
import type { Scan, ScanRequest } from "../scan.ts";
import type { SettingsAsked, SettingsScans } from "../settings-scans.ts";
import { prepareUniverse } from "../universe/prepare.ts";
import { learntFile } from "./learnt-file.ts";
import { csvHeader, csvRow, jsonRow } from "./rows.ts";
import { type ScanSource, sourceOf } from "./source.ts";
import { ScanTable } from "./table.ts";

/** A day: what runs longer is a service. */
export const MAX_SCAN_SECONDS = 86_400;
/** Longest time that one symbol may keep a worker. */
export const MAX_ITEM_SECONDS = 3_600;
/** More threads than any one machine has cores. */
export const MAX_WORKERS = 256;

/** With --watch, the files are looked at so often. */
const WATCH_EVERY_MS = 500;

/** As command.ts has them. */
interface ScanOptions extends SettingsAsked {
  rule?: string | undefined;
  symbols?: string[] | undefined;
  maxSymbols?: number | undefined;
  maxSignals?: number | undefined;
  maxResults?: number | undefined;
  timeout?: number | undefined;
  minScore?: number | undefined;
  order: Order;
  learnt?: string | undefined;
  seed: number;
  itemSeconds?: number | undefined;
  workers?: number | undefined;
  top: number;
  watch?: true | undefined;
  out?: "csv" | "ndjson" | undefined;
  json?: true | undefined;
}

/** Returns the exit code. */
export async function runScan(
  path: string,
  options: ScanOptions,
  loadSettings: () => Promise<SettingsScans>,
): Promise<number> {
  const source = await sourceOf(path, options.rule ?? refuseWithoutRule(), options, loadSettings);
  if (options.over.length > 0 && options.order === "learned") throw refusalToLearn();
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => ending.abort(new Error("interrupted")));
  const coordinator = new ScanCoordinator({
    clock: systemClock,
    workers: options.workers ?? availableParallelism(),
    startThread: (listener) => new WorkThread(source.work, listener),
  });
  try {
    for (let isFirst = true; ; isFirst = false) {
      const before = options.watch === true ? await fingerprint(path) : "";
      const code = await scanOnce(path, source, options, coordinator, ending.signal).catch(
        (error: unknown) => {
          // A file that is being replaced is absent, or half there, for a moment.
          if (isFirst || !(error instanceof EigenwatchError)) throw error;
          report(error.message);
          return 1;
        },
      );
      if (options.watch !== true || ending.signal.aborted) return code;
      report("waiting for new data (Ctrl-C ends)");
      if (!(await changes(path, before, ending.signal))) return 0;
    }
  } finally {
    coordinator.close();
  }
}

function refuseWithoutRule(): never {
  throw new EigenwatchError({
    action: "scan",
    value: "there is no rule",
    expected: "--rule RULE",
    kind: "usage",
  });
}

function refusalToLearn(): EigenwatchError {
  return new EigenwatchError({
    action: "scan settings in the learned order",
    value: "they have no rows that something could be learnt of",
    expected: "--order given or random",
    kind: "usage",
  });
}

async function scanOnce(
  path: string,
  source: ScanSource,
  options: ScanOptions,
  coordinator: ScanCoordinator,
  signal: AbortSignal,
): Promise<number> {
  const { rule, names } = source;
  const table = new ScanTable(names, options.top, options.out !== undefined || options.json === true);
  const memory = options.order === "learned" ? new OrderMemory(learntFile(options.learnt), report) : null;
  const order = memory?.of(resolve(path));
  const request = await prepare(path, source, options, { table, order }, signal).catch((error: unknown) => {
    if (signal.aborted) return null;
    throw error;
  });
  if (request === null) {
    report("interrupted while loading");
    return 1;
  }
  const scan = coordinator.start(request);
  const stop = () => coordinator.stop(scan);
  signal.addEventListener("abort", stop);
  await show(scan, names, options, table);
  signal.removeEventListener("abort", stop);
  order?.learn(rule, request.universe.data, scan.outcomes);
  memory?.save();
  const { processed, errors, reason } = scan.stats();
  if (reason === "stopped") report("interrupted: these are the results until then");
  return reason === "stopped" || (processed > 0 && processed === errors) ? 1 : 0;
}

async function prepare(
  path: string,
  source: ScanSource,
  options: ScanOptions,
  { table, order }: { table: ScanTable; order: LearnedOrder | undefined },
  signal: AbortSignal,
): Promise<ScanRequest> {
  const startMs = systemClock.monotonicMs();
  const { rule } = source;
  const loaded = await source.load({ signal, progress: (rows) => table.loading(rows) });
  const loadedMs = systemClock.monotonicMs();
  const universe = prepareUniverse(loaded, rule);
  const { symbols } = universe.data;
  if (symbols.length === 0)
    throw new EigenwatchError({
      action: `scan ${path}`,
      value: "it has no symbols",
      expected: "rows of prices",
      kind: "input",
    });
  const places = new Map(symbols.map((symbol, index) => [symbol, index]));
  const wanted = options.symbols === undefined ? symbols : [...new Set(options.symbols)];
  const known = wanted.flatMap((symbol) => places.get(symbol) ?? []);
  const worth = () => order!.worth(rule, universe.data);
  const items = inOrder(known, options.order, uniforms(options.seed), worth).slice(0, options.maxSymbols);
  return {
    universe,
    rule,
    items,
    unknown: wanted.filter((symbol) => !places.has(symbol)),
    termination: {
      maxSignals: options.maxSignals,
      maxResults: options.maxResults,
      timeoutSeconds: options.timeout,
      minScore: options.minScore,
    },
    itemSeconds: options.itemSeconds ?? source.itemSeconds,
    loadMs: loadedMs - startMs,
    prepareMs: systemClock.monotonicMs() - loadedMs,
  };
}

async function show(
  scan: Scan,
  names: readonly string[],
  options: ScanOptions,
  table: ScanTable,
): Promise<void> {
  const writer = options.out === undefined ? null : new LineWriter(process.stdout);
  if (options.out === "csv") writer?.write(csvHeader(names));
  await new Promise<void>((end) => {
    scan.follow((message) => {
      if (message.type === "result")
        writer?.write(options.out === "csv" ? csvRow(message.data, names) : jsonRow(message.data));
      if (message.type === "error" && writer !== null)
        report(`${message.data.symbol}: ${message.data.reason}`);
      table.update(scan);
      if (message.type === "complete") end();
    });
  });
  await writer?.flush();
  if (options.json === true)
    printJson({ results: scan.ranked(), problems: scan.problems, stats: scan.stats() });
  table.finish(scan);
}

/** Size and time of every file, those of the partitions of a recording too: when it differs, the data have changed. */
async function fingerprint(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null) return "absent";
  if (!found.isDirectory()) return `${found.size} ${found.mtimeMs}`;
  const names = (await readdir(path).catch(() => [])).sort();
  const files = await Promise.all(names.map((name) => fingerprint(join(path, name))));
  return files.map((file, k) => `${names[k]} ${file}`).join("\n");
}

/** False when interrupted. */
async function changes(path: string, before: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if ((await fingerprint(path)) !== before) return true;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const cancel = systemClock.after(WATCH_EVERY_MS, end);
      signal.addEventListener("abort", end);
    });
  }
  return false;
}
