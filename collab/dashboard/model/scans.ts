/**
 * Scans of the page: what is asked for, and one scan with its results as they come.
 *
 *   nothing ─start─► running ⇄ paused ─► over        start again: the one before is stopped
 */
import { signal } from "@preact/signals";
import type {
  RuleWord,
  ScanProblem,
  ScanResult,
  SymbolChart,
  UniverseState,
} from "../../../protocol/scan-messages.ts";
import type { Controls } from "./controls.ts";

export interface RuleProblem {
  /** The text that cannot be read: the one in the field may be another one meanwhile. */
  readonly rule: string;
  /** Counted from 1. */
  readonly column: number;
  readonly length: number;
  readonly value: string;
  readonly expected: string;
}

/** As the gateway has them; of a message of progress the first six alone. */
export interface ScanFigures {
  readonly state: string;
  readonly processed: number;
  readonly total: number;
  readonly signals: number;
  readonly errors: number;
  readonly eta_ms: number | null;
  readonly reason?: string | null;
  readonly per_second?: number;
  readonly elapsed_ms?: number;
  readonly saved?: number;
  readonly stages_ms?: Readonly<Record<string, number>>;
}

export interface ShownScan {
  readonly id: string;
  readonly rule: string;
  readonly universe: string;
  /** What explains a result, in the order of the rule. */
  readonly values: readonly string[];
  readonly results: readonly ScanResult[];
  readonly problems: readonly ScanProblem[];
  readonly figures: ScanFigures;
  readonly isOver: boolean;
}

export interface ScanForm {
  readonly rule: string;
  readonly universe: string;
  readonly order: "given" | "learned" | "random";
  /** Ends at so many signals; null: at none. */
  readonly maxSignals: number | null;
}

type RuleCheck = { valid: true; values: string[] } | ({ valid: false } & RuleProblem);

type Message =
  | { type: "result"; data: ScanResult }
  | { type: "error"; data: ScanProblem }
  | { type: "progress" | "stats" | "complete"; data: ScanFigures };

/** Results come thousands a second: they are shown so often. */
const SHOW_EVERY_MS = 100;
const NOTHING_YET: ScanFigures = {
  state: "queued",
  processed: 0,
  total: 0,
  signals: 0,
  errors: 0,
  eta_ms: null,
};

export class Scans {
  readonly universes = signal<readonly UniverseState[]>([]);
  readonly names = signal<readonly RuleWord[]>([]);
  readonly form = signal<ScanForm>({ rule: "rsi(14) < 30", universe: "", order: "given", maxSignals: null });
  /** Of the rule in the form; null: it can be read, or was not checked yet. */
  readonly problem = signal<RuleProblem | null>(null);
  readonly shown = signal<ShownScan | null>(null);
  /** The latest closes by symbol, for spark lines. */
  readonly sparks = signal<ReadonlyMap<string, readonly number[]>>(new Map());
  readonly chart = signal<SymbolChart | null>(null);
  /** Why the last request failed, "" when it did not. */
  readonly failure = signal("");
  readonly #controls: Controls;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #checked = 0;
  #asked = 0;

  constructor(controls: Controls) {
    this.#controls = controls;
  }

  get isServed(): boolean {
    return this.#controls.supported.value.has("scan");
  }

