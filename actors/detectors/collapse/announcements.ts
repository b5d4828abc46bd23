/** The wording of collapse events: title, severity and details of each. */
import type { Announcement } from "../../ports/detector.ts";
import { brief, listed } from "../event-wording.ts";
import type { Calibrated, CollapseContext, Declared, Dependent, Independent, Returned } from "./signals.ts";

export function calibrated(event: Calibrated, { group }: CollapseContext): Announcement {
  return {
    kind: "collapse.calibrated",
    severity: "info",
    title: `${group}: watching for collapse, normal behaviour learnt from ${event.rows} rows${leftOut(event.leftOut)}`,
    channels: event.leftOut,
    detail: { atUs: event.timeUs, rows: event.rows, A: event.threshold, leftOut: event.leftOut.join(", ") },
  };
}

export function declared(event: Declared, { group, guarantee }: CollapseContext): Announcement {
  const holds = guarantee === "holds";
  const caveat = holds ? "" : ", without a guaranteed false-alarm rate: the rows depend on each other";
  return {
    kind: "collapse.declared",
    severity: holds ? "critical" : "warning",
    title: `${group} collapsed: ${event.change}, ${event.delayRows} rows after its onset${caveat}`,
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
      guarantee,
      purityChange: event.purityChange,
      fidelity: event.fidelity,
      bures: event.bures,
      pointerOverlap: event.pointerOverlap,
      entropyChange: event.entropyChange,
      rowsAfter: event.rowsAfter,
      leftOut: event.leftOut.join(", "),
    },
    finding: {
      key: KEY,
      phase: "opened",
      sinceUs: event.onsetUs,
      effect: shiftPerRow(event),
      evidence: event.logM,
    },
  };
}

export function returned(event: Returned, { group }: CollapseContext): Announcement {
  return {
    kind: "collapse.recovered",
    severity: "notice",
    title: `${group} behaves as before the collapse again, for ${event.rows} rows`,
    detail: { atUs: event.timeUs, rows: event.rows },
    finding: { key: KEY, phase: "ended", sinceUs: event.timeUs, effect: 0, evidence: 0 },
  };
}

export function rebaselined(event: Calibrated, { group }: CollapseContext): Announcement {
  return {
    kind: "collapse.rebaselined",
    severity: "notice",
    title: `${group} stays in its new regime: it counts as normal now, learnt from ${event.rows} rows${leftOut(event.leftOut)}`,
    channels: event.leftOut,
    detail: { atUs: event.timeUs, rows: event.rows, A: event.threshold, leftOut: event.leftOut.join(", ") },
    finding: { key: KEY, phase: "accepted", sinceUs: event.timeUs, effect: 0, evidence: 0 },
  };
}

export function voided(event: Dependent, { group }: CollapseContext): Announcement {
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

export function restored(event: Independent, { group }: CollapseContext): Announcement {
  return {
    kind: "collapse.guarantee-holds",
    severity: "info",
    title: `${group}: successive rows are independent again, the false-alarm rate is guaranteed`,
    detail: { atUs: event.timeUs, lag1: event.lag1, guarantee: "holds" },
  };
}

/** A group is in one regime at a time. */
const KEY = "regime";

/** The shift of a Gaussian mean that gathers as much evidence in each row, in standard deviations. */
function shiftPerRow({ logM, delayRows }: Declared): number {
  return Math.sqrt((2 * Math.max(0, logM)) / delayRows);
}

function leftOut(names: readonly string[]): string {
  return names.length === 0 ? "" : `, without ${listed(names)} (constant)`;
}
