/**
 * All invariants of a simulated world, for one run.
 *
 *   world ──observe──► checkers of this kind ──► the first violation
 *   world ──finish──► the logs are replayed, once ──► each checker examines the result
 *
 * Only state is sampled: hashes of some blocks, chosen by the world, and three snapshots of each partition (replayed-logs.ts).
 */

import type { RecordedInputs } from "../recorded/inputs.ts";
import { acknowledgedSurvives } from "./acknowledged-survives.ts";
import { balancedCounts } from "./balanced-counts.ts";
import { bounds } from "./bounds.ts";
import type { Checker } from "./checker.ts";
import { commandOnce } from "./command-once.ts";
import { convergence } from "./convergence.ts";
import { deliveredOnce } from "./delivered-once.ts";
import { derivedSame } from "./derived-same.ts";
import { documentCommands } from "./document-commands.ts";
import { documentDurable } from "./document-durable.ts";
import { documentEdits } from "./document-edits.ts";
import { documentSame } from "./document-same.ts";
import { documentValid } from "./document-valid.ts";
import { durableFirst } from "./durable-first.ts";
import { nothingLeftOut } from "./nothing-left-out.ts";
import { nothingThrown } from "./nothing-thrown.ts";
import type { Observation, ObservationKind, Violation, WorldEnd } from "./observation.ts";
import { oneChain } from "./one-chain.ts";
import { recordedSame } from "./recorded-same.ts";
import { ReplayedLogs } from "./replayed-logs.ts";
import { RoomLog } from "./room-log.ts";
import { sameState } from "./same-state.ts";
import { scanOnce } from "./scan-once.ts";
import { scoreOf } from "./scan-score.ts";
import { sentOnce } from "./sent-once.ts";
import { soundInputs } from "./sound-inputs.ts";
import { sourceOrder } from "./source-order.ts";
import { supervision } from "./supervision.ts";
import { timersOnce } from "./timers-once.ts";

export interface CheckerOptions {
  /**
   * How far logical time may be ahead of the world's, µs: the second that the sequencer allows and the largest error of a clock. Infinity
   * for recorded feeds.
   */
  readonly aheadMaxUs: number;
  /** What the world is fed with, and when its clock began; absent: simulated feeds. */
  readonly recorded?: { readonly inputs: RecordedInputs; readonly startUs: number };
}

export class Checkers {
  readonly all: readonly Checker[];
  private readonly byKind = new Map<ObservationKind, Checker[]>();
  private readonly logs = new ReplayedLogs();

  constructor({ aheadMaxUs, recorded }: CheckerOptions) {
    const { stored } = this.logs;
    const room = new RoomLog(stored);
    this.all = [
      nothingThrown(),
      oneChain(stored),
      acknowledgedSurvives(stored),
      durableFirst(stored),
      sameState(stored),
      derivedSame(stored),
      sentOnce(),
      deliveredOnce(stored),
      commandOnce(stored),
      nothingLeftOut(stored),
      sourceOrder(),
      soundInputs(aheadMaxUs),
      timersOnce(),
      supervision(),
      balancedCounts(),
      bounds(),
      convergence(),
      documentDurable(room),
      documentValid(),
      documentEdits(),
      documentCommands(stored),
      documentSame(room),
      scanOnce((symbol) => scoreOf(Number(symbol.slice(1)))),
      ...(recorded === undefined ? [] : [recordedSame(recorded.inputs, stored, recorded.startUs)]),
    ];
    for (const checker of this.all)
      for (const kind of checker.observes) this.byKind.set(kind, [...(this.byKind.get(kind) ?? []), checker]);
  }

  /** The first rule that this step breaks, or null. */
  observe(observation: Observation): Violation | null {
    this.logs.observe(observation);
    const checkers = this.byKind.get(observation.kind);
    if (checkers === undefined) return null;
    const { atUs } = observation;
    for (const checker of checkers) {
      const what = checker.observe?.(observation) ?? null;
      if (what !== null) return { rule: checker.name, atUs, what };
    }
    return null;
  }

  /** The first rule that does not hold at the end, or null. */
  finish(end: WorldEnd): Violation | null {
    const { atUs } = end;
    let rule = "reference-replay";
    const ofInputs = this.all.filter((checker) => checker.replayed !== undefined);
    const trouble = this.logs.replay(end, (input) => {
      for (const checker of ofInputs) {
        const what = checker.replayed?.(input) ?? null;
        if (what === null) continue;
        rule = checker.name;
        return what;
      }
      return null;
    });
    if (trouble !== null) return { rule, atUs, what: trouble };
    for (const checker of this.all) {
      const what = checker.finish?.(end, this.logs) ?? null;
      if (what !== null) return { rule: checker.name, atUs, what };
    }
    return null;
  }
}
