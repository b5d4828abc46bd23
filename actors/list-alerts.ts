/** The thresholds and alerts of a core, or of the cores of a session, as people see them. */
import type { AlertsStatus } from "../protocol/controls.ts";
import type { Core } from "./core/core.ts";
import { alertsStatus } from "./detectors/alerts/status.ts";

/** Of a core before its session is opened: none. */
export function listAlerts(core: Core): AlertsStatus {
  const state = core.stateOf("alerts");
  return state === null ? { alerts: [], perDay: 0, heldBack: 0 } : alertsStatus(state.context, state.parts);
}

/** Those of a session of several partitions, each of which has the budget for itself. */
export function mergedAlerts(all: readonly AlertsStatus[]): AlertsStatus {
  return {
    alerts: all.flatMap(({ alerts }) => alerts),
    perDay: all[0]?.perDay ?? 0,
    heldBack: all.reduce((sum, { heldBack }) => sum + heldBack, 0),
  };
}
