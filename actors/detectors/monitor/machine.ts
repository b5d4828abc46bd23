/**
 * The health of the system, from its own measurements.
 *
 *   normal ──strained──► degraded ──relieved──► normal
 *
 * M1  `monitor.degraded` and `monitor.recovered` alternate.
 * M2  The detector sends `strained` and `relieved` only after several successive measurements (hysteresis).
 */
import { setup } from "xstate";
import type { Announcement, Signal } from "../../ports/detector.ts";
import { brief } from "../event-wording.ts";
import { actorActions, announces, type CompleteRow, ignored } from "../machine-actions.ts";

interface Health extends Signal {
  /** "latency" or "shedding". */
  readonly reason: string;
  readonly latencyP99Us: number;
  readonly queueDepth: number;
  readonly shed: number;
}

type MonitorSignal =
  | (Health & { readonly type: "strained" })
  | (Health & { readonly type: "relieved"; readonly degradedForUs: number });

type Row = CompleteRow<MonitorSignal>;

export const monitorMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as MonitorSignal,
    tags: {} as "degraded",
  },
  actions: actorActions,
}).createMachine({
  id: "monitor",
  context: ({ input }) => ({ group: input.group }),
  initial: "normal",
  states: {
    normal: {
      on: {
        strained: { target: "degraded", actions: announces(degraded) },
        relieved: ignored,
      } as const satisfies Row,
    },
    degraded: {
      // In a state with this tag the core reports metrics less often.
      tags: "degraded",
      on: {
        strained: ignored,
        relieved: { target: "normal", actions: announces(recovered) },
      } as const satisfies Row,
    },
  },
});

function degraded(event: Health): Announcement {
  const because: Record<string, string> = {
    latency: `latency (p99) is ${brief(event.latencyP99Us / 1000)} ms`,
    shedding: `${event.shed} inputs had to be left out`,
  };
  return {
    kind: "monitor.degraded",
    severity: "warning",
    title: `Eigenwatch is degraded: ${because[event.reason] ?? event.reason}`,
    detail: detail(event),
  };
}

function recovered(event: Health & { readonly degradedForUs: number }): Announcement {
  return {
    kind: "monitor.recovered",
    severity: "info",
    title: `Eigenwatch keeps up again after ${brief(event.degradedForUs / 1_000_000)} s`,
    detail: { ...detail(event), degradedForUs: event.degradedForUs },
  };
}

function detail(event: Health): NonNullable<Announcement["detail"]> {
  const { timeUs, reason, latencyP99Us, queueDepth, shed } = event;
  return { atUs: timeUs, reason, latencyP99Us, queueDepth, shed };
}
