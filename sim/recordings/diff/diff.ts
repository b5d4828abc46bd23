/**
 * Where two recordings begin to differ, and what is different between them as a whole.
 *
 *   a ─blocks─► inputs ──┐  input by input: time and bytes ──────┐
 *              notes ────┤  event by event, state hash by hash ──┼─► the first difference
 *   b ─blocks─► …      ──┘                                       │
 *                           events aligned by time ──────────────┴─► gone, new, moved, changed
 *
 * I1  The log's content counts, not how it was cut into blocks: that follows the load of the day.
 * I2  The first difference is the one with the lowest input; there an input before an event before a state hash.
 * I3  Recordings that do not begin alike (a branch, or retention) are compared from where both are there.
 *
 * Memory holds a block of each, and the events that one has noted and the other not yet.
 */
import { sameBytes } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { decodeMessage } from "../../../protocol/codec.ts";
import type { EventDifference } from "../alignment-round.ts";
import { parentOf } from "../parent.ts";
import { firstDataUs } from "../place.ts";
import { toleranceUs } from "../whatif/plan.ts";
import { NoteComparison } from "./derived-comparison.ts";
import { differingFields, type FieldDifference } from "./differing-fields.ts";
import { differenceOfInputs, earlier, type FirstDifference } from "./first-difference.ts";
import { type ReadBlock, RecordingReader, type RecordingSummary } from "./recording-reader.ts";

export interface Compared extends Journal {
  readonly partition: string;
  readonly createdFrom?: unknown;
}

export interface RecordingDifference {
  a: RecordingSummary;
  b: RecordingSummary;
  first: FirstDifference | null;
  /** The last block that both have, with its last input; null when they share none that is known. */
  shared: { block: number; sequence: number } | null;
  /** Whether equal inputs stand in other blocks. */
  cutDifferently: boolean;
  settings: FieldDifference[];
  events: Record<EventDifference["type"], number>;
}

export async function diffRecordings(
  a: { recording: string; journal: Compared },
  b: { recording: string; journal: Compared },
  progress: (inputs: number) => void = () => {},
): Promise<RecordingDifference> {
  const fromSequence = Math.max(a.journal.first!.firstSequence, b.journal.first!.firstSequence);
  const comparison = new Comparison(
    await RecordingReader.open(a.recording, a.journal, fromSequence),
    await RecordingReader.open(b.recording, b.journal, fromSequence),
    await toleranceOf(a.journal, b.journal),
  );
  await comparison.run(progress);
  return comparison.result();
}

/** What `whatif` takes where one is a branch of the other, so that both count its events alike. */
async function toleranceOf(a: Compared, b: Compared): Promise<number> {
  const [whole, branch] = parentOf(b.createdFrom) === null ? [b, a] : [a, b];
  const dataUs = await firstDataUs(whole);
  return toleranceUs(whole, Math.max(dataUs ?? whole.last!.timeUs, parentOf(branch.createdFrom)?.atUs ?? 0));
}

interface Cursor {
  reader: RecordingReader;
  block: ReadBlock | null;
  at: number;
  /** Time up to which all notes have been read. */
  notedUs: number;
}

class Comparison {
  private readonly a: Cursor;
  private readonly b: Cursor;
  private inputDifference: FirstDifference | null = null;
  private shared: { block: number; sequence: number } | null = null;
  private cutDifferently = false;
  private readonly notes: NoteComparison;

  constructor(a: RecordingReader, b: RecordingReader, toleranceUs: number) {
    this.notes = new NoteComparison(toleranceUs);
    this.a = { reader: a, block: null, at: 0, notedUs: Number.NEGATIVE_INFINITY };
    this.b = { reader: b, block: null, at: 0, notedUs: Number.NEGATIVE_INFINITY };
  }

