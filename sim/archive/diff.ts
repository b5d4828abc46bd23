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
import { sameBytes } from "../../actors/partition/fold.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import type { Checkpoint, EventMessage } from "../../protocol/messages.ts";
import { EventAligner } from "../whatif/event-difference.ts";
import type { EventDifference } from "../whatif/result.ts";
import { inputOf, Lane, type LaneBlock, type LaneInput, type LaneSummary } from "./diff-lane.ts";
import { differingFields, type FieldDifference } from "./differing-fields.ts";

export interface Compared extends Journal {
  readonly partition: string;
}

export interface FirstDifference {
  what: "input" | "event" | "state" | "end";
  /** Input at which it shows, and its time. */
  sequence: number;
  timeUs: number;
  /** Block that holds the input, of each. */
  block: { a: number | null; b: number | null };
  /** Kind of the input or event; actor and field of a state. */
  subject: { a: string; b: string };
  fields: FieldDifference[];
}

export interface RecordingDifference {
  a: LaneSummary;
  b: LaneSummary;
  first: FirstDifference | null;
  /** The last block that both have, with its last input; null when they share none that is known. */
  shared: { block: number; sequence: number } | null;
  /** Whether equal inputs stand in other blocks. */
  cutDifferently: boolean;
  settings: FieldDifference[];
  events: Record<EventDifference["type"], number>;
}

/** An event may come so much later or earlier and still be taken for the same. */
const TOLERANCE_US = 60_000_000;

export async function diffRecordings(
  a: { recording: string; journal: Compared },
  b: { recording: string; journal: Compared },
  progress: (inputs: number) => void = () => {},
): Promise<RecordingDifference> {
  const fromSequence = Math.max(a.journal.first!.firstSequence, b.journal.first!.firstSequence);
  const comparison = new Comparison(
    await Lane.open(a.recording, a.journal, fromSequence),
    await Lane.open(b.recording, b.journal, fromSequence),
  );
  await comparison.run(progress);
  return comparison.result();
}

interface Cursor {
  lane: Lane;
  block: LaneBlock | null;
  at: number;
  /** Time up to which all notes have been read. */
  notedUs: number;
}

class Comparison {
  private readonly a: Cursor;
  private readonly b: Cursor;
  private inputDifference: FirstDifference | null = null;
  private eventDifference: FirstDifference | null = null;
  private stateDifference: FirstDifference | null = null;
  private shared: { block: number; sequence: number } | null = null;
  private cutDifferently = false;
  private readonly counts = { same: 0, moved: 0, changed: 0, gone: 0, new: 0 };
  private readonly aligner = new EventAligner(TOLERANCE_US, ({ type }) => {
    this.counts[type]++;
  });
  private readonly waiting: { a: EventMessage[]; b: EventMessage[] } = { a: [], b: [] };
  private readonly hashes: { a: Map<number, Checkpoint>; b: Map<number, Checkpoint> } = {
    a: new Map(),
    b: new Map(),
  };

  constructor(a: Lane, b: Lane) {
    this.a = { lane: a, block: null, at: 0, notedUs: Number.NEGATIVE_INFINITY };
    this.b = { lane: b, block: null, at: 0, notedUs: Number.NEGATIVE_INFINITY };
  }

  async run(progress: (inputs: number) => void): Promise<void> {
    const { a, b } = this;
    await this.advance(a);
    await this.advance(b);
    this.meetAtStart();
    while (a.block !== null || b.block !== null) {
      if (this.inputDifference === null) this.compareInputs();
      // Behind the first difference the lanes are only counted, side by side in time.
      else if (timeOf(a) <= timeOf(b)) a.at = Number.POSITIVE_INFINITY;
      else b.at = Number.POSITIVE_INFINITY;
      for (const cursor of [a, b])
        if (cursor.block !== null && cursor.at >= cursor.block.inputs.length) await this.advance(cursor);
      this.compareNotes();
      progress(a.lane.summary.inputs + b.lane.summary.inputs);
    }
    this.compareNotes();
    this.endOfEvents();
    this.aligner.finish();
  }

  result(): RecordingDifference {
    const { inputDifference, eventDifference, stateDifference } = this;
    const first = [inputDifference, eventDifference, stateDifference].reduce(earlier, null);
    const { a, b } = { a: this.a.lane, b: this.b.lane };
    const settings = a.settings && b.settings ? differingFields(a.settings, b.settings) : [];
    return {
      a: a.summary,
      b: b.summary,
      first,
      shared: this.shared,
      cutDifferently: this.cutDifferently && inputDifference === null,
      settings,
      events: this.counts,
    };
  }

