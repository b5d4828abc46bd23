/**
 * The scans of a process that serves: universes by name, scans by id, who follows them, what is kept of those that ended.
 *
 *   --universe sp500=DIR ─► loaded once, at start ──────┐
 *   channels of the session ─► their latest rows, now ──┤
 *   POST /scan/stream ─► order ─────────────────────────┴─► Scan ─► kept, the newest SCAN_LIMITS.scansKeptMax of those that are over
 *
 * V1  An order names a universe, never a path.
 * V2  What a person asks for is checked before anything starts; every limit is named in its error.
 * V3  With a log, requests, results and ends are inputs of it: what people ask for is answered when it is durable, and so are results (scan-log.ts).
 */
import { expectedAmong } from "../../protocol/closest-name.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { SymbolChart, UniverseState } from "../../protocol/scan-messages.ts";
import type { Clock } from "../ports/clock.ts";
import { ScanCoordinator, type ScanThread, type ScanThreadListener } from "./coordinator.ts";
import { type FollowedScan, RecordedScan, type ScanView } from "./followed-scan.ts";
import { inOrder, type Order } from "./order/order.ts";
import { OrderMemory } from "./order/order-memory.ts";
import { type OrderReport, orderReport } from "./order/order-report.ts";
import { columnOf } from "./rules/evaluate.ts";
import { parseRule, type Rule } from "./rules/rule.ts";
import type { Scan } from "./scan.ts";
import { EnteredScan, type ScanLog } from "./scan-log.ts";
import { isLiveUniverse, type LiveSource, LiveUniverses } from "./universe/live.ts";
import type { PreparedUniverse } from "./universe/prepared.ts";
import { ServedUniverse } from "./universe/served.ts";
import { MAX_UNIVERSE_SYMBOLS, type Universe, UniverseSymbol } from "./universe/universe.ts";

/** Limits of scans that others may ask for, each with the reason. */
export const SCAN_LIMITS = {
  /** Scans at the same time: each core gives each of them a turn of 4 ms a second. */
  scansActiveMax: 256,
  /** Scans of live channels at the same time: each has rows of its own, up to 6 MB. */
  scansLiveMax: 16,
  /** Scans that are over and can still be read, with all their results: at 500 symbols each some 20 MB. */
  scansKeptMax: 64,
  /** Symbols of one order: those of the largest universe. */
  scanSymbolsMax: MAX_UNIVERSE_SYMBOLS,
  /** Seconds of one scan: an hour. What takes longer needs another rule, or the command line. */
  scanSecondsMax: 3_600,
  /** Symbols whose latest closes are asked for at once: a table of them. */
  scanSparksMax: 256,
  /** Rows of a symbol that is drawn, of which the latest CHART_ROWS are sent: it is computed beside everything else, in some milliseconds. */
  scanChartRowsMax: 20_000,
  /** Seconds that one symbol may take. */
  scanItemSeconds: 10,
} as const;

/** What somebody asks for. */
export interface ScanOrder {
  /** A name, or symbols of the universe that has them; default: the only one that is served, or the live channels where none is. */
  readonly universe?: string | readonly string[] | undefined;
  readonly rule: string;
  readonly maxSymbols?: number | undefined;
  readonly order?: Order | undefined;
  readonly priority?: number | undefined;
  /** Ends when nobody has followed it for so long. */
  readonly idleSeconds?: number | undefined;
  readonly maxSignals?: number | undefined;
  readonly maxResults?: number | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly minScore?: number | undefined;
}

export interface ScanServiceOptions {
  readonly clock: Clock;
  /** Paths by name. */
  readonly universes: Readonly<Record<string, string>>;
  /** Universes that another service of this process has loaded. */
  readonly loaded?: ReadonlyMap<string, ServedUniverse> | undefined;
  /** The partitions of the running session, whose channels are universes too. */
  readonly live?: readonly LiveSource[] | undefined;
  readonly workers: number;
  /** As the coordinator has it. */
  readonly startsWorkersLate?: boolean | undefined;
  startThread(listener: ScanThreadListener): ScanThread;
  /** Evaluate live channels, whose rows only this process has; they start with the first such scan. Default: those of the other universes. */
  readonly liveThreads?: Pick<ScanServiceOptions, "workers" | "startThread"> | undefined;
  /** Begins the ids of this process: those of another run are not found. */
  readonly run: string;
  /** Keeps what scans teach of the order of symbols; absent: in memory alone. */
  readonly orderFile?: string | null;
  readonly log?: (line: string) => void;
  /** Where scans are entered; default: nowhere, and they are gone with the process. */
  readonly scanLog?: ScanLog | undefined;
}

