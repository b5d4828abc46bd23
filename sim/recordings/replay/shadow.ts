/**
 * A live session's shadow: another process that reads the session's recording, executes it once more and compares the results
 * (`replay --verify --tail`). What it finds becomes an event of the session.
 *
 *   following ──a difference, or it cannot read on──► waiting ──a newer snapshot in the recording──► following
 *       └──the process ends by itself──► ended
 *
 * H1  The session never waits for its shadow: the two share the folder of the recording and nothing else.
 * H2  A difference is announced once. The comparison goes on from the next snapshot: what follows a difference may follow from it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { setPriority } from "node:os";
import { createInterface } from "node:readline";
import { ownProgram } from "../../../actors/workers/mod.ts";
import type { OperatorNotice } from "../../../protocol/messages.ts";
import type { TailLine } from "./tail.ts";
import type { Difference } from "./verifier.ts";

type Notice = Omit<OperatorNotice, "type">;

/** The session's journal, as far as its shadow looks at it. */
export interface ShadowedRecording {
  readonly directory: string;
  readonly last: { readonly number: number } | null;
  /** Oldest first. */
  readonly snapshots: readonly { readonly block: number; readonly sequence: number }[];
}

export interface ShadowOptions {
  announce(notice: Notice): void;
  log(message: string): void;
  /** The program to run; default: the one that runs. */
  program?: readonly [string, ...string[]];
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

const AUTHOR = "shadow";

/** Enough of a recorded and a replayed value for one line. */
const VALUE_CHARACTERS = 200;

/** How often the journal is looked at: for its newest block, and for a snapshot to go on from. */
const LOOK_MS = 100;

/** Time for the shadow to execute what is left at the end. */
const FINISH_MS = 10_000;

/** Where cores are few the session goes first. */
const PRIORITY = 5;

/** Values of the gauge `shadowState`. */
const STATES = { following: 0, waiting: 1, ended: 2 } as const;

export class Shadow {
  private readonly recording: ShadowedRecording;
  private readonly options: ShadowOptions;
  private readonly timer: ReturnType<typeof setInterval>;
  private state: keyof typeof STATES = "waiting";
  private child: ChildProcess | null = null;
  /** Settles when the running process has ended. */
  private gone: Promise<void> = Promise.resolve();
  private finishing = false;
  private isLogOpen = true;
  /** The last block that was executed; a process goes on from a snapshot after it. */
  private doneBlock: number;
  /** Of earlier processes, and of the running one. */
  private readonly checked = { blocks: 0, hashes: 0 };
  private running = { blocks: 0, hashes: 0 };
  private bytesBehind = 0;
  private differences = 0;
  private skippedBlocks = 0;
  /** Blocks of the session that are not executed yet, and when they were first seen. */
  private marks: { block: number; sinceMs: number }[] = [];
  private wake: () => void = () => {};

  /** The recording is open for writing: the shadow begins with its newest snapshot. */
  constructor(recording: ShadowedRecording, options: ShadowOptions) {
    this.recording = recording;
    this.options = options;
    const newest = recording.snapshots.at(-1);
    this.doneBlock = newest?.block ?? 0;
    this.start(newest?.sequence ?? 0);
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
  }

  gauges(): Record<string, number> {
    return {
      shadowState: STATES[this.state],
      shadowBlocks: Math.max(0, this.lastBlock - this.doneBlock),
      shadowLagMs: Math.round(this.marks[0] ? performance.now() - this.marks[0].sinceMs : 0),
      shadowWaitingBytes: this.bytesBehind,
      shadowCheckedBlocks: this.checked.blocks + this.running.blocks,
      shadowCheckedHashes: this.checked.hashes + this.running.hashes,
      shadowSkippedBlocks: this.skippedBlocks,
      shadowDifferences: this.differences,
    };
  }

  /** Resolves when everything written so far is executed, when nothing is, or after some seconds. */
  async caughtUp(): Promise<void> {
    const target = this.lastBlock;
    const lateMs = performance.now() + FINISH_MS;
    while (this.state === "following" && this.doneBlock < target && performance.now() < lateMs)
      await this.nextReport(lateMs - performance.now());
  }

  /** The session closes its log: later findings go to people only. */
  logCloses(): void {
    this.isLogOpen = false;
  }

