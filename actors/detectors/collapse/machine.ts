/**
 * The regime of one group, as its change detector sees it.
 *
 *   warming ─calibrated─► tracking ─suspected─► suspected ─declared─► collapsed ─persists─► recovering
 *                            ▲  ▲ ◄──cleared───────┘                     │                      │
 *                            │  └───────────────returned────────────────┘                      │
 *                            └──────────────────────────────calibrated─────────────────────────┘
 *
 * K1  A collapse is declared only while a baseline is known: never in `warming` or `recovering`.
 * K2  One `collapse.declared` for one change: in `collapsed` the part declares only a change of another kind.
 * K3  When the old regime comes back, the old baseline stays (`collapse.recovered`).
 * K4  When the new regime persists, the part learns it (`rebaseline`), and tracking begins against it (`collapse.rebaselined`).
 * K5  What voids or restores the promise of the false-alarm rate is announced in any state, once per change.
 * K6  A suspicion is not announced: it is evidence on its way, and most often passes.
 * K7  In every state the part gets data.
 *
 * The statistic, its threshold and the promise are in detectors/collapse.ts.
 */
import { assign, setup } from "xstate";
import type { Announcement, Signal } from "../../ports/detector.ts";
import { actorActions, announces, brief, type CompleteRow, ignored, listed } from "../machine-actions.ts";

interface Declaration extends Signal {
  readonly type: "declared";
  readonly onsetUs: number;
  /** Rows from the estimated onset to the declaration. */
  readonly delayRows: number;
  /** Which bet found it, and what that means in words. */
  readonly member: string;
  readonly change: string;
  readonly logM: number;
  readonly threshold: number;
  /** Nats that were expected above ln A, because of alarms before. */
  readonly extraNats: number;
  readonly guarantee: "holds" | "void";
  readonly purityChange: number;
  readonly fidelity: number;
  readonly bures: number;
  readonly pointerOverlap: number;
  readonly entropyChange: number;
  readonly rowsAfter: number;
  /** Channels that moved most, strongest first. */
  readonly channels: readonly string[];
  /** Channels that were left out because they did not vary in calibration. */
  readonly leftOut: readonly string[];
}

export type CollapseSignal =
  | (Signal & {
      readonly type: "calibrated";
      readonly rows: number;
      readonly threshold: number;
      readonly leftOut: readonly string[];
    })
  | (Signal & { readonly type: "suspected"; readonly logM: number })
  | (Signal & { readonly type: "cleared"; readonly logM: number })
  | Declaration
  | (Signal & { readonly type: "returned"; readonly rows: number })
  | (Signal & { readonly type: "persists"; readonly rows: number })
  | (Signal & {
      readonly type: "dependent";
      readonly of: "values" | "sizes";
      readonly lag1: number;
      readonly evidence: number;
    })
  | (Signal & { readonly type: "independent"; readonly lag1: number });

type Row = CompleteRow<CollapseSignal>;

export interface CollapseContext {
  readonly group: string;
  readonly guarantee: "holds" | "void";
  /** Collapses declared so far. */
  readonly declared: number;
}

/** K5, the same in every state. */
const dependence = {
  dependent: { actions: [{ type: "setGuarantee", params: { guarantee: "void" } }, announces(voided)] },
  independent: { actions: [{ type: "setGuarantee", params: { guarantee: "holds" } }, announces(restored)] },
} as const;

const declare = { target: "collapsed", actions: ["countDeclared", announces(declared)] } as const;

