/** The wording of collapse events: title, severity and details of each. */
import type { Announcement } from "../../ports/detector.ts";
import { amount, brief, listed, range } from "../event-wording.ts";
import type {
  Calibrated,
  CollapseContext,
  Confirmed,
  Declared,
  Dependent,
  Guarantee,
  Independent,
  Returned,
} from "./signals.ts";

export function calibrated(event: Calibrated, { group }: CollapseContext): Announcement {
  return {
    kind: "collapse.calibrated",
    severity: "info",
    title: `${group}: watching for collapse, normal behaviour learnt from ${event.rows} rows${leftOut(event.leftOut)}${chosen(event)}`,
    channels: event.leftOut,
    detail: {
      atUs: event.timeUs,
      rows: event.rows,
      A: event.threshold,
      leftOut: event.leftOut.join(", "),
      innovation: event.innovation,
      lag1: event.lag1,
    },
  };
}

export function declared(event: Declared, { group, guarantee }: CollapseContext): Announcement {
  return {
    kind: "collapse.declared",
    severity: "info",
    title: `${group} collapsed: ${event.change}${share(event)}; ${moves(event)}; ${event.delayRows} rows after its onset${CAVEATS[guarantee]}`,
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
      effect: event.effect,
      movesLow: event.movesLow,
      movesHigh: event.movesHigh,
      usualLow: event.usualLow,
      usualHigh: event.usualHigh,
      unit: event.unit,
      share: event.share,
      usualShareLow: event.usualShareLow,
      usualShareHigh: event.usualShareHigh,
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
      effect: event.effect,
      // Without the guarantee M is no evidence: it is large as often as the rows depend on each other.
      evidence: guarantee === "void" ? 0 : event.logM,
    },
  };
}

/** A further change before the first one is over. */
export function declaredAgain(event: Declared, context: CollapseContext): Announcement {
  const first = declared(event, context);
  return {
    ...first,
    title: first.title.replace(" collapsed: ", " collapsed further: "),
    finding: { ...first.finding!, phase: "grew" },
  };
}

export function returned(event: Returned, { group }: CollapseContext): Announcement {
  return {
    kind: "collapse.recovered",
    severity: "info",
    title: `${group} behaves as before the collapse again, for ${event.rows} rows`,
    detail: { atUs: event.timeUs, rows: event.rows },
    finding: { key: KEY, phase: "ended", sinceUs: event.timeUs, effect: 0, evidence: 0 },
  };
}

export function rebaselined(event: Calibrated, { group }: CollapseContext): Announcement {
  return {
    kind: "collapse.rebaselined",
    severity: "info",
    title: `${group} stays in its new regime: it counts as normal now, learnt from ${event.rows} rows${leftOut(event.leftOut)}`,
    channels: event.leftOut,
    detail: { atUs: event.timeUs, rows: event.rows, A: event.threshold, leftOut: event.leftOut.join(", ") },
    finding: { key: KEY, phase: "accepted", sinceUs: event.timeUs, effect: 0, evidence: 0 },
  };
}

export function voided(event: Dependent, { group }: CollapseContext): Announcement {
  const why =
    event.of === "alarms"
      ? `alarms come ${event.times} times as often as promised`
      : `the ${event.of} of successive rows depend on each other (lag-1 correlation ${brief(event.lag1)})`;
  return {
    kind: "collapse.guarantee-void",
    severity: "notice",
    title: `${group}: ${why}, so the false-alarm rate is not guaranteed; the threshold now follows what was usual before`,
    detail: {
      atUs: event.timeUs,
      of: event.of,
      lag1: event.lag1,
      times: event.times,
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

export function confirmed(event: Confirmed, { group }: CollapseContext): Announcement {
  const { rows, alarms } = event;
  const came = alarms === 1 ? "1 alarm" : `${alarms === 0 ? "no" : alarms} alarms`;
  return {
    kind: "collapse.guarantee-holds",
    severity: "info",
    title: `${group}: ${came} in ${rows} rows, so the promised false-alarm rate is known to hold`,
    detail: { atUs: event.timeUs, rows, alarms, guarantee: "holds" },
  };
}

const CAVEATS: Readonly<Record<Guarantee, string>> = {
  unknown: "; whether the promised false-alarm rate holds is not yet known",
  holds: "",
  void: ", without a guaranteed false-alarm rate",
};

/** A group is in one regime at a time. */
const KEY = "regime";

/** What the channel that moved most does from row to row. */
function moves({ title, unit, movesLow, movesHigh, usualLow, usualHigh }: Declared): string {
  return `${title} moves by ${range(movesLow, movesHigh, unit)} a row (usual: ${range(usualLow, usualHigh, unit)})`;
}

/** How much of all movement is along the mode that the change is about. */
function share({ share, usualShareLow, usualShareHigh }: Declared): string {
  if (share === null) return "";
  const usual = range(100 * usualShareLow!, 100 * usualShareHigh!, "%");
  return ` (${amount(100 * share, "%")} of all movement, usual: ${usual})`;
}

/** Why values are not compared as the group declares it. */
function chosen({ innovation, declared, lag1 }: Calibrated): string {
  if (innovation === declared) return "";
  const changes = declared === "logReturn" ? "log returns" : "differences";
  return `; values are compared with what their level predicts, because successive ${changes} are correlated (${brief(lag1)})`;
}

function leftOut(names: readonly string[]): string {
  return names.length === 0 ? "" : `, without ${listed(names)} (constant)`;
}
