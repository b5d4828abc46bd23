/**
 * Hands the items of scans to workers, and takes what they answer.
 *
 *   scan A: 3 4 5 …  ┐                        ┌─► worker 1: A 1 2
 *   scan B: 7 8 …    ┴─ in turns, in batches ─┴─► worker 2: B 5 6
 *
 * A worker that is at its last batch gets the next one of the same scan if it is that scan's turn: it is not idle until the next comes.
 *
 * D1  Scans of one priority take turns: a long one does not keep a short one waiting. Those of a higher one come first.
 * D2  A worker that ends, or is later than `itemSeconds` with one item, is replaced. Its answered items count; the others are handed out again,
 *     and the item under way once more if the worker ended, not if it was late.
 * D3  A stopped scan is over within STOP_MS, whatever its workers do.
 */
import type { EigenwatchError } from "../../protocol/errors.ts";
import { MachineHost } from "../core/machine-host.ts";
import type { Clock } from "../ports/clock.ts";
import type { Answer } from "../workers/work.ts";
import { type EndReason, Scan, type ScanRequest } from "./scan.ts";
import { type EvaluatedItem, evaluatedOf, type PackedItem } from "./work.ts";
import { type WorkerState, workerMachine } from "./worker-machine.ts";

/** A thread (actors/workers/thread.ts), or what stands for it in a test. */
export interface ScanThread {
  begin(task: number, common: object, shared: object): void;
  end(task: number): void;
  run(task: number, jobs: readonly unknown[]): void;
  /** More jobs for the batch under way; absent: it has one batch at a time. */
  add?(task: number, jobs: readonly unknown[]): void;
  callOff(): void;
  readonly finished: number;
  /** Time of an item of the batch that was answered last, ms; absent: what passes until the answer. */
  readonly itemMs?: number;
  terminate(): void;
}

export interface ScanThreadListener {
  ready(): void;
  answered(answers: readonly Answer[], done: boolean): void;
  ended(reason: string, finished: number): void;
}

export interface CoordinatorOptions {
  readonly clock: Clock;
  readonly workers: number;
  /** They start with the first scan; default: at once, so that they are warm then. */
  readonly startsWorkersLate?: boolean | undefined;
  startThread(listener: ScanThreadListener): ScanThread;
}

/** Work of one batch: below it messages cost as much as the work; above, a stop and the other scans wait. */
const BATCH_MS = 4;
/** Batches are smaller towards the end of a scan, but not than this: no worker is idle long while another one has the last batch. */
const LAST_BATCH_MS = 0.5;
const MOST_BATCH_ITEMS = 64;
/** Weight of a batch in the measured time of an item. */
const ITEM_WEIGHT = 0.3;
/** Rules whose times are remembered. */
const MOST_RULES = 256;
/** A stopped scan waits so long for the items under way, and drops them then. */
const STOP_MS = 10;
/** A worker is looked at so often whether its item is late. */
const LATE_CHECK_MS = 250;
/** What `finished` says of a thread that has not begun its batch. */
const NOT_BEGUN = -1;
/** Workers that end one after another without having begun an item: the program cannot start them. */
const MOST_FAILED_STARTS = 3;

export class ScanCoordinator {
  private readonly options: CoordinatorOptions;
  private readonly workers = new Set<Worker>();
  /** Scans that are not over, the one whose turn it is first. */
  private readonly scans: Scan[] = [];
  /** Time of an item by the text of its rule: the next scan with that rule begins with batches of the right size. */
  private readonly itemMs = new Map<string, number>();
  private readonly timers = new Map<Scan, () => void>();
  /** Scans whose last items are waited for. */
  private readonly stopping = new Set<Scan>();
  private lastId = 0;
  private failedStarts = 0;
  private hasStarted = false;
  private closed = false;

  constructor(options: CoordinatorOptions) {
    this.options = options;
    if (options.startsWorkersLate !== true) this.startWorkers();
  }

  start(request: ScanRequest): Scan {
    const { clock } = this.options;
    this.startWorkers();
    const scan = new Scan(++this.lastId, request, clock);
    this.scans.push(scan);
    scan.signal("start");
    const { timeoutSeconds } = request.termination;
    if (timeoutSeconds !== undefined)
      this.timers.set(
        scan,
        clock.after(1000 * timeoutSeconds, () => this.stop(scan, "timeout")),
      );
    this.advance();
    return scan;
  }

  pause(scan: Scan): void {
    scan.signal("pause");
  }

  resume(scan: Scan): void {
    scan.signal("resume");
    this.advance();
  }

  stop(scan: Scan, reason: EndReason = "stopped"): void {
    scan.stop(reason);
    this.advance();
  }

  /** No follower for too long. */
  expire(scan: Scan): void {
    if (scan.isOver) return;
    scan.signal("expire");
    this.finish(scan, "idle");
  }

  get active(): readonly Scan[] {
    return this.scans;
  }

