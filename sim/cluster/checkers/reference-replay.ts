/**
 * Replays one admitted log without faults and records what checkers compare with: events, state hashes, timers, renewals of actors.
 *
 *   blocks in order ─► core, with a model of its timers ─► events and state hashes
 *                        └─ at the first kept snapshot: a second core is restored from it and applies the same tail
 */
import { Core, hex, SILENT } from "../../../actors/core/mod.ts";
import { decodeFrameInto, decodeMessage, isFrame } from "../../../protocol/codec.ts";
import { createScratchFrame } from "../../../protocol/frame.ts";
import type { EventMessage, Input } from "../../../protocol/messages.ts";
import { parseSettings } from "../../../protocol/settings.ts";
import type { AdmittedBlock, AdmittedLog } from "./admitted-log.ts";
import type { WorldEnd } from "./observation.ts";
import { TimerModel } from "./timer-model.ts";

export interface ReplayedLog {
  readonly log: AdmittedLog;
  /** Event sequence k at index k − 1, and the block it belongs to. */
  readonly events: readonly EventMessage[];
  readonly blockOfEvent: readonly number[];
  /** Inputs that recreate actors, in order. */
  readonly renewals: readonly Renewal[];
  /** State hash after each block that an observation names. */
  readonly hashes: ReadonlyMap<number, string>;
  /** The first wrong timer, or null. */
  readonly timerTrouble: string | null;
  /** The first wrong snapshot, or null. */
  readonly snapshotTrouble: string | null;
}

/** An input of an admitted log. Valid during the call: the next frame reuses the columns. */
export interface ReplayedInput {
  readonly partition: string;
  readonly block: number;
  readonly sequence: number;
  readonly timeUs: number;
  readonly input: Input;
  /** Of a frame: channels of its group. */
  readonly channels: number;
}

/** Settings or channels changed, so these actors were recreated. */
export interface Renewal {
  /** Events before it. */
  readonly events: number;
  /** Null: every group. */
  readonly group: string | null;
  /** Null: every actor. */
  readonly actor: string | null;
}

/** A state that a node saved in its journal. */
export interface Snapshot {
  readonly block: number;
  /** Where no block of the log has it, the snapshot is of an end that was lost. */
  readonly blockHash: string;
  readonly bytes: Uint8Array;
}

export class ReferenceReplay {
  /** What a checker found wrong with an input, or null. */
  objection: string | null = null;
  private readonly log: AdmittedLog;
  private readonly end: WorldEnd;
  private readonly expected: ReadonlySet<number>;
  private readonly snapshots: readonly Snapshot[];
  private readonly onInput: (input: ReplayedInput) => string | null;
  private readonly core: Core;
  private readonly timers: TimerModel;
  private readonly scratch = createScratchFrame();
  private readonly events: EventMessage[] = [];
  private readonly blockOfEvent: number[] = [];
  private readonly hashes = new Map<number, string>();
  private readonly renewals: Renewal[] = [];
  private snapshotTrouble: string | null = null;
  /** Restored from a snapshot; applies the same tail. */
  private restored: Core | null = null;
  private number = 0;

  constructor(
    end: WorldEnd,
    log: AdmittedLog,
    expected: ReadonlySet<number>,
    snapshots: readonly Snapshot[],
    onInput: (input: ReplayedInput) => string | null,
  ) {
    this.end = end;
    this.log = log;
    this.expected = expected;
    this.snapshots = snapshots;
    this.onInput = onInput;
    this.core = new Core(end.definitions, {
      // Live cores build their states, this one does not: the registered state must be the same all the same.
      unread: true,
      event: (event) => {
        this.timers.announced(event);
        this.events.push(event);
        this.blockOfEvent.push(this.number);
      },
      state() {},
      metrics() {},
    });
    this.timers = new TimerModel(this.core.timers);
    if (this.expected.has(0)) this.hashes.set(0, hex(this.core.hash().hash));
  }

  block({ block, hash }: AdmittedBlock): void {
    this.number = block.number;
    block.forEach((sequence, timeUs, bytes) => {
      if (this.objection !== null) return;
      const input = isFrame(bytes)
        ? decodeFrameInto(bytes, this.scratch)
        : (decodeMessage(bytes) as Exclude<Input, { type: "frame" }>);
      this.timers.before(timeUs);
      this.noteRenewal(input);
      this.core.apply(sequence, timeUs, input);
      this.timers.after(timeUs);
      this.restored?.apply(sequence, timeUs, input);
      const { partition } = this.log;
      const channels = input.type === "frame" ? this.core.channelsOf(input.group) : 0;
      this.objection = this.onInput({ partition, block: block.number, sequence, timeUs, input, channels });
    });
    if (this.expected.has(block.number)) this.hashes.set(block.number, hex(this.core.hash().hash));
    for (const snapshot of this.snapshots)
      if (snapshot.blockHash === hash) this.compare(snapshot, block.number);
  }

  result(): ReplayedLog {
    const last = this.log.blocks.at(-1)?.block.number ?? 0;
    if (this.restored !== null && this.snapshotTrouble === null) {
      const [own, restored] = [hex(this.core.hash().hash), hex(this.restored.hash().hash)];
      if (own !== restored)
        this.snapshotTrouble = `the snapshot of block ${this.snapshots[0]!.block} and its tail give state ${restored} at block ${last}; expected ${own}, the state of the whole log`;
    }
    const { log, events, blockOfEvent, renewals, hashes, snapshotTrouble } = this;
    const timerTrouble = this.timers.trouble;
    return { log, events, blockOfEvent, renewals, hashes, snapshotTrouble, timerTrouble };
  }

  /** Inputs that change what actors are made of recreate them. */
  private noteRenewal(input: Input): void {
    const events = this.events.length;
    if (input.type === "configChanged") {
      const section = input.path.split(".")[0]!;
      this.renewals.push({ events, group: null, actor: section === "seed" ? null : section });
    } else if (input.type === "channels") {
      const known = this.core.declarations().find(({ group }) => group === input.group);
      if (known !== undefined && JSON.stringify(known.channels) !== JSON.stringify(input.channels))
        this.renewals.push({ events, group: input.group, actor: null });
    } else if (input.type === "sessionOpened") {
      const settings = JSON.stringify(parseSettings(input.settings));
      if (settings !== JSON.stringify(this.core.settings))
        this.renewals.push({ events, group: null, actor: null });
    }
  }

  private compare({ block, bytes }: Snapshot, number: number): void {
    if (block !== number) {
      this.snapshotTrouble ??= `the snapshot of block ${number} was saved as that of block ${block}`;
      return;
    }
    try {
      const restored = Core.restore(bytes, this.end.definitions, SILENT);
      const found = hex(restored.hash().hash);
      const expected = this.hashes.get(block);
      if (found !== expected)
        this.snapshotTrouble ??= `the snapshot of block ${block} holds state ${found}; expected ${expected}`;
      else this.restored ??= restored;
    } catch (error) {
      this.snapshotTrouble ??= `the snapshot of block ${block} cannot be restored: ${String(error)}`;
    }
  }
}
