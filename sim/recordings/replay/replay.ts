/**
 * Runs the actors again over a recording: as fast as it goes or paced, from any time, compared with what was recorded or not.
 *
 *   journal ──► snapshot before `from` ──► fold ──► events, states ──► caller
 *                                            │
 *                                            └─ verify: compares events and state hashes with the recorded ones
 *
 * Y1  A full replay ends in the hash that the live run had.
 * Y2  `verify` stops at the first difference and names it: block, input, actor, field, index, both values.
 * Y3  Nothing is written. Damage ends a replay with its place (actors/log/damage.ts).
 */

import type { CoreDefinitions, CoreSink, OtherActor } from "../../../actors/core/mod.ts";
import { hex } from "../../../actors/core/mod.ts";
import { foldJournal, nearestCore, reaches, systemClock } from "../../../actors/mod.ts";
import type { Clock } from "../../../actors/ports/clock.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import type { EventMessage, StateMessage } from "../../../protocol/messages.ts";
import { type SeekPlace, timeOfPlace } from "../place.ts";
import { endsOf } from "../seek.ts";
import { Pace } from "./pace.ts";
import { type Compared, type Difference, Verifier } from "./verifier.ts";

export interface ReplayOptions {
  /** Logical time, µs: outputs before it are not handed out. Default: the start. */
  fromUs?: number;
  /** Outputs of inputs before this place are not handed out. */
  seek?: SeekPlace;
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
  /** The inputs that were replayed. Those before `firstInput` were not: the replay began with a snapshot, or the recording begins there. */
  firstInput: number;
  lastInput: number;
  /** The first input that the recording has. */
  recordedFrom: number;
  firstTimeUs: number;
  lastTimeUs: number;
  compared: Compared;
  /** With `verify`: actors that were not compared, because the recording has them in another version. */
  otherActors: OtherActor[];
  difference: Difference | null;
}

export async function replay(
  journal: Journal,
  definitions: CoreDefinitions,
  options: ReplayOptions = {},
): Promise<ReplayReport> {
  endsOf(journal);
  const fromUs = options.fromUs ?? Number.NEGATIVE_INFINITY;
  const toUs = options.toUs ?? Number.POSITIVE_INFINITY;
  const { seek, speed = "max", clock = systemClock } = options;
  const verifier = options.verify ? new Verifier(() => core, { values: journal, definitions }) : null;
  let events = 0;
  let isBefore = seek !== undefined;
  let firstTimeUs = Number.NaN;
  let number = 0;
  const sink: CoreSink = {
    unread: options.state === undefined,
    event(event) {
      verifier?.event(event);
      if (isBefore || event.timeUs < fromUs) return;
      events++;
      options.event?.(event);
    },
    state(state) {
      if (!isBefore && state.timeUs >= fromUs) options.state?.(state);
    },
    metrics() {},
  };
  const { core, nextBlock } = await nearestCore(journal, definitions, seek ?? { timeUs: fromUs }, sink);
  const firstInput = core.sequence + 1;
  const startUs = seek === undefined ? fromUs : await timeOfPlace(journal, seek);
  const pace = new Pace(clock, speed);
  const folded = await foldJournal(journal.read(nextBlock), core, {
    block(block) {
      number = block.number;
      reportProgress();
      return verifier?.block(block);
    },
    ...(speed === "max" ? {} : { due }),
    input(sequence, timeUs) {
      if (timeUs > toUs) return false;
      if (isBefore && reaches(seek!, sequence, timeUs, number)) isBefore = false;
      // Before the first data of a recorded feed logical time is still 0.
      if (Number.isNaN(firstTimeUs) && timeUs > 0) firstTimeUs = timeUs;
      return true;
    },
    ...(verifier === null
      ? {}
      : {
          derived: (block, recorded) => verifier.derived(block, recorded),
          checkpoint: (recorded) => verifier.checkpoint(recorded),
        }),
  });
  verifier?.finish();
  return {
    ...folded,
    events,
    finalHash: hex(core.hash().hash),
    firstInput,
    lastInput: core.sequence,
    recordedFrom: journal.first?.firstSequence ?? 1,
    firstTimeUs,
    lastTimeUs: core.now,
    compared: verifier?.compared ?? { checkpoints: 0, partly: 0, otherVersion: 0, derived: 0 },
    otherActors: verifier?.otherActors ?? [],
    difference: verifier?.difference ?? null,
  };

  /** Inputs before the requested start, and after the end, are not waited for. */
  async function due(timeUs: number): Promise<void> {
    if (timeUs < startUs) return;
    while (await pace.waitFor(Math.min(timeUs, toUs))) reportProgress();
  }

  function reportProgress(): void {
    options.progress?.({ timeUs: core.now, inputs: core.sequence, samples: core.samples });
  }
}