  /** Ends all workers, and the scans that are under way. */
  close(): void {
    this.closed = true;
    for (const scan of [...this.scans]) {
      scan.signal("fail");
      this.finish(scan, "interrupted");
    }
    for (const worker of this.workers) worker.close();
    this.workers.clear();
  }

  private startWorkers(): void {
    if (this.hasStarted) return;
    this.hasStarted = true;
    for (let k = 0; k < this.options.workers; k++) this.startWorker();
  }

  private startWorker(): void {
    const worker: Worker = new Worker(this.options, {
      changed: () => this.advance(),
      spent: (scan, ms) => {
        this.failedStarts = 0;
        this.learnItemMs(scan.task.rule, ms);
      },
      lost: (reason, hadBegun) => this.replace(worker, reason, hadBegun),
    });
    this.workers.add(worker);
  }

  private replace(worker: Worker, reason: string, hadBegun: boolean): void {
    this.workers.delete(worker);
    if (this.closed) return;
    // An item that ends its worker, or is late, is given up after some attempts: those are no starts that failed.
    if (hadBegun) this.failedStarts = 0;
    else this.failedStarts++;
    if (this.failedStarts < MOST_FAILED_STARTS * this.options.workers) this.startWorker();
    else if (this.workers.size === 0) this.giveUp(reason);
    this.advance();
  }

  /** The scans of now fail; the next one tries to start workers again. */
  private giveUp(reason: string): void {
    this.failedStarts = 0;
    this.hasStarted = false;
    for (const scan of [...this.scans]) {
      for (const item of scan.take(Number.MAX_SAFE_INTEGER))
        scan.fail(item, `no worker could be started: ${reason}`);
      scan.signal("fail");
      this.finish(scan, "failed");
    }
  }

  /** Gives work to the idle and then to those that will soon be, and ends scans that are done. */
  private advance(): void {
    for (const scan of [...this.scans]) this.settle(scan);
    for (const worker of this.workers)
      if (worker.state === "idle") this.give((scan, items) => worker.run(scan, items));
    for (const worker of this.workers)
      if (worker.hasRoom) this.give((_, items) => worker.add(items), worker.scan);
  }

  /** The next batch, if it is of that scan. [D1] */
  private give(hand: (scan: Scan, items: number[]) => void, only: Scan | null = null): void {
    const next = this.nextScan();
    if (next < 0 || (only !== null && this.scans[next] !== only)) return;
    const [scan] = this.scans.splice(next, 1) as [Scan];
    this.scans.push(scan);
    hand(scan, scan.take(this.batchOf(scan)));
  }

  private learnItemMs(rule: string, ms: number): void {
    const before = this.itemMs.get(rule);
    this.itemMs.delete(rule);
    this.itemMs.set(rule, before === undefined ? ms : before + ITEM_WEIGHT * (ms - before));
    const [oldest] = this.itemMs.keys();
    if (this.itemMs.size > MOST_RULES) this.itemMs.delete(oldest!);
  }

  /** Of those with the highest priority the one that has waited longest; −1 without work. */
  private nextScan(): number {
    let best = -1;
    this.scans.forEach((scan, k) => {
      if (!scan.hasWork) return;
      if (best < 0 || scan.priority > this.scans[best]!.priority) best = k;
    });
    return best;
  }

  private batchOf(scan: Scan): number {
    const itemMs = this.itemMs.get(scan.task.rule);
    // The first result comes as soon as one item is evaluated.
    if (itemMs === undefined) return 1;
    const within = (ms: number) =>
      Math.max(1, Math.min(MOST_BATCH_ITEMS, Math.floor(ms / Math.max(itemMs, 0.01))));
    const share = Math.ceil(scan.left / (2 * this.workers.size));
    return Math.min(within(BATCH_MS), Math.max(within(LAST_BATCH_MS), share));
  }

  private settle(scan: Scan): void {
    const busy = [...this.workers].filter((worker) => worker.scan === scan);
    if (scan.state === "stopping") {
      for (const worker of busy) worker.thread.callOff();
      if (busy.length === 0) {
        scan.signal("settled");
        this.finish(scan, "stopped");
      } else if (!this.stopping.has(scan)) {
        this.stopping.add(scan);
        this.options.clock.after(STOP_MS, () => {
          if (scan.isOver) return;
          scan.signal("settled");
          this.finish(scan, "stopped");
        });
      }
    } else if (scan.isComplete && !scan.isOver) {
      scan.signal("finish");
      this.finish(scan, "finished");
    }
  }

  private finish(scan: Scan, reason: EndReason): void {
    this.timers.get(scan)?.();
    this.timers.delete(scan);
    this.stopping.delete(scan);
    const at = this.scans.indexOf(scan);
    if (at >= 0) this.scans.splice(at, 1);
    for (const worker of this.workers) worker.forget(scan);
    scan.end(reason);
  }
}

