/**
 * All invariants of a simulated world, for one run.
 *
 *   world ──observe──► those who hear this kind ──► the first violation
 *   world ──finish──► the logs are folded again, once ──► each checker looks at what came of it
 *
 * Nothing is sampled but state: hashes of the blocks that the world picks, and three snapshots a partition (retelling.ts).
 */
import type { Observation, ObservationKind, Violation, WorldEnd } from "../observation.ts";
import { accounts } from "./accounts.ts";
import { acknowledgedSurvives } from "./acknowledged-survives.ts";
import { bounds } from "./bounds.ts";
import type { Checker } from "./checker.ts";
import { convergence } from "./convergence.ts";
import { deliveredOnce } from "./delivered-once.ts";
import { derivedSame } from "./derived-same.ts";
import { durableFirst } from "./durable-first.ts";
import { nothingThrown } from "./nothing-thrown.ts";
import { oneChain } from "./one-chain.ts";
import { Retelling } from "./retelling.ts";
import { sameState } from "./same-state.ts";
import { sentOnce } from "./sent-once.ts";
import { soundInputs } from "./sound-inputs.ts";
import { sourceOrder } from "./source-order.ts";
import { supervision } from "./supervision.ts";
import { timersOnce } from "./timers-once.ts";

export interface CheckerOptions {
  /**
   * How far logical time may be ahead of the world's, µs: the sequencer's second and the largest error of a clock. Infinity where
   * feeds are recorded.
   */
  readonly aheadMaxUs: number;
}

export class Checkers {
  readonly all: readonly Checker[];
  private readonly byKind = new Map<ObservationKind, Checker[]>();
  private readonly retelling = new Retelling();

  constructor({ aheadMaxUs }: CheckerOptions) {
    const { stored } = this.retelling;
    this.all = [
      nothingThrown(),
      oneChain(stored),
      acknowledgedSurvives(stored),
      durableFirst(stored),
      sameState(stored),
      derivedSame(stored),
      sentOnce(),
      deliveredOnce(stored),
      sourceOrder(),
      soundInputs(aheadMaxUs),
      timersOnce(),
      supervision(),
      accounts(),
      bounds(),
      convergence(),
    ];
    for (const checker of this.all)
      for (const kind of checker.hears) this.byKind.set(kind, [...(this.byKind.get(kind) ?? []), checker]);
  }

  /** The first rule that this step breaks, or null. */
  observe(observation: Observation): Violation | null {
    this.retelling.observe(observation);
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
    let rule = "retold";
    const hearing = this.all.filter((checker) => checker.retold !== undefined);
    const objection = this.retelling.tell(end, (input) => {
      for (const checker of hearing) {
        const what = checker.retold?.(input) ?? null;
        if (what === null) continue;
        rule = checker.name;
        return what;
      }
      return null;
    });
    if (objection !== null) return { rule, atUs, what: objection };
    for (const checker of this.all) {
      const what = checker.finish?.(end, this.retelling) ?? null;
      if (what !== null) return { rule: checker.name, atUs, what };
    }
    return null;
  }
}