/** A scan with what only those who serve it know. */
export class ServedScan implements FollowedScan {
  readonly id: string;
  /** As followers see it. */
  readonly scan: ScanView;
  /** As it is evaluated. */
  readonly running: Scan;
  readonly coordinator: ScanCoordinator;
  /** Null without a log. */
  readonly entered: EnteredScan | null;
  readonly universe: string;
  readonly rule: string;
  readonly by: string;
  readonly startedUs: number;
  private readonly clock: Clock;
  private readonly idle: (() => void) | null;
  private readonly idleMs: number;
  private followers = 0;
  private turn: Promise<unknown> = Promise.resolve();
  private cancelIdle: () => void = () => {};

  constructor(
    scan: Scan,
    of: {
      id: string;
      universe: string;
      by: string;
      clock: Clock;
      idleSeconds: number | undefined;
      log: ScanLog | undefined;
      coordinator: ScanCoordinator;
    },
  ) {
    const { id, universe, by, clock, log, coordinator } = of;
    this.id = id;
    this.running = scan;
    this.coordinator = coordinator;
    this.universe = universe;
    this.rule = scan.request.rule.text;
    this.by = by;
    this.clock = clock;
    const startedUs = clock.nowUs();
    this.startedUs = startedUs;
    this.entered =
      log === undefined ? null : new EnteredScan(scan, { id, universe, by, startedUs, clock, log });
    this.scan = this.entered ?? scan;
    this.idle = of.idleSeconds === undefined ? null : () => coordinator.expire(scan);
    this.idleMs = 1000 * (of.idleSeconds ?? 0);
    this.watchIdle();
    scan.onMessage(({ type }) => type === "complete" && this.cancelIdle());
  }

  /** Somebody follows, until the returned function is called. */
  enter(): () => void {
    this.followers++;
    this.cancelIdle();
    let entered = true;
    return () => {
      if (!entered) return;
      entered = false;
      this.followers--;
      this.watchIdle();
    };
  }

  /** Somebody asked: the wait begins anew. */
  touch(): void {
    this.enter()();
  }

  /** Pauses and resumptions one after another, as they were asked for: each may take the time of a write. */
  inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.turn.then(act);
    this.turn = done.catch(() => {});
    return done;
  }

  private watchIdle(): void {
    if (this.idle === null || this.followers > 0 || this.running.isOver) return;
    this.cancelIdle();
    this.cancelIdle = this.clock.after(this.idleMs, this.idle);
  }
}

/** Rows of a chart: as many as a screen has columns. */
const CHART_ROWS = 1_000;
/** Closes of a spark line. */
const SPARK_ROWS = 40;

/** What scans teach is written so long after it: many that end together are written once. */
const SAVE_ORDER_MS = 1_000;
/** Symbols of a report on the order. */
const REPORTED_SYMBOLS = 20;

/** Upper bounds of a histogram of first results, ms. */
const FIRST_RESULT_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500] as const;

export interface ScanCounts {
  readonly active: number;
  readonly ended: Readonly<Record<string, number>>;
  /** Symbols of scans that are over: evaluated, and spared by an early end. */
  readonly symbols: Readonly<Record<"evaluated" | "spared", number>>;
  /** Cumulative, by upper bound; the last is all. */
  readonly firstResultMs: readonly (readonly [bound: number, count: number])[];
  readonly firstResultMsSum: number;
}

export class ScanService {
  private readonly options: ScanServiceOptions;
  readonly coordinator: ScanCoordinator;
  /** Of scans of live channels. */
  private readonly liveCoordinator: ScanCoordinator;
  private readonly universes = new Map<string, ServedUniverse>();
  private readonly live: LiveUniverses;
  private readonly scans = new Map<string, ServedScan>();
  private readonly orders: OrderMemory;
  private cancelSave: (() => void) | null = null;
  private readonly ended: Record<string, number> = {};
  private readonly firstResults: number[] = Array<number>(FIRST_RESULT_MS.length + 1).fill(0);
  private firstResultsSum = 0;
  private readonly symbols = { evaluated: 0, spared: 0 };
  private started = 0;

  constructor(options: ScanServiceOptions) {
    this.options = options;
    this.coordinator = new ScanCoordinator(options);
    this.liveCoordinator =
      options.liveThreads === undefined
        ? this.coordinator
        : new ScanCoordinator({ ...options, ...options.liveThreads, startsWorkersLate: true });
    this.orders = new OrderMemory(options.orderFile ?? null, options.log ?? (() => {}));
    for (const [name, path] of Object.entries(options.universes))
      this.universes.set(
        name,
        options.loaded?.get(name) ?? new ServedUniverse(name, path, options.log ?? (() => {})),
      );
    const rest = () => new Promise<void>((resolve) => options.clock.soon(resolve));
    this.live = new LiveUniverses(options.live ?? [], rest);
  }

