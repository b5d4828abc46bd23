/**
 * Runs the actors again over a recording: as fast as it goes or paced, from any time, compared with what was recorded or not.
 *
 *   journal ──► snapshot before `from` ──► fold ──► events, states ──► caller
 *                                            │
 *                                            └─ verify: recorded events and state hashes beside the new ones
 *
 * Y1  A full replay ends in the hash that the live run had.
 * Y2  `verify` stops at the first difference and names it: block, input, actor, field, index, both values.
 * Y3  Nothing is written. Damage ends a replay with its place (RecordingDamaged).
 */
import { type CoreDefinitions, type CoreSink, hex } from "../../../actors/core/mod.ts";
import { foldJournal, systemClock } from "../../../actors/mod.ts";
import type { Clock } from "../../../actors/ports/clock.ts";
import type { Journal, JournalEntry } from "../../../actors/ports/journal.ts";
import type { EventMessage, StateMessage } from "../../../protocol/messages.ts";
import { type Place, reaches, timeOfPlace } from "../place.ts";
import { openAt } from "../seek.ts";
import { Pace } from "./pace.ts";
import { type Difference, Verifier } from "./verifier.ts";

export interface ReplayOptions {
  /** Logical time, µs: outputs before it are not handed out. Default: the start. */
  fromUs?: number;
  /** Outputs of inputs before this place are not handed out. */
  seek?: Place;
  /** Logical time, µs, of the last input to apply. Default: the end. */
  toUs?: number;
  /** Multiples of recorded time, or as fast as it goes. */
  speed?: number | "max";
  /** What the pace is kept by. */
  clock?: Clock;
  verify?: boolean;
  event?(event: EventMessage): void;
  state?(state: StateMessage): void;
  progress?(progress: { timeUs: number; inputs: number; samples: number }): void;
}

export interface ReplayReport {
  blocks: number;
  inputs: number;
  samples: number;
  events: number;
  /** Hash of the whole state at the end, hex. */
  finalHash: string;
  firstTimeUs: number;
  lastTimeUs: number;
  /** Recorded checkpoints and blocks of events that were compared. */
  compared: { checkpoints: number; derived: number };
  difference: Difference | null;
}

export async function replay(
  journal: Journal,
  definitions: CoreDefinitions,
  options: ReplayOptions = {},
): Promise<ReplayReport> {
  const fromUs = options.fromUs ?? Number.NEGATIVE_INFINITY;
  const toUs = options.toUs ?? Number.POSITIVE_INFINITY;
  const verifier = options.verify ? new Verifier(journal) : null;
  const { seek } = options;
  let events = 0;
  let block = 0;
  let before = seek !== undefined;
  let firstTimeUs = Number.NaN;
  const sink: CoreSink = {
    unread: options.state === undefined,
    event(event) {
      verifier?.derived(block, event);
      if (before || event.timeUs < fromUs) return;
      events++;
      options.event?.(event);
    },
    state(state) {
      if (!before && state.timeUs >= fromUs) options.state?.(state);
    },
    metrics() {},
  };
  const { core, startBlock } = await openAt(journal, definitions, sink, seek ?? fromUs);
  const startUs = seek === undefined ? fromUs : await timeOfPlace(journal, seek);
  const { speed = "max", clock = systemClock } = options;
  const pace = new Pace(clock, speed);
  const entries = told(verifier ? verifier.watch(journal.read(startBlock), core) : journal.read(startBlock));
  const folded = await foldJournal(entries, core, {
    block(decoded) {
      block = decoded.number;
      return !verifier?.done;
    },
    ...(speed === "max" ? {} : { due }),
    input(sequence, timeUs) {
      if (timeUs > toUs) return false;
      if (before && reaches(seek!, sequence, timeUs)) before = false;
      // Before the first data of a recorded feed logical time is still 0.
      if (Number.isNaN(firstTimeUs) && timeUs > 0) firstTimeUs = timeUs;
      return true;
    },
  });
  await verifier?.finish(core);
  return {
    ...folded,
    events,
    finalHash: hex(core.hash().hash),
    firstTimeUs,
    lastTimeUs: core.now,
    compared: verifier?.compared ?? { checkpoints: 0, derived: 0 },
    difference: verifier?.difference ?? null,
  };

  async function* told(source: AsyncIterable<JournalEntry>): AsyncGenerator<JournalEntry> {
    for await (const entry of source) {
      if (entry.kind === "block") tellProgress();
      yield entry;
    }
  }

  /** What nobody asked to see is not waited for, nor what lies behind the end. */
  async function due(timeUs: number): Promise<void> {
    if (timeUs < startUs) return;
    while (await pace.waitFor(Math.min(timeUs, toUs))) tellProgress();
  }

  function tellProgress(): void {
    options.progress?.({ timeUs: core.now, inputs: core.sequence, samples: core.samples });
  }
}