  private async advance(cursor: Cursor): Promise<void> {
    const before = cursor.block?.inputs.at(-1)?.timeUs;
    cursor.block = await cursor.lane.next();
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

  private compareNotes(): void {
    for (const side of ["a", "b"] as const) {
      const { lane } = this[side];
      for (const event of lane.events.splice(0)) {
        if (side === "a") this.aligner.original(event);
        else this.aligner.branch(event);
        if (this.eventDifference === null) this.waiting[side].push(event);
      }
      for (const checkpoint of lane.checkpoints.splice(0))
        if (this.stateDifference === null) this.hashes[side].set(checkpoint.sequence, checkpoint);
    }
    this.aligner.passed(Math.min(this.a.notedUs, this.b.notedUs));
    this.compareEvents();
    this.compareStates();
  }

  private compareEvents(): void {
    const { a, b } = this.waiting;
    while (this.eventDifference === null && a.length > 0 && b.length > 0) {
      const [one, other] = [a.shift()!, b.shift()!];
      const fields = differingFields(one, other);
      if (fields.length > 0) this.eventDifference = differenceOfEvents(one, other, fields);
    }
  }

  /** Events that one recording has and the other has not. */
  private endOfEvents(): void {
    const { a, b } = this.waiting;
    if (this.eventDifference !== null || (a.length === 0 && b.length === 0)) return;
    this.eventDifference = differenceOfEvents(a[0], b[0], []);
  }

  private compareStates(): void {
    const { a, b } = this.hashes;
    for (const [sequence, one] of a) {
      const other = b.get(sequence);
      if (other === undefined) {
        // The other is past it and has none there: another cut, another place for hashes.
        if (sequence < positionOf(this.b)) a.delete(sequence);
        continue;
      }
      a.delete(sequence);
      b.delete(sequence);
      if (this.stateDifference === null && !sameBytes(one.hash, other.hash))
        this.stateDifference = differenceOfStates(one, other);
    }
    for (const sequence of b.keys()) if (sequence < positionOf(this.a)) b.delete(sequence);
  }
}

function differenceOfInputs(x: LaneInput, y: LaneInput, blockA: number, blockB: number): FirstDifference {
  const [one, other] = [decodeMessage(x.message), decodeMessage(y.message)];
  const fields = one.type === other.type ? differingFields(one, other) : [];
  if (x.timeUs !== y.timeUs) fields.unshift({ path: "(logical time, µs)", a: x.timeUs, b: y.timeUs });
  return {
    what: "input",
    sequence: x.sequence,
    timeUs: Math.min(x.timeUs, y.timeUs),
    block: { a: blockA, b: blockB },
    subject: { a: one.type, b: other.type },
    fields,
  };
}

function differenceOfEvents(
  a: EventMessage | undefined,
  b: EventMessage | undefined,
  fields: FieldDifference[],
): FirstDifference {
  const one = a && b ? (inputOf(a) <= inputOf(b) ? a : b) : (a ?? b)!;
  const name = (event: EventMessage | undefined) => (event ? `${event.actor} ${event.kind}` : "no event");
  return {
    what: "event",
    sequence: inputOf(one),
    timeUs: one.timeUs,
    block: { a: null, b: null },
    subject: { a: name(a), b: name(b) },
    fields,
  };
}

function differenceOfStates(a: Checkpoint, b: Checkpoint): FirstDifference {
  const key = ({ actor, field }: Checkpoint["parts"][number]) => `${actor} ${field}`;
  const partsOf = ({ parts }: Checkpoint) =>
    new Map(parts.map((part) => [key(part), Buffer.from(part.hash).toString("hex")]));
  const [one, other] = [partsOf(a), partsOf(b)];
  const name = [...new Set([...one.keys(), ...other.keys()])].find(
    (part) => one.get(part) !== other.get(part),
  );
  const subject = name ?? "the core";
  return {
    what: "state",
    sequence: a.sequence,
    timeUs: a.timeUs,
    block: { a: a.block, b: b.block },
    subject: { a: subject, b: subject },
    fields: name === undefined ? [] : [{ path: "hash", a: one.get(name), b: other.get(name) }],
  };
}

function earlier(a: FirstDifference | null, b: FirstDifference | null): FirstDifference | null {
  if (a === null || b === null) return a ?? b;
  return b.sequence < a.sequence ? b : a;
}

function timeOf({ block }: Cursor): number {
  return block?.inputs.at(-1)?.timeUs ?? Number.POSITIVE_INFINITY;
}

/** First input of the block that is at hand: notes of all before it have been read. */
function positionOf({ block }: Cursor): number {
  return block?.inputs[0]?.sequence ?? Number.POSITIVE_INFINITY;
}