  async run(progress: (inputs: number) => void): Promise<void> {
    const { a, b } = this;
    await this.advance(a);
    await this.advance(b);
    this.meetAtStart();
    while (a.block !== null || b.block !== null) {
      if (this.inputDifference === null) this.compareInputs();
      // After the first difference the recordings are only counted, side by side in time.
      else if (timeOf(a) <= timeOf(b)) a.at = Number.POSITIVE_INFINITY;
      else b.at = Number.POSITIVE_INFINITY;
      for (const cursor of [a, b])
        if (cursor.block !== null && cursor.at >= cursor.block.inputs.length) await this.advance(cursor);
      this.compareNotes();
      progress(a.reader.summary.inputs + b.reader.summary.inputs);
    }
    this.compareNotes();
    this.notes.finish();
  }

  result(): RecordingDifference {
    const { inputDifference, notes } = this;
    const first = [inputDifference, notes.eventDifference, notes.stateDifference].reduce(earlier, null);
    const { a, b } = { a: this.a.reader, b: this.b.reader };
    const settings = a.settings && b.settings ? differingFields(a.settings, b.settings) : [];
    return {
      a: a.summary,
      b: b.summary,
      first,
      shared: this.shared,
      cutDifferently: this.cutDifferently && inputDifference === null,
      settings,
      events: notes.counts,
    };
  }

  private async advance(cursor: Cursor): Promise<void> {
    const before = cursor.block?.inputs.at(-1)?.timeUs;
    cursor.block = await cursor.reader.next();
    cursor.at = 0;
    // All notes of the block before stand before the next one.
    if (before !== undefined) cursor.notedUs = before;
    if (cursor.block === null) cursor.notedUs = Number.POSITIVE_INFINITY;
  }

  /** Blocks that name the same one before them share everything up to there. */
  private meetAtStart(): void {
    const { a, b } = this;
    if (a.block?.number !== b.block?.number || !a.block || !b.block || a.block.number === 1) return;
    const first = a.block.inputs[0];
    if (first !== undefined && sameBytes(a.block.previousHash, b.block.previousHash))
      this.shared = { block: a.block.number - 1, sequence: first.sequence - 1 };
  }

  /** As far as both blocks reach. */
  private compareInputs(): void {
    const { a, b } = this;
    const [one, other] = [a.block, b.block];
    if (!one || !other) {
      this.ended();
      return;
    }
    const whole = a.at === 0 && b.at === 0 && one.number === other.number && sameBytes(one.hash, other.hash);
    if (whole) {
      const last = one.inputs.at(-1);
      if (last !== undefined) this.shared = { block: one.number, sequence: last.sequence };
      a.at = b.at = one.inputs.length;
      return;
    }
    this.cutDifferently = true;
    while (a.at < one.inputs.length && b.at < other.inputs.length) {
      const [x, y] = [one.inputs[a.at]!, other.inputs[b.at]!];
      if (x.timeUs !== y.timeUs || !sameBytes(x.message, y.message)) {
        this.inputDifference = differenceOfInputs(x, y, one.number, other.number);
        return;
      }
      a.at++;
      b.at++;
    }
  }

  private compareNotes(): void {
    const { a, b, notes } = this;
    notes.take("a", a.reader);
    notes.take("b", b.reader);
    notes.compare(positionOf(a), positionOf(b), Math.min(a.notedUs, b.notedUs));
  }

  private ended(): void {
    const { a, b } = this;
    const rest = a.block ?? b.block!;
    const next = rest.inputs[a.block ? a.at : b.at]!;
    const kind = decodeMessage(next.message).type;
    this.inputDifference = {
      what: "end",
      sequence: next.sequence,
      timeUs: next.timeUs,
      block: { a: a.block?.number ?? null, b: b.block?.number ?? null },
      subject: { a: a.block ? kind : "the end", b: b.block ? kind : "the end" },
      fields: [],
    };
  }
}

function timeOf({ block }: Cursor): number {
  return block?.inputs.at(-1)?.timeUs ?? Number.POSITIVE_INFINITY;
}

/** First input of the block that is at hand: notes of all before it have been read. */
function positionOf({ block }: Cursor): number {
  return block?.inputs[0]?.sequence ?? Number.POSITIVE_INFINITY;
}
