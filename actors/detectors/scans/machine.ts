/**
 * The scans of a session, as its log has them.
 *
 *   open ──requested, ended──► open: each is announced
 *
 * N3  Every scan is announced once when it is asked for, and once when it is over. Its results are not: they are read where the scan is.
 */
import { setup } from "xstate";
import type { Announcement, Signal } from "../../ports/detector.ts";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";

interface Requested extends Signal {
  readonly type: "requested";
  readonly scan: string;
  readonly universe: string;
  readonly rule: string;
  readonly by: string;
  readonly symbols: number;
}

interface Ended extends Signal {
  readonly type: "ended";
  readonly scan: string;
  readonly universe: string;
  readonly rule: string;
  readonly reason: string;
  readonly symbols: number;
  readonly processed: number;
  readonly signals: number;
  readonly errors: number;
}

type ScanAnnounced = Requested | Ended;

export const scansMachine = setup({
  types: { events: {} as ScanAnnounced },
  actions: actorActions,
}).createMachine({
  id: "scans",
  initial: "open",
  states: {
    open: {
      on: {
        requested: { actions: announces(requested) },
        ended: { actions: announces(ended) },
      } as const satisfies CompleteRow<ScanAnnounced>,
    },
  },
});

function requested({ scan, universe, rule, by, symbols }: Requested): Announcement {
  return {
    kind: "scan.requested",
    severity: "info",
    title: `${by} asked for a scan of ${universe}: ${rule}`,
    detail: { scan, universe, rule, by, symbols },
  };
}

function ended({ scan, universe, rule, reason, symbols, processed, signals, errors }: Ended): Announcement {
  return {
    kind: "scan.ended",
    severity: "info",
    title: `the scan of ${universe} is over (${reason}): ${signals} signals in ${processed} of ${symbols} symbols: ${rule}`,
    detail: { scan, universe, rule, reason, symbols, processed, signals, errors },
  };
}
