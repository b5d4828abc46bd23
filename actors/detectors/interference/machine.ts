/**
 * The interference of the pairs of one group. The detector finds which phases become stable or cease to be; the machine announces it.
 *
 *   watching ─stable────► watching, announced      the phase keeps still, or turns at a steady rate: fringes, or a beat
 *            ─washedOut─► watching, announced      it wanders: there are none
 *
 * I1  Of one pair the two alternate. Away from what is usual opens a finding, the way back ends it.
 *
 * The statistics are in ../pair-evidence.ts, what is told in ../pair-news.ts.
 */
import { setup } from "xstate";
import type { Announcement } from "../../ports/detector.ts";
import { type PairSignal, pairFinding } from "../entanglement/machine.ts";
import { duration } from "../event-wording.ts";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";

interface Motion extends PairSignal {
  /** p-value of R̄, and the beat: 0 for a phase that keeps still. */
  readonly rayleigh: number;
  readonly beatHz: number;
}

type InterferenceSignal = (Motion & { readonly type: "stable" }) | (Motion & { readonly type: "washedOut" });

export const interferenceMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as InterferenceSignal,
  },
  actions: actorActions,
}).createMachine({
  id: "interference",
  context: ({ input }) => ({ group: input.group }),
  initial: "watching",
  states: {
    watching: {
      on: {
        stable: { actions: announces(stable) },
        washedOut: { actions: announces(washedOut) },
      } as const satisfies CompleteRow<InterferenceSignal>,
    },
  },
});

function stable(event: Motion): Announcement {
  const { firstTitle, secondTitle, beatHz, degrees } = event;
  const [fast, slow] = beatHz > 0 ? [firstTitle, secondTitle] : [secondTitle, firstTitle];
  const [lead, lag] = degrees > 0 ? [firstTitle, secondTitle] : [secondTitle, firstTitle];
  const title =
    beatHz === 0
      ? `${firstTitle} and ${secondTitle} keep their phase: ${lead} is ${Math.round(Math.abs(degrees))}° ahead of ${lag}`
      : `${firstTitle} and ${secondTitle} beat: ${fast} gains a period on ${slow} every ${duration(1e6 / Math.abs(beatHz))}`;
  return announced("interference.stable", title, event);
}

function washedOut(event: Motion): Announcement {
  const { firstTitle, secondTitle } = event;
  return announced(
    "interference.washed-out",
    `The phase between ${firstTitle} and ${secondTitle} wanders`,
    event,
  );
}

function announced(kind: string, title: string, event: Motion): Announcement {
  const { first, second, strength, degrees, rayleigh, beatHz, more, evidence, price, sinceUs, timeUs } =
    event;
  return {
    kind,
    severity: "info",
    title: more > 0 ? `${title}; and ${more} more pairs` : title,
    channels: [first, second],
    detail: {
      atUs: timeUs,
      stability: strength,
      degrees,
      rayleigh,
      beatHz,
      more,
      evidence,
      price,
      sinceUs,
      reading: "single-excitation",
    },
    ...pairFinding(event),
  };
}
