/**
 * The coherence of one group, from the signals of its state estimator.
 *
 *                                 ┌──regained──┐
 *                                 ▼            │
 *   warming ─warmed, coherent─► coherent ─lost─► decohered
 *      └──────warmed, not coherent──────────────►┘
 *
 * C1  Coherence is first judged when the estimate has warmed up. This is announced once.
 * C2  `coherence.lost` is announced only in `coherent`, `coherence.regained` only in `decohered`: they alternate.
 *
 * Levels, dwell times and the noise floor are in detector.ts.
 */
import { setup } from "xstate";
import type { Announcement, Signal } from "../../ports/detector.ts";
import { brief, range } from "../event-wording.ts";
import { actorActions, announces, type CompleteRow, ignored } from "../machine-actions.ts";

interface Judgement extends Signal {
  /** Mean bias-corrected squared coherence of all pairs, [0, 1]. */
  readonly level: number;
  /** The normal level before this judgement. */
  readonly reference: number;
  /** Between which the level usually is while the group is coherent. */
  readonly usualLow: number;
  readonly usualHigh: number;
  readonly purity: number;
  readonly nEff: number;
  readonly significantPairs: number;
  readonly pairs: number;
}

type EstimatorSignal =
  | (Judgement & { readonly type: "warmed"; readonly coherent: boolean })
  | (Judgement & { readonly type: "lost" })
  | (Judgement & { readonly type: "regained" });

type Row = CompleteRow<EstimatorSignal>;

export const estimatorMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as EstimatorSignal,
  },
  actions: actorActions,
  guards: { coherent: ({ event }) => event.type === "warmed" && event.coherent },
}).createMachine({
  id: "estimator",
  context: ({ input }) => ({ group: input.group }),
  initial: "warming",
  states: {
    warming: {
      on: {
        warmed: [
          { guard: "coherent", target: "coherent", actions: announces(warmed) },
          { target: "decohered", actions: announces(warmed) },
        ],
        lost: ignored,
        regained: ignored,
      } as const satisfies Row,
    },
    coherent: {
      on: {
        warmed: ignored,
        lost: { target: "decohered", actions: announces(lost) },
        regained: ignored,
      } as const satisfies Row,
    },
    decohered: {
      on: {
        warmed: ignored,
        lost: ignored,
        regained: { target: "coherent", actions: announces(regained) },
      } as const satisfies Row,
    },
  },
});

function warmed(judgement: Judgement, { group }: { readonly group: string }): Announcement {
  return {
    kind: "coherence.warmed",
    severity: "info",
    title:
      judgement.significantPairs > 0
        ? `${group}: coherence is known now, ${judgement.significantPairs} of ${judgement.pairs} pairs move together`
        : `${group}: coherence is known now, no pair moves together beyond chance`,
    detail: detail(judgement),
  };
}

function lost(judgement: Judgement, { group }: { readonly group: string }): Announcement {
  return {
    kind: "coherence.lost",
    severity: "notice",
    title: `${group} no longer moves together: ${levelOf(judgement)}`,
    detail: detail(judgement),
  };
}

function regained(judgement: Judgement, { group }: { readonly group: string }): Announcement {
  return {
    kind: "coherence.regained",
    severity: "notice",
    title: `${group} moves together again: ${levelOf(judgement)}`,
    detail: detail(judgement),
  };
}

function levelOf({ level, usualLow, usualHigh }: Judgement): string {
  return `mean squared coherence ${brief(level)} (usual: ${range(usualLow, usualHigh, "")})`;
}

function detail(judgement: Judgement): NonNullable<Announcement["detail"]> {
  const { level, reference, usualLow, usualHigh, purity, nEff, significantPairs, pairs, timeUs } = judgement;
  return {
    atUs: timeUs,
    level,
    reference,
    usualLow,
    usualHigh,
    purity,
    nEff,
    significantPairs,
    pairs,
    source: "estimated",
  };
}