interface WorkerListener {
  /** It is idle. */
  changed(): void;
  /** Mean time of the items that were answered together. */
  spent(scan: Scan, ms: number): void;
  /** `hadBegun`: it was at an item. */
  lost(reason: string, hadBegun: boolean): void;
}

/** A worker with the batch that it has. */
class Worker {
  readonly thread: ScanThread;
  scan: Scan | null = null;
  private readonly machine = new MachineHost(workerMachine, {});
  private readonly clock: Clock;
  private readonly listener: WorkerListener;
  private readonly known = new Set<number>();
  private items: number[] = [];
  private answered = 0;
  /** Where the items begin that came last. */
  private lastGiven = 0;
  private answeredMs = 0;
  private cancelCheck: () => void = () => {};

  constructor({ startThread, clock }: CoordinatorOptions, listener: WorkerListener) {
    this.clock = clock;
    this.listener = listener;
    this.thread = startThread({
      ready: () => this.become("ready"),
      answered: (answers, done) => this.take(answers, done),
      ended: (reason, finished) => this.lose(finished, `its worker ended: ${reason}`, false),
    });
  }

  get state(): WorkerState {
    return this.machine.value as WorkerState;
  }

  /** It is at the last items that it got, and takes more of their scan. */
  get hasRoom(): boolean {
    return this.state === "busy" && this.thread.add !== undefined && this.answered >= this.lastGiven;
  }

  run(scan: Scan, items: readonly number[]): void {
    this.machine.send({ type: "given" });
    this.scan = scan;
    this.items = [...items];
    this.answered = 0;
    this.lastGiven = 0;
    if (!this.known.has(scan.id)) {
      this.known.add(scan.id);
      this.thread.begin(scan.id, scan.task, scan.request.universe.data);
    }
    this.answeredMs = this.clock.monotonicMs();
    this.thread.run(scan.id, items);
    this.watch(scan.request.itemSeconds, NOT_BEGUN, this.answeredMs);
  }

  add(items: readonly number[]): void {
    this.lastGiven = this.items.length;
    this.items.push(...items);
    this.thread.add!(this.scan!.id, items);
  }

  close(): void {
    this.cancelCheck();
    this.thread.terminate();
  }

  forget(scan: Scan): void {
    if (this.known.delete(scan.id) && this.scan !== scan) this.thread.end(scan.id);
  }

  private become(type: "ready" | "answered"): void {
    this.machine.send({ type });
    this.listener.changed();
  }

  private take(answers: readonly Answer[], done: boolean): void {
    const { scan } = this;
    if (scan === null) return;
    if (answers.length > 0) this.learn(scan, answers.length);
    for (const answer of answers) {
      const item = this.items[this.answered++]!;
      if ("error" in answer) scan.fail(item, reasonOf(answer.error));
      else {
        const result = answer.result as EvaluatedItem | PackedItem;
        scan.succeed(item, evaluatedOf(result, scan.request.rule));
      }
    }
    if (!done) {
      this.listener.changed();
      return;
    }
    this.cancelCheck();
    // It was called off: what it has not begun goes back.
    scan.giveBack(this.items.slice(this.answered), undefined, "", false);
    this.scan = null;
    if (scan.isOver) this.thread.end(scan.id);
    this.become("answered");
  }

  private learn(scan: Scan, answers: number): void {
    const nowMs = this.clock.monotonicMs();
    this.listener.spent(scan, this.thread.itemMs ?? (nowMs - this.answeredMs) / answers);
    this.answeredMs = nowMs;
  }

  /** Looks again and again whether it still gets ahead. */
  private watch(seconds: number, finished: number, sinceMs: number): void {
    const { clock } = this;
    this.cancelCheck = clock.after(Math.min(LATE_CHECK_MS, 1000 * seconds), () => {
      const now = this.thread.finished;
      // What a thread is sent may take long to arrive: that is not the time of an item.
      if (now > finished || now === NOT_BEGUN) this.watch(seconds, now, clock.monotonicMs());
      else if (clock.monotonicMs() - sinceMs < 1000 * seconds) this.watch(seconds, finished, sinceMs);
      else {
        this.thread.terminate();
        this.lose(now, `it took longer than ${seconds} s`, true);
      }
    });
  }

  private lose(finished: number, reason: string, isLate: boolean): void {
    if (this.state === "lost") return;
    this.cancelCheck();
    this.machine.send({ type: "lose" });
    const { scan } = this;
    this.scan = null;
    const culprit = scan === null ? undefined : this.items[finished];
    scan?.giveBack(this.items.slice(this.answered), culprit, reason, isLate);
    this.listener.lost(reason, culprit !== undefined);
  }
}

function reasonOf({ message, parts }: { message: string; parts?: Partial<EigenwatchError> }): string {
  if (parts?.value === undefined) return message;
  return parts.expected
    ? `${parts.action}: ${parts.value}; expected ${parts.expected}`
    : `${parts.action}: ${parts.value}`;
}
