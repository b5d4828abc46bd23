/**
 * The trajectory of a state that a feed sends whole: it stays near a place, or it moves to another one.
 *
 *   settled ──jumped──► moving ──settled──► settled
 *
 * T1  `trajectory.jumped` is announced only in `settled`, `trajectory.settled` only in `moving`: they alternate.
 * T4  That its forecasts are better than what anybody could say, or are not any more, is announced in both (prediction/machine.ts).
 *
 * detector.ts defines a jump.
 */
import { setup } from "xstate";
import type { Announcement, Signal } from "../../ports/detector.ts";
import { brief } from "../event-wording.ts";
import { actorActions, announces, type CompleteRow, ignored } from "../machine-actions.ts";
import { foretold, type PredictionSignal } from "../prediction/machine.ts";

interface Place extends Signal {
  /** Fidelity with the earlier states. */
  readonly fidelity: number;
  /** Most probable level before and now. */
  readonly from: string;
  readonly to: string;
  readonly purity: number;
}

type TrajectorySignal =
  | (Place & { readonly type: "jumped" })
  | (Place & { readonly type: "settled"; readonly tookUs: number })
  | PredictionSignal;

type Row = CompleteRow<TrajectorySignal>;

export const trajectoryMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as TrajectorySignal,
  },
  actions: actorActions,
}).createMachine({
  id: "trajectory",
  context: ({ input }) => ({ group: input.group }),
  initial: "settled",
  states: {
    settled: {
      on: {
        ...foretold,
        jumped: { target: "moving", actions: announces(jumped) },
        settled: ignored,
      } as const satisfies Row,
    },
    moving: {
      on: {
        ...foretold,
        jumped: ignored,
        settled: { target: "settled", actions: announces(settled) },
      } as const satisfies Row,
    },
  },
});

function jumped(place: Place, { group }: { readonly group: string }): Announcement {
  const { fidelity, from, to, purity, timeUs } = place;
  const way = from === to ? `near ${to}` : `from ${from} towards ${to}`;
  return {
    kind: "trajectory.jumped",
    severity: "notice",
    title: `${group} jumped ${way}: fidelity ${brief(fidelity)} with the states before`,
    detail: { atUs: timeUs, fidelity, from, to, purity, source: "direct" },
  };
}

function settled(
  place: Place & { readonly tookUs: number },
  { group }: { readonly group: string },
): Announcement {
  const { fidelity, to, purity, timeUs, tookUs } = place;
  return {
    kind: "trajectory.settled",
    severity: "info",
    title: `${group} rests near ${to}, ${brief(tookUs / 1_000_000)} s after its jump`,
    detail: { atUs: timeUs, fidelity, to, purity, tookUs, source: "direct" },
  };
}
