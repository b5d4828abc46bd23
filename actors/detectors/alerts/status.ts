/** The alerts of a session as people see them, read from the machines of their actor. */
import type { AlertStatus, AlertsStatus } from "../../../protocol/controls.ts";
import type { PartState } from "../../ports/detector.ts";
import type { AlertsContext } from "./machine.ts";
import type { ThresholdContext } from "./threshold-context.ts";

/** `context`: of the machine of all alerts; `parts`: of its thresholds. */
export function alertsStatus(context: unknown, parts: Iterable<PartState>): Omit<AlertsStatus, "incidents"> {
  const ledger = context as AlertsContext;
  return {
    alerts: Array.from(parts, (part) => statusOf(part, ledger)),
    perDay: ledger.perDay,
    heldBack: ledger.heldBack,
  };
}

function statusOf({ value, context }: PartState, { notices }: AlertsContext): AlertStatus {
  const { threshold, by, setUs, sinceUs, firedUs, resolvedUs, acknowledged, assigned, snoozedUntilUs } =
    context as ThresholdContext;
  const notice = Object.hasOwn(notices, threshold.id) ? notices[threshold.id]! : null;
  return {
    threshold,
    setBy: by,
    setUs,
    state: value as AlertStatus["state"],
    value: (context as ThresholdContext).value,
    sinceUs,
    firedUs,
    resolvedUs,
    fate: notice?.fate ?? null,
    cause: notice?.cause ?? null,
    acknowledged,
    assigned,
    snoozedUntilUs,
  };
}
