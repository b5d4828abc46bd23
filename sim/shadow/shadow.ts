/**
 * A session's shadow: another process that executes the same log a moment later and compares (verifier.ts).
 *
 *              ┌─ too far behind, a difference, a state of no use ─► waiting ─┐
 *   following ─┘                                                             │ next snapshot of the session
 *       ▲────────────────────────────────────────────────────────────────────┘
 *       └─ the process ends ─► ended
 *
 * W1  The session never waits for its shadow: what goes into the journal is copied into a batch, and written when the pipe takes it.
 * W2  What waits for the pipe is bounded; beyond that everything is dropped, and the shadow goes on from the next snapshot.
 * W3  A difference is told once; what is compared after it begins with a snapshot of the session.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { DerivedRecord, Journal } from "../../actors/ports/journal.ts";
import { ownProgram } from "../../actors/workers/mod.ts";
import type { Difference } from "../recordings/replay/verifier.ts";
import { KeptMessages } from "./kept-messages.ts";
import { type MessageKind, startPayload } from "./messages.ts";
import { ShadowPipe } from "./pipe.ts";
import { type JournalListener, ShadowedJournal } from "./shadowed-journal.ts";
import type { ShadowLine } from "./worker.ts";

/** What may wait for the pipe: some seconds of a session at full speed. */
const WAITING_BYTES_MAX = 64 << 20;

/** At the end the shadow gets this long for what it has still to do. */
const FINISH_MS = 10_000;

export interface ShadowOptions {
  /** The session and its shadow differ. */
  difference(difference: Difference): void;
  /** The shadow's process ended by itself: nothing is compared any more. */
  ended(): void;
  log(message: string): void;
  /** The program to run; default: the one that runs. */
  program?: readonly [string, ...string[]];
  waitingBytesMax?: number;
}

export interface ShadowReport {
  blocks: number;
  hashes: number;
  differences: number;
  /** Blocks that were not executed. */
  skippedBlocks: number;
  /** Whether everything up to the end was executed. */
  complete: boolean;
}

/** Values of the gauge `shadowState`. */
const STATES = { following: 0, waiting: 1, ended: 2 } as const;

export class Shadow implements JournalListener {
  private readonly options: ShadowOptions;
  private readonly child: ChildProcess;
  private readonly pipe: ShadowPipe;
  private readonly gone: Promise<void>;
  private readonly kept = new KeptMessages();
  private state: keyof typeof STATES = "waiting";
  private finishing = false;
  /** The last block that went into the journal, and the last one that was executed. */
  private lastBlock = 0;
  private doneBlock = 0;
  private checked = { blocks: 0, hashes: 0 };
  private differences = 0;
  private skippedBlocks = 0;
  private wake: () => void = () => {};

  constructor(options: ShadowOptions) {
    this.options = options;
    const [command, ...args] = options.program ?? ownProgram();
    this.child = spawn(command, [...args, "shadow-worker"], { stdio: ["pipe", "pipe", "inherit"] });
    this.pipe = new ShadowPipe(this.child.stdin!);
    const lines = createInterface({ input: this.child.stdout! });
    lines.on("line", (line) => this.heard(JSON.parse(line) as ShadowLine));
    this.gone = new Promise((resolve) => {
      const gone = () => {
        if (this.state !== "ended" && !this.finishing) options.ended();
        this.state = "ended";
        this.pipe.drop();
        this.wake();
        resolve();
      };
      this.child.on("error", gone);
      this.child.on("close", gone);
    });
  }

  /** The journal with its shadow behind it, from the newest snapshot on. Call it before anything is appended. */
  async follow(journal: Journal): Promise<Journal> {
    const { first, last } = journal;
    this.lastBlock = last?.number ?? 0;
    const stored = last === null ? null : await journal.loadSnapshot({ block: last.number });
    this.doneBlock = stored?.block ?? 0;
    if (stored !== null || first === null || first.number === 1) {
      this.start(this.doneBlock, this.lastBlock, stored?.bytes);
      if (last !== null) await this.catchUp(journal, this.doneBlock + 1);
    }
    return new ShadowedJournal(journal, this);
  }

