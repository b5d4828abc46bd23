/** The wording of the events of thresholds and alerts: title, severity and details of each. */
import type { Threshold } from "../../../protocol/alert-commands.ts";
import type { Announcement } from "../../ports/detector.ts";
import { amount, duration } from "../event-wording.ts";
import type { Fate, Ledger, Notice } from "./ledger.ts";
import type { AlertsSignal, ThresholdSignal } from "./signals.ts";
import type { ThresholdContext } from "./threshold-context.ts";

type Ended = Extract<AlertsSignal, { type: "ended" }>;
type Changed = Extract<AlertsSignal, { type: "changed" }>;

/** "Processor 0 above 90.0 %, clears at 80.0 %, for 60 s". `unit`: "" when the channel is not known yet. */
export function thresholdText(
  { of, direction, level, clearLevel, dwellSeconds, objective, title }: Threshold,
  unit = "",
) {
  const what = title === "" ? `${of.group}/${"channel" in of ? of.channel : of.measure}` : title;
  if (objective !== undefined) {
    const { percent, windowSeconds, burnRate } = objective;
    return `${what}: ${percent} % not ${direction} ${amount(level, unit)}, when its budget goes ${burnRate} times as fast over ${duration(windowSeconds * 1_000_000)}`;
  }
  const clears = clearLevel === level ? "" : `, clears at ${amount(clearLevel, unit)}`;
  const dwell = dwellSeconds === 0 ? "" : `, for ${duration(dwellSeconds * 1_000_000)}`;
  return `${what}: ${direction} ${amount(level, unit)}${clears}${dwell}`;
}

/** "Processor 0 is 97.3 %, above 90.0 %, for 60 s". */
export function firedTitle(context: ThresholdContext): string {
  const { threshold, value, unit, sinceUs, firedUs } = context;
  const { direction, level, objective } = threshold;
  if (objective !== undefined)
    return `${nameOf(context)} uses up its error budget ${amount(value!, "")} times as fast as ${objective.percent} % allow, over ${duration(objective.windowSeconds * 1_000_000)} and the last twelfth of it`;
  const lastedUs = firedUs! - sinceUs!;
  const lasted = lastedUs > 0 ? `, for ${duration(lastedUs)}` : "";
  return `${nameOf(context)} is ${amount(value!, unit)}, ${direction} ${amount(level, unit)}${lasted}`;
}

/** "Processor 0 is 79.0 % again, after 5.0 min above 90.0 %". */
export function resolvedTitle(context: ThresholdContext, reason: string, timeUs: number): string {
  const { threshold, value, unit, sinceUs } = context;
  const beyond =
    threshold.objective === undefined
      ? `${threshold.direction} ${amount(threshold.level, unit)}`
      : `above a burn rate of ${threshold.objective.burnRate}`;
  const after = `after ${duration(timeUs - sinceUs!)} ${beyond}`;
  if (reason !== "") return `${nameOf(context)}: ${reason} ${after}`;
  return `${nameOf(context)} is ${amount(value!, unit)} again, ${after}`;
}

export function fired({ fired: alert, cause, fate }: Notice, { heldBack, perDay }: Ledger): Announcement {
  const { id, group, channel, severity, title, value, level, sinceUs, isAgain } = alert;
  return {
    kind: fate === "held" ? "alert.held" : "alert.fired",
    severity: fate === "held" ? "info" : severity,
    group,
    channels: channel === "" ? [] : [channel],
    title: `${fate === "held" ? `Held back, the budget of ${perDay} alerts a day is spent: ` : ""}${title}${REMARKS[fate](cause, isAgain)}`,
    detail: {
      alert: id,
      fate,
      cause,
      value,
      level,
      sinceUs,
      severity,
      ...(isAgain ? { again: true } : {}),
      heldBack: heldBack + (fate === "held" ? 1 : 0),
    },
  };
}