  get loaded(): ReadonlyMap<string, ServedUniverse> {
    return this.universes;
  }

  /** What other nodes know a universe by. */
  dataNameOf(data: object): { readonly name: string; readonly digest: string } {
    for (const universe of this.universes.values())
      if (universe.holds(data)) return { name: universe.name, digest: universe.digest };
    throw new Error("Cannot name a universe: it is none of this service");
  }

  /** The universe of this name, prepared for a rule. Rejects where its data are others than those with this digest. */
  async universeOf(name: string, digest: string, rule: Rule): Promise<Universe> {
    const found = this.universes.get(this.nameOf(name));
    const universe = await found?.ready();
    if (universe !== undefined && found!.digest === digest) return universe.prepared(rule);
    throw new EigenwatchError({
      action: `evaluate symbols of ${name}`,
      value: "this node has other data than the gateway",
      expected: "the same files on all nodes",
      kind: "conflict",
    });
  }

  listUniverses(): UniverseState[] {
    return [...[...this.universes.values()].map((universe) => universe.describe()), ...this.live.list()];
  }

  /** Throws an EigenwatchError for an order that cannot be carried out. `by`: who asks, in words. With a log the order is durable then. */
  async start(order: ScanOrder, by: string): Promise<FollowedScan> {
    const { clock, run } = this.options;
    const rule = parseRule(order.rule);
    this.refuseMore();
    const requestedMs = clock.monotonicMs();
    const chosen = await this.choose(order.universe);
    // Others may have started while the universe was loaded.
    this.refuseMore();
    const isLive = isLiveUniverse(chosen.name);
    if (isLive) this.refuseMoreLive();
    const coordinator = isLive ? this.liveCoordinator : this.coordinator;
    const loadedMs = clock.monotonicMs();
    const universe = chosen.prepared(rule);
    const { symbols } = universe.data;
    const places = chosen.places;
    const wanted =
      typeof order.universe === "string" || order.universe === undefined
        ? symbols
        : [...new Set(order.universe)];
    const known = wanted.flatMap((symbol) => places.get(symbol) ?? []);
    const scan = coordinator.start({
      universe,
      rule,
      items: inOrder(known, order.order ?? "given", Math.random, () =>
        this.orders.of(chosen.name).worth(rule, universe.data),
      ).slice(0, order.maxSymbols),
      unknown: wanted.filter((symbol) => !places.has(symbol)),
      termination: order,
      priority: order.priority,
      itemSeconds: SCAN_LIMITS.scanItemSeconds,
      loadMs: loadedMs - requestedMs,
      prepareMs: clock.monotonicMs() - loadedMs,
    });
    const served = new ServedScan(scan, {
      id: `${run}-${++this.started}`,
      universe: chosen.name,
      by,
      clock,
      idleSeconds: order.idleSeconds,
      log: this.options.scanLog,
      coordinator,
    });
    this.scans.set(served.id, served);
    const ended = () => {
      this.count(scan);
      this.learn(chosen.name, scan, universe);
    };
    if (scan.isOver) ended();
    else scan.onMessage(({ type }) => type === "complete" && ended());
    // With a log it is over for others when that is durable.
    void served.entered?.over.then(() => this.forgetOldest());
    await served.entered?.requested.catch((error: unknown) => {
      coordinator.stop(scan);
      this.scans.delete(served.id);
      throw error;
    });
    return served;
  }

  /** What the order of a universe has learnt; without a name that of the only one. */
  order(universe: string | undefined): OrderReport & { readonly universe: string } {
    const name = this.nameOf(universe);
    return { universe: name, ...orderReport(this.orders.of(name), REPORTED_SYMBOLS) };
  }

  resetOrder(universe: string | undefined): void {
    this.orders.of(this.nameOf(universe)).reset();
    this.orders.save();
  }