  private async catchUp(journal: Journal, from: number): Promise<void> {
    for await (const entry of journal.read(from)) {
      if (entry.kind === "damage") this.skip("the recording is damaged");
      else if (entry.kind === "block") this.take("block", entry.block.number, entry.block.bytes);
      else this.take(entry.kind, entry.block, entry.bytes);
      if (this.state !== "following") return;
    }
  }

  // ---- what the session does (ShadowedJournal) ----------------------------------------------------------------

  block(number: number, bytes: Uint8Array): void {
    this.lastBlock = number;
    this.take("block", number, bytes);
  }

  appendDerived({ kind, block, bytes }: DerivedRecord): void {
    this.take(kind, block, bytes);
  }

  /** The state after a block: a place to go on from. */
  snapshot(block: number, state: Uint8Array): void {
    // What came behind it may not be here any more: then the next one will do.
    if (this.state !== "waiting" || !this.kept.reachBackTo(block, this.lastBlock)) return;
    this.skippedBlocks += Math.max(0, block - this.doneBlock);
    this.doneBlock = block;
    this.start(block, block, state);
    for (const message of this.kept.behind(block)) this.take(message.kind, message.block, message.bytes);
  }

  private start(block: number, settledFrom: number, state?: Uint8Array): void {
    this.state = "following";
    this.pipe.add("start", block, startPayload(settledFrom, state));
  }

  private take(kind: Exclude<MessageKind, "start">, block: number, bytes: Uint8Array): void {
    if (this.state === "waiting") this.kept.add({ kind, block, bytes });
    if (this.state !== "following") return;
    this.pipe.add(kind, block, bytes);
    if (this.pipe.waitingBytes > (this.options.waitingBytesMax ?? WAITING_BYTES_MAX))
      this.skip("it is too far behind");
  }

  private skip(reason: string): void {
    if (this.state !== "following") return;
    this.options.log(`shadow: ${reason}; it goes on from the next snapshot`);
    this.state = "waiting";
    this.pipe.drop();
    this.kept.clear();
  }

  private heard(line: ShadowLine): void {
    if ("difference" in line) {
      this.differences++;
      this.skip(`it differs at block ${line.difference.block}`);
      this.options.difference(line.difference);
    } else if ("unusable" in line) this.skip(`a snapshot is of no use (${line.unusable})`);
    else {
      this.checked = { blocks: line.blocks, hashes: line.hashes };
      this.pipe.executed(line.block);
      if (this.state === "following") this.doneBlock = Math.max(this.doneBlock, line.block);
    }
    this.wake();
  }

  // ---- for people ---------------------------------------------------------------------------------------------

  gauges(): Record<string, number> {
    return {
      shadowState: STATES[this.state],
      shadowBlocks: this.lastBlock - this.doneBlock,
      shadowLagMs: Math.round(this.pipe.lagMs),
      shadowWaitingBytes: this.pipe.waitingBytes,
      shadowCheckedBlocks: this.checked.blocks,
      shadowCheckedHashes: this.checked.hashes,
      shadowSkippedBlocks: this.skippedBlocks,
      shadowDifferences: this.differences,
    };
  }

  /** Resolves when everything that the session has written so far was executed, when nothing is, or after some seconds. */
  async caughtUp(): Promise<boolean> {
    this.pipe.flush();
    const lateMs = performance.now() + FINISH_MS;
    while (this.state === "following" && this.doneBlock < this.lastBlock && performance.now() < lateMs)
      await this.somethingHeard(lateMs - performance.now());
    return this.state === "following" && this.doneBlock === this.lastBlock;
  }

  /** Lets the shadow come to the end of what the session has written, and ends it. */
  async finish(): Promise<ShadowReport> {
    this.finishing = true;
    const complete = await this.caughtUp();
    this.pipe.end();
    const timer = setTimeout(() => this.child.kill("SIGKILL"), FINISH_MS);
    await this.gone;
    clearTimeout(timer);
    const { differences, skippedBlocks } = this;
    return { ...this.checked, differences, skippedBlocks, complete };
  }

  private somethingHeard(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