/** An alert that was held back is told after all. */
export function releasedAlert({ fired: alert, cause }: Notice, ledger: Ledger): Announcement {
  const { heldBack } = ledger;
  return fired({ fired: alert, cause, fate: "told" }, { ...ledger, heldBack: heldBack - 1 });
}

export function resolved({ id, title, value }: Ended, { notices }: Ledger): Announcement {
  const notice = notices[id]!;
  const { group, channel, severity, timeUs } = notice.fired;
  return {
    kind: "alert.resolved",
    severity: "info",
    group,
    channels: channel === "" ? [] : [channel],
    title,
    detail: { alert: id, fate: notice.fate, cause: notice.cause, value, firedUs: timeUs, severity },
  };
}

export function changed({ kind, id, group, channel, title, by, severity }: Changed): Announcement {
  const channels = channel === "" ? [] : [channel];
  return { kind, severity, group, channels, title, detail: { alert: id, author: by } };
}

export function acknowledged(event: ThresholdSignal, context: ThresholdContext): Announcement {
  const { by, note } = event as Extract<ThresholdSignal, { type: "acknowledged" }>;
  const why = note === "" ? "" : `: ${note}`;
  return said("alert.acknowledged", `${by} acknowledged ${nameOf(context)}${why}`, context, {
    author: by,
    note,
  });
}

export function assigned(event: ThresholdSignal, context: ThresholdContext): Announcement {
  const { by, to } = event as Extract<ThresholdSignal, { type: "assigned" }>;
  const title =
    to === "" ? `${by} assigned ${nameOf(context)} to nobody` : `${by} assigned ${nameOf(context)} to ${to}`;
  return said("alert.assigned", title, context, { author: by, to });
}

export function snoozed(event: ThresholdSignal, context: ThresholdContext): Announcement {
  const { by, untilUs, timeUs } = event as Extract<ThresholdSignal, { type: "snoozed" }>;
  const title =
    untilUs > timeUs
      ? `${by} snoozed ${nameOf(context)} for ${duration(untilUs - timeUs)}`
      : `${by} ended the snooze of ${nameOf(context)}`;
  return said("alert.snoozed", title, context, { author: by, untilUs });
}

export function unseen({ timeUs }: ThresholdSignal, context: ThresholdContext): Announcement {
  const { threshold, setUs } = context;
  const { of } = threshold;
  const what = "channel" in of ? `channel ${of.channel}` : `measure ${of.measure}`;
  const title = `Threshold ${threshold.id} waits: ${what} of group ${of.group} has had no value for ${duration(timeUs - setUs)}`;
  return { ...said("alert.waiting", title, context, {}), severity: "warning" };
}

export function withoutMeasure(event: ThresholdSignal, context: ThresholdContext): Announcement {
  const { has } = event as Extract<ThresholdSignal, { type: "missing" }>;
  const { id, of } = context.threshold;
  const measure = "measure" in of ? of.measure : "";
  const title = `Threshold ${id} waits: states of group ${of.group} have no measure ${measure}; they have ${has}`;
  return { ...said("alert.waiting", title, context, {}), severity: "warning" };
}

const REMARKS: Readonly<Record<Fate, (cause: string, isAgain: boolean) => string>> = {
  told: (_, isAgain) => (isAgain ? ", no longer snoozed" : ""),
  joined: (cause) => ` (joins ${cause})`,
  held: () => "",
  snoozed: () => " (snoozed)",
};

function said(
  kind: string,
  title: string,
  { threshold }: ThresholdContext,
  detail: NonNullable<Announcement["detail"]>,
): Announcement {
  const { id, of } = threshold;
  const channels = "channel" in of ? [of.channel] : [];
  return { kind, severity: "info", group: of.group, channels, title, detail: { alert: id, ...detail } };
}

function nameOf({ threshold, label }: ThresholdContext): string {
  const { title, of } = threshold;
  if (title !== "") return title;
  if (label !== "") return label;
  return "channel" in of ? of.channel : of.measure;
}