  /** When the recording is closed: gives the shadow time for what is left. */
  async finish(): Promise<ShadowReport> {
    this.finishing = true;
    clearInterval(this.timer);
    const ends = [
      setTimeout(() => this.child?.kill("SIGINT"), FINISH_MS),
      setTimeout(() => this.child?.kill("SIGKILL"), 1.5 * FINISH_MS),
    ];
    await this.gone;
    for (const timer of ends) clearTimeout(timer);
    const { differences, skippedBlocks } = this;
    const complete = this.state === "following" && this.doneBlock === this.lastBlock;
    return { ...this.checked, differences, skippedBlocks, complete };
  }

  private get lastBlock(): number {
    return this.recording.last?.number ?? 0;
  }

  // ---- the process ------------------------------------------------------------------------------------------------

  /** `sequence`: the last input before what is to be executed. */
  private start(sequence: number): void {
    this.state = "following";
    const place = String(sequence + 1);
    const [command, ...args] = this.options.program ?? ownProgram();
    const child = spawn(
      command,
      [...args, "replay", this.recording.directory, "--verify", "--tail", "--seek", place, "--json"],
      // Ctrl-C goes to the whole terminal: the shadow must not hear it, and ends with the recording.
      { stdio: ["ignore", "pipe", "inherit"], detached: true },
    );
    this.child = child;
    this.lower(child);
    createInterface({ input: child.stdout! }).on("line", (line) => this.report(JSON.parse(line) as TailLine));
    this.gone = new Promise((resolve) => {
      const ended = (code: number | null) => {
        this.childEnded(code);
        resolve();
      };
      child.once("error", () => ended(null));
      child.once("close", ended);
    });
  }

  private lower({ pid }: ChildProcess): void {
    try {
      if (pid !== undefined) setPriority(pid, PRIORITY);
    } catch {
      // Not everybody may; then both have the same.
    }
  }

  private report(line: TailLine): void {
    this.bytesBehind = line.bytesBehind;
    this.running = { blocks: line.blocks, hashes: line.hashes };
    this.doneBlock = Math.max(this.doneBlock, line.block);
    while (this.marks[0] && this.marks[0].block <= this.doneBlock) this.marks.shift();
    if (line.what === "end" && line.difference !== null) this.differs(line.difference);
    this.wake();
  }

  private differs(difference: Difference): void {
    this.differences++;
    this.skip(`it differs at block ${difference.block}`);
    // A snapshot from before the difference would lead to it again.
    this.doneBlock = Math.max(this.doneBlock, difference.block);
    this.announce(differenceNotice(difference));
  }

  private skip(reason: string): void {
    this.options.log(`shadow: ${reason}; it goes on from the next snapshot`);
    this.state = "waiting";
  }

  /** Exit code 1 is a difference, or a recording that cannot be read on. */
  private childEnded(code: number | null): void {
    this.child = null;
    this.checked.blocks += this.running.blocks;
    this.checked.hashes += this.running.hashes;
    this.running = { blocks: 0, hashes: 0 };
    if (this.state === "following" && code === 1) this.skip("it cannot read on");
    else if (this.state === "following" && !this.finishing) {
      this.state = "ended";
      this.announce(ENDED);
    }
    this.wake();
  }

  private look(): void {
    const { lastBlock } = this;
    if (lastBlock > (this.marks.at(-1)?.block ?? this.doneBlock))
      this.marks.push({ block: lastBlock, sinceMs: performance.now() });
    const newest = this.recording.snapshots.at(-1);
    if (this.state !== "waiting" || this.child !== null || newest === undefined) return;
    if (newest.block <= this.doneBlock) return;
    this.skippedBlocks += newest.block - this.doneBlock;
    this.doneBlock = newest.block;
    this.start(newest.sequence);
  }

  private announce(notice: Notice): void {
    if (this.isLogOpen) this.options.announce(notice);
    else this.options.log(notice.title);
  }

  private nextReport(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const ENDED: Notice = {
  kind: "shadow.ended",
  severity: "warning",
  group: "",
  channels: [],
  title: "the shadow's process ended: nothing is compared any more",
  detail: {},
  author: AUTHOR,
};

export function differenceNotice(difference: Difference): Notice {
  const { block, input, actor, field, index } = difference;
  return {
    kind: "shadow.differs",
    severity: "critical",
    group: "",
    channels: [],
    title: `executed once more, block ${block} comes out differently at input ${input}: ${actor} ${field}`,
    detail: {
      block,
      input,
      actor,
      field,
      index,
      recorded: difference.recorded.slice(0, VALUE_CHARACTERS),
      replayed: difference.replayed.slice(0, VALUE_CHARACTERS),
    },
    author: AUTHOR,
  };
}