  /** Throws for a symbol, or a rule, that cannot be drawn. */
  async chart(universe: string | undefined, symbol: string, text: string): Promise<SymbolChart> {
    const rule = parseRule(text);
    const chosen = await this.drawn(universe);
    const { data } = chosen.prepared(rule);
    const index = chosen.places.get(symbol);
    const view = index === undefined ? null : new UniverseSymbol(data, index);
    if (view === null || view.rows > SCAN_LIMITS.scanChartRowsMax)
      throw new EigenwatchError({
        action: `draw ${symbol}`,
        value: view === null ? `${chosen.name} has no such symbol` : `it has ${view.rows} rows`,
        expected:
          view === null
            ? "a symbol of the universe"
            : `at most ${SCAN_LIMITS.scanChartRowsMax} (scanChartRowsMax)`,
        kind: view === null ? "notFound" : "limit",
      });
    const latest = (column: Float64Array) => numbersOrNull(column.subarray(-CHART_ROWS));
    return {
      symbol,
      timeUs: [...view.timeUs.subarray(-CHART_ROWS)],
      close: latest(view.column("close")),
      series: rule.explained.map((node) => ({ text: node.text, values: latest(columnOf(node, view)) })),
    };
  }

  /** The latest closes of these symbols; of one that the universe does not have, none. */
  async sparks(universe: string | undefined, symbols: readonly string[]): Promise<Record<string, number[]>> {
    const chosen = await this.drawn(universe);
    const { data } = chosen.loaded;
    const close = data.columns.close!;
    return Object.fromEntries(
      symbols.flatMap((symbol) => {
        const s = chosen.places.get(symbol);
        if (s === undefined) return [];
        const end = data.offsets[s + 1]!;
        return [[symbol, [...close.subarray(Math.max(data.offsets[s]!, end - SPARK_ROWS), end)]]];
      }),
    );
  }

  /** Throws for an id that is not known any more. */
  get(id: string): FollowedScan {
    const served = this.scans.get(id) ?? this.earlier().find((scan) => scan.id === id);
    if (served !== undefined) return served;
    throw new EigenwatchError({
      action: "find scan",
      value: id,
      expected: `one that runs, or one of the last ${SCAN_LIMITS.scansKeptMax}`,
      kind: "notFound",
    });
  }

  /** All that can be read, the newest first. */
  list(): FollowedScan[] {
    return [...[...this.scans.values()].reverse(), ...this.earlier()];
  }

  // What people ask for: each resolves when it is durable, at once without a log. A scan that is over stays as it is.

  async pause(id: string): Promise<void> {
    await this.hold(id, true);
  }

  async resume(id: string): Promise<void> {
    await this.hold(id, false);
  }

  async stop(id: string): Promise<void> {
    this.get(id);
    const served = this.scans.get(id);
    if (served === undefined) return;
    served.coordinator.stop(served.running);
    await served.entered?.over;
  }

  /** Stops it, and forgets its results. */
  async remove(id: string): Promise<void> {
    const { by } = this.get(id);
    await this.stop(id);
    await this.options.scanLog?.enter("scanRemoved", { scan: id }, by);
    this.scans.delete(id);
  }

  counts(): ScanCounts | null {
    const bounds = [...FIRST_RESULT_MS, Number.POSITIVE_INFINITY];
    const upTo = (k: number) => this.firstResults.slice(0, k + 1).reduce((sum, count) => sum + count, 0);
    return {
      active: this.active,
      ended: this.ended,
      symbols: this.symbols,
      firstResultMs: bounds.map((bound, k) => [bound, upTo(k)] as const),
      firstResultMsSum: this.firstResultsSum,
    };
  }

  /** Resolves when the log has the end of all scans, or does not take it. */
  async close(): Promise<void> {
    for (const coordinator of this.coordinators) coordinator.close();
    this.cancelSave?.();
    if (this.cancelSave !== null) this.orders.save();
    const entered = [...this.scans.values()].flatMap(({ entered }) => entered ?? []);
    await Promise.all(entered.map((each) => each.settle()));
  }

  private async hold(id: string, held: boolean): Promise<void> {
    this.get(id);
    const served = this.scans.get(id);
    await served?.inTurn(async () => {
      if (served.running.state !== (held ? "running" : "paused")) return;
      await served.entered?.hold(held);
      if (held) served.coordinator.pause(served.running);
      else served.coordinator.resume(served.running);
    });
  }

  private get coordinators(): ReadonlySet<ScanCoordinator> {
    return new Set([this.coordinator, this.liveCoordinator]);
  }

  /** Scans under way. */
  private get active(): number {
    return [...this.coordinators].reduce((sum, { active }) => sum + active.length, 0);
  }

  /** Those that earlier runs of the program have left in the log. */
  private earlier(): FollowedScan[] {
    const { scanLog, run } = this.options;
    const scans = scanLog?.list().filter(({ requested }) => !requested.scan.startsWith(`${run}-`)) ?? [];
    return scans.map(
      (scan) =>
        new RecordedScan(
          scan,
          () => scan,
          () => () => {},
        ),
    );
  }

