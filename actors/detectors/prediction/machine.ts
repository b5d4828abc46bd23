/**
 * The forecasts of one group. The detector finds which are better than what anybody could say; the machine announces it.
 *
 *   watching ─gained─► watching, announced      forecasts of a channel, or of the state, are better than their rivals
 *            ─lost───► watching, announced      they are not any more
 *
 * Q1  Of one thing gained and lost alternate: skill-watch.ts keeps which are gained.
 */
import { setup } from "xstate";
import type { Announcement, Signal } from "../../ports/detector.ts";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";

interface OfForecast extends Signal {
  /** The channel; "" for the state of the group. */
  readonly channel: string;
  /** What is foretold, in words. */
  readonly title: string;
  /** What it is compared with, in words. */
  readonly rivals: string;
  /** Share of the avoidable loss of the better rival that is avoided, and the Diebold–Mariano statistic; null: not known. */
  readonly skill: number | null;
  readonly dieboldMariano: number | null;
  readonly sinceUs: number;
}

export type PredictionSignal =
  | (OfForecast & { readonly type: "gained"; readonly evidence: number; readonly price: number })
  | (OfForecast & { readonly type: "lost" });

/** What becomes of the signals, in any state of a machine. */
export const foretold = {
  gained: { actions: announces(gained) },
  lost: { actions: announces(lost) },
} as const satisfies CompleteRow<PredictionSignal>;

export const predictionMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as PredictionSignal,
  },
  actions: actorActions,
}).createMachine({
  id: "prediction",
  context: ({ input }) => ({ group: input.group }),
  initial: "watching",
  states: {
    watching: {
      on: foretold,
    },
  },
});

function gained(event: Extract<PredictionSignal, { type: "gained" }>): Announcement {
  const { title, rivals, skill, evidence, price } = event;
  const less = skill === null ? "" : `: ${Math.round(100 * skill)} % less error (squared) than ${rivals}`;
  return {
    kind: "prediction.gained",
    severity: "info",
    title: `${title} can be foretold${less}`,
    ...about(event, { evidence, price }),
  };
}

function lost(event: Extract<PredictionSignal, { type: "lost" }>): Announcement {
  return {
    kind: "prediction.lost",
    severity: "info",
    title: `${event.title} can no longer be foretold better than by ${event.rivals}`,
    ...about(event),
  };
}

function about(
  event: OfForecast,
  more: Record<string, number> = {},
): Pick<Announcement, "channels" | "detail"> {
  const { channel, timeUs, skill, dieboldMariano, sinceUs } = event;
  return {
    channels: channel === "" ? [] : [channel],
    detail: { atUs: timeUs, skill, dieboldMariano, ...more, sinceUs },
  };
}