export const collapseMachine = setup({
  types: {
    context: {} as CollapseContext,
    input: {} as { readonly group: string },
    events: {} as CollapseSignal,
    tags: {} as "data",
  },
  actions: {
    ...actorActions,
    setGuarantee: assign({ guarantee: (_, params: { guarantee: "holds" | "void" }) => params.guarantee }),
    countDeclared: assign({ declared: ({ context }) => context.declared + 1 }),
  },
}).createMachine({
  id: "collapse",
  context: ({ input }) => ({ group: input.group, guarantee: "holds" as const, declared: 0 }),
  initial: "warming",
  states: {
    warming: {
      tags: "data",
      on: {
        calibrated: {
          target: "tracking",
          actions: announces(calibrated),
        },
        suspected: ignored,
        cleared: ignored,
        declared: ignored,
        returned: ignored,
        persists: ignored,
        ...dependence,
      } as const satisfies Row,
    },
    tracking: {
      tags: "data",
      on: {
        calibrated: ignored,
        suspected: { target: "suspected" },
        cleared: ignored,
        declared: declare,
        returned: ignored,
        persists: ignored,
        ...dependence,
      } as const satisfies Row,
    },
    suspected: {
      tags: "data",
      on: {
        calibrated: ignored,
        suspected: ignored,
        cleared: { target: "tracking" },
        declared: declare,
        returned: ignored,
        persists: ignored,
        ...dependence,
      } as const satisfies Row,
    },
    collapsed: {
      tags: "data",
      on: {
        calibrated: ignored,
        suspected: ignored,
        cleared: ignored,
        declared: { actions: ["countDeclared", announces(declared)] },
        returned: {
          target: "tracking",
          actions: announces(returned),
        },
        persists: { target: "recovering", actions: { type: "kernel", params: { do: "rebaseline" } } },
        ...dependence,
      } as const satisfies Row,
    },
    recovering: {
      tags: "data",
      on: {
        calibrated: {
          target: "tracking",
          actions: announces(rebaselined),
        },
        suspected: ignored,
        cleared: ignored,
        declared: ignored,
        returned: ignored,
        persists: ignored,
        ...dependence,
      } as const satisfies Row,
    },
  },
});

function calibrated(event: Extract<CollapseSignal, { type: "calibrated" }>, group: string): Announcement {
  return {
    kind: "collapse.calibrated",
    severity: "info",
    title: `${group}: watching for collapse, normal behaviour learnt from ${event.rows} rows${leftOut(event.leftOut)}`,
    channels: event.leftOut,
    detail: { atUs: event.timeUs, rows: event.rows, A: event.threshold, leftOut: event.leftOut.join(", ") },
  };
}

function declared(event: Declaration, group: string): Announcement {
  const promise =
    event.guarantee === "holds"
      ? ""
      : ", without a guaranteed false-alarm rate: the rows depend on each other";
  return {
    kind: "collapse.declared",
    severity: event.guarantee === "holds" ? "critical" : "warning",
    title: `${group} collapsed: ${event.change}, ${event.delayRows} rows after its onset${promise}`,
    channels: event.channels,
    detail: {
      t_detect: event.timeUs,
      t_onset: event.onsetUs,
      delayRows: event.delayRows,
      member: event.member,
      change: event.change,
      logM: event.logM,
      A: event.threshold,
      extraNats: event.extraNats,
      guarantee: event.guarantee,
      purityChange: event.purityChange,
      fidelity: event.fidelity,
      bures: event.bures,
      pointerOverlap: event.pointerOverlap,
      entropyChange: event.entropyChange,
      rowsAfter: event.rowsAfter,
      leftOut: event.leftOut.join(", "),
    },
  };
}

function returned(event: Extract<CollapseSignal, { type: "returned" }>, group: string): Announcement {
  return {
    kind: "collapse.recovered",
    severity: "notice",
    title: `${group} behaves as before the collapse again, for ${event.rows} rows`,
    detail: { atUs: event.timeUs, rows: event.rows },
  };
}

function rebaselined(event: Extract<CollapseSignal, { type: "calibrated" }>, group: string): Announcement {
  return {
    kind: "collapse.rebaselined",
    severity: "notice",
    title: `${group} stays in its new regime: it counts as normal now, learnt from ${event.rows} rows${leftOut(event.leftOut)}`,
    channels: event.leftOut,
    detail: { atUs: event.timeUs, rows: event.rows, A: event.threshold, leftOut: event.leftOut.join(", ") },
  };
}

function voided(event: Extract<CollapseSignal, { type: "dependent" }>, group: string): Announcement {
  return {
    kind: "collapse.guarantee-void",
    severity: "notice",
    title: `${group}: the ${event.of} of successive rows depend on each other (lag-1 correlation ${brief(event.lag1)}), so alarms come without a guaranteed rate`,
    detail: {
      atUs: event.timeUs,
      of: event.of,
      lag1: event.lag1,
      evidence: event.evidence,
      guarantee: "void",
    },
  };
}

function restored(event: Extract<CollapseSignal, { type: "independent" }>, group: string): Announcement {
  return {
    kind: "collapse.guarantee-holds",
    severity: "info",
    title: `${group}: successive rows are independent again, the false-alarm rate is guaranteed`,
    detail: { atUs: event.timeUs, lag1: event.lag1, guarantee: "holds" },
  };
}

function leftOut(names: readonly string[]): string {
  return names.length === 0 ? "" : `, without ${listed(names)} (constant)`;
}
