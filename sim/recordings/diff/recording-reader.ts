/** One of two recordings that are compared: read block by block; its derived records are collected and its content is counted. */
import { damageLine } from "../../../actors/mod.ts";
import type { Journal, JournalEntry } from "../../../actors/ports/journal.ts";
import { decodeBlock, decodeCheckpoint, decodeDerived } from "../../../protocol/block.ts";
import { decodeFrameInto, decodeMessage, isFrame } from "../../../protocol/codec.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { createScratchFrame } from "../../../protocol/frame.ts";
import type { Checkpoint, EventMessage } from "../../../protocol/messages.ts";
import { applySetting, parseSettings, type Settings } from "../../../protocol/settings.ts";

export interface ReadInput {
  sequence: number;
  timeUs: number;
  message: Uint8Array;
}

export interface ReadBlock {
  number: number;
  hash: Uint8Array;
  previousHash: Uint8Array;
  inputs: ReadInput[];
}

export interface NotedEvent {
  block: number;
  event: EventMessage;
}

export interface RecordingSummary {
  recording: string;
  partition: string;
  /** Of what is compared. */
  firstBlock: number;
  lastBlock: number;
  firstSequence: number;
  lastSequence: number;
  /** Before the first data of a recorded feed time is 0: the first time after that. */
  fromUs: number;
  toUs: number;
  lastHash: string;
  inputs: number;
  samples: number;
  inputsByKind: Record<string, number>;
  eventsByKind: Record<string, number>;
  /** Channels by group. */
  channels: Record<string, string[]>;
}

export class RecordingReader {
  readonly summary: RecordingSummary;
  /** As they stand at the end. Null when no input said so, in a recording whose beginning is gone. */
  settings: Settings | null = null;
  /** Notes that were read and not yet asked for. */
  readonly events: NotedEvent[] = [];
  readonly checkpoints: Checkpoint[] = [];
  private readonly entries: AsyncIterator<JournalEntry>;
  private readonly fromSequence: number;
  private readonly scratch = createScratchFrame();

  /** Reads from the block on that holds input `fromSequence`. */
  static async open(
    recording: string,
    journal: Journal & { partition: string },
    fromSequence: number,
  ): Promise<RecordingReader> {
    const from = (await journal.locate({ sequence: fromSequence })) ?? journal.last!.number + 1;
    return new RecordingReader(recording, journal, from, fromSequence);
  }

  private constructor(
    recording: string,
    journal: Journal & { partition: string },
    fromBlock: number,
    fromSequence: number,
  ) {
    this.entries = journal.read(fromBlock)[Symbol.asyncIterator]();
    this.fromSequence = fromSequence;
    const last = journal.last!;
    this.summary = {
      recording,
      partition: journal.partition,
      firstBlock: fromBlock,
      lastBlock: last.number,
      firstSequence: fromSequence,
      lastSequence: last.lastSequence,
      fromUs: 0,
      toUs: last.timeUs,
      lastHash: Buffer.from(last.hash).toString("hex"),
      inputs: 0,
      samples: 0,
      inputsByKind: {},
      eventsByKind: {},
      channels: {},
    };
  }

  /** The next block, or null at the end. Notes that come before it are in `events` and `checkpoints` then. */
  async next(): Promise<ReadBlock | null> {
    for (;;) {
      const { value: entry, done } = await this.entries.next();
      if (done) return null;
      if (entry.kind === "damage") {
        throw new EigenwatchError({
          action: `compare ${this.summary.recording}`,
          value: damageLine(entry),
          // Not "failed": exit code 1 of `diff` says that the recordings differ.
          kind: "input",
        });
      }
      if (entry.kind === "block") return this.block(entry.block.bytes, entry.block.hash);
      if (entry.kind === "derived") this.note(entry.block, decodeDerived(entry.bytes).events);
      else this.checkpoints.push(decodeCheckpoint(entry.bytes));
    }
  }

  private block(bytes: Uint8Array, hash: Uint8Array): ReadBlock {
    const decoded = decodeBlock(bytes);
    const inputs: ReadInput[] = [];
    decoded.forEach((sequence, timeUs, message) => {
      if (sequence < this.fromSequence) return;
      inputs.push({ sequence, timeUs, message });
      this.count(timeUs, message);
    });
    return { number: decoded.number, hash, previousHash: decoded.previousHash, inputs };
  }

  private count(timeUs: number, message: Uint8Array): void {
    const { summary } = this;
    summary.inputs++;
    if (summary.fromUs === 0) summary.fromUs = timeUs;
    if (isFrame(message)) {
      summary.samples += decodeFrameInto(message, this.scratch).count;
      countUp(summary.inputsByKind, "frame");
      return;
    }
    const input = decodeMessage(message);
    countUp(summary.inputsByKind, input.type);
    if (input.type === "channels") summary.channels[input.group] = input.channels.map(({ name }) => name);
    else if (input.type === "sessionOpened") this.settings = parseSettings(input.settings);
    else if (input.type === "configChanged" && this.settings !== null)
      this.settings = applySetting(this.settings, input.path, input.value);
  }

  private note(block: number, events: readonly EventMessage[]): void {
    for (const event of events) {
      if (inputOf(event) < this.fromSequence) continue;
      this.events.push({ block, event });
      countUp(this.summary.eventsByKind, event.kind);
    }
  }
}

/** Sequence of the input that caused it. */
export function inputOf(event: EventMessage): number {
  return Number(event.id.split("/").at(-2));
}

function countUp(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