  /** Reads what there is to scan, when the panel opens. */
  async open(): Promise<void> {
    if (!this.isServed) return;
    await this.#try(async () => {
      const [{ universes }, { functions }] = await Promise.all([
        this.#controls.ask<{ universes: UniverseState[] }>("scan/universes"),
        this.#controls.ask<{ functions: RuleWord[] }>("scan/functions"),
      ]);
      this.universes.value = universes;
      this.names.value = functions;
      const { universe } = this.form.peek();
      if (!universes.some(({ name }) => name === universe))
        this.form.value = { ...this.form.peek(), universe: universes[0]?.name ?? "" };
    });
  }

  /** Finds the problem of a rule while it is typed. */
  async check(rule: string): Promise<void> {
    await this.#check(rule).catch(() => {});
  }

  async #check(rule: string): Promise<RuleCheck> {
    const number = ++this.#checked;
    const answer = await this.#controls.ask<RuleCheck>("scan/check", { rule });
    // Meanwhile the rule may be another one.
    if (number === this.#checked) this.problem.value = answer.valid ? null : { ...answer, rule };
    return answer;
  }

  async start(): Promise<void> {
    this.#leave();
    const { rule, universe, order, maxSignals } = this.form.peek();
    await this.#try(async () => {
      const answer = await this.#check(rule);
      if (!answer.valid) return;
      const { values } = answer;
      const ends = maxSignals === null ? {} : { termination_criteria: { max_signals: maxSignals } };
      const { scan_id: id, websocket_url: address } = await this.#controls.ask<{
        scan_id: string;
        websocket_url: string;
      }>("scan/stream", { rule, universe, order, ...ends });
      this.sparks.value = new Map();
      this.chart.value = null;
      this.#follow(
        { id, rule, universe, values, results: [], problems: [], figures: NOTHING_YET, isOver: false },
        address,
      );
    });
  }

  /** Of the scan that is shown. */
  command(type: "pause" | "resume" | "stop"): void {
    this.#socket?.send(JSON.stringify({ type }));
  }

  /** Reads the closes of symbols that are in view and have none yet. */
  async readSparks(symbols: readonly string[]): Promise<void> {
    const scan = this.shown.peek();
    const missing = symbols.filter((symbol) => !this.sparks.peek().has(symbol));
    if (scan === null || missing.length === 0) return;
    const { sparks } = await this.#controls
      .ask<{ sparks: Record<string, number[]> }>("scan/sparks", { universe: scan.universe, symbols: missing })
      .catch(() => ({ sparks: {} as Record<string, number[]> }));
    if (this.shown.peek()?.id !== scan.id) return;
    const all = new Map(this.sparks.peek());
    for (const symbol of missing) all.set(symbol, Object.hasOwn(sparks, symbol) ? sparks[symbol]! : []);
    this.sparks.value = all;
  }

  /** The chart of a symbol, with what the rule computes. */
  async openSymbol(symbol: string): Promise<void> {
    const scan = this.shown.peek();
    if (scan === null) return;
    const number = ++this.#asked;
    await this.#try(async () => {
      const query = new URLSearchParams({ universe: scan.universe, symbol, rule: scan.rule });
      const chart = await this.#controls.ask<SymbolChart>(`scan/chart?${query}`);
      if (number === this.#asked) this.chart.value = chart;
    });
  }

  stop(): void {
    this.#leave();
  }

  #follow(scan: ShownScan, address: string): void {
    const results: ScanResult[] = [];
    const problems: ScanProblem[] = [];
    let { figures } = scan;
    let isOver = false;
    const show = () => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.shown.value = { ...scan, results: [...results], problems: [...problems], figures, isOver };
    };
    show();
    const socket = new WebSocket(new URL(address, document.baseURI).href.replace(/^http/, "ws"));
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.type === "result") results.push(message.data);
      else if (message.type === "error" && "symbol" in message.data) problems.push(message.data);
      else if (message.type !== "error") figures = { ...figures, ...message.data };
      if (message.type === "complete") isOver = true;
      if (isOver) show();
      else this.#timer ??= setTimeout(show, SHOW_EVERY_MS);
    };
    socket.onclose = () => {
      if (isOver || this.#socket !== socket) return;
      this.failure.value =
        "The connection of the scan broke: it goes on without this page. Start it again to follow it";
    };
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "stop" }));
    socket.close();
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.failure.value = "";
    try {
      await act();
    } catch (error) {
      this.failure.value = (error as Error).message;
    }
  }
}

export type SortKey = "rank" | "symbol" | "score" | { readonly value: string };

/** Signals on top; within them by the key. */
export function sorted(results: readonly ScanResult[], key: SortKey, isRising: boolean): ScanResult[] {
  const sign = isRising ? 1 : -1;
  const of = (result: ScanResult): number =>
    typeof key === "object" ? (result.values[key.value] ?? Number.NaN) : result.score;
  return [...results].sort((a, b) => {
    if (a.signal !== b.signal) return a.signal ? -1 : 1;
    if (key === "symbol") return sign * (a.symbol < b.symbol ? -1 : 1);
    const [x, y] = [of(a), of(b)];
    // What has no value comes last.
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return sign * (x - y) || (a.symbol < b.symbol ? -1 : 1);
  });
}