  /** Every scan teaches, whatever its order was. */
  private learn(name: string, { request, outcomes }: Scan, { data }: Universe): void {
    this.orders.of(name).learn(request.rule, data, outcomes);
    this.cancelSave ??= this.options.clock.after(SAVE_ORDER_MS, () => {
      this.cancelSave = null;
      this.orders.save();
    });
  }

  /** Throws for a name that there is not. */
  private nameOf(universe: string | undefined): string {
    const served = [...this.universes.keys()];
    const names = this.listUniverses().map(({ name }) => name);
    const only = served.length > 0 ? served : names.slice(0, 1);
    const name = universe ?? (only.length === 1 ? only[0] : undefined);
    if (name !== undefined && names.includes(name)) return name;
    throw new EigenwatchError({
      action: name === undefined ? "choose a universe" : "find universe",
      value: name ?? "none is named",
      expected: names.length === 0 ? NO_UNIVERSE : expectedAmong(name ?? "", names),
      kind: name === undefined ? "usage" : "notFound",
    });
  }

  private async choose(universe: ScanOrder["universe"]): Promise<PreparedUniverse> {
    if (universe === undefined || typeof universe === "string") {
      const name = this.nameOf(universe);
      return this.universes.get(name)?.ready() ?? this.live.snapshot(name);
    }
    const readable: PreparedUniverse[] = [];
    for (const each of this.universes.values())
      await each.ready().then(
        (found) => readable.push(found),
        () => {},
      );
    const found = readable.find(({ places }) => universe.some((symbol) => places.has(symbol)));
    if (found !== undefined) return found;
    if (this.live.hasSome(universe)) return this.live.snapshot();
    const names = this.listUniverses().map(({ name }) => name);
    throw new EigenwatchError({
      action: "choose a universe",
      value: "none has one of these symbols",
      expected: names.length === 0 ? NO_UNIVERSE : `one of ${names.join(", ")}`,
      kind: "notFound",
    });
  }

  /** Of live channels the rows that the newest scan has. */
  private drawn(universe: string | undefined): Promise<PreparedUniverse> {
    const name = this.nameOf(universe);
    return this.universes.get(name)?.ready() ?? this.live.latest(name);
  }

  private refuseMore(): void {
    const { active } = this;
    if (active < SCAN_LIMITS.scansActiveMax) return;
    throw new EigenwatchError({
      action: "start a scan",
      value: `${active} scans are running`,
      expected: `at most ${SCAN_LIMITS.scansActiveMax} (scansActiveMax)`,
      kind: "unavailable",
    });
  }

  private refuseMoreLive(): void {
    const running = [...this.scans.values()].filter(
      (each) => isLiveUniverse(each.universe) && !each.running.isOver,
    );
    if (running.length < SCAN_LIMITS.scansLiveMax) return;
    throw new EigenwatchError({
      action: "start a scan",
      value: `${running.length} scans of live channels are running`,
      expected: `at most ${SCAN_LIMITS.scansLiveMax} (scansLiveMax)`,
      kind: "unavailable",
    });
  }

  private count(scan: Scan): void {
    const { reason, firstResultMs, processed, total } = scan.stats();
    const key = reason ?? "failed";
    this.ended[key] = (this.ended[key] ?? 0) + 1;
    this.symbols.evaluated += processed;
    this.symbols.spared += total - processed;
    this.forgetOldest();
    if (firstResultMs === null) return;
    const bucket = FIRST_RESULT_MS.findIndex((bound) => firstResultMs <= bound);
    this.firstResults[bucket < 0 ? FIRST_RESULT_MS.length : bucket]!++;
    this.firstResultsSum += firstResultMs;
  }

  private forgetOldest(): void {
    const over = [...this.scans.values()].filter(({ scan }) => scan.isOver);
    for (const { id } of over.slice(0, Math.max(0, over.length - SCAN_LIMITS.scansKeptMax)))
      this.scans.delete(id);
  }
}

const NO_UNIVERSE = "up with --universe NAME=PATH";

/** What a gateway asks for: of scans that run, or of recorded ones (recorded-scans.ts). */
export type ScanDesk = Pick<
  ScanService,
  | "list"
  | "get"
  | "listUniverses"
  | "counts"
  | "start"
  | "order"
  | "resetOrder"
  | "chart"
  | "sparks"
  | "pause"
  | "resume"
  | "stop"
  | "remove"
>;

function numbersOrNull(column: Float64Array): (number | null)[] {
  return Array.from(column, (value) => (Number.isFinite(value) ? value : null));
}
