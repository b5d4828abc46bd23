/** The thresholds and alerts of a core, as people see them. */
import type { AlertsStatus } from "../protocol/controls.ts";
import type { Core } from "./core/core.ts";
import { alertsStatus } from "./detectors/alerts/status.ts";

/** Of a core before its session is opened: none. */
export function listAlerts(core: Core): AlertsStatus {
  const state = core.stateOf("alerts");
  return state === null ? { alerts: [], perDay: 0, heldBack: 0 } : alertsStatus(state.context, state.parts);
}
