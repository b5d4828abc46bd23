/** The thresholds, alerts and incidents of a core, or of the cores of a session, as people see them. */
import type { AlertsStatus, IncidentStatus } from "../protocol/controls.ts";
import type { Core } from "./core/core.ts";
import { alertsStatus } from "./detectors/alerts/status.ts";
import { incidentsStatus } from "./detectors/incidents/status.ts";

/** Of a core before its session is opened: none. */
export function listAlerts(core: Core): AlertsStatus {
  const state = core.stateOf("alerts");
  const incidents = listIncidents(core);
  if (state === null) return { alerts: [], incidents, perDay: 0, heldBack: 0 };
  return { ...alertsStatus(state.context, state.parts), incidents };
}

export function listIncidents(core: Core): IncidentStatus[] {
  const state = core.stateOf("incidents");
  return state === null ? [] : incidentsStatus(state.context, core.partition);
}

/** Those of a session of several partitions, each of which has the budget for itself. */
export function mergedAlerts(all: readonly AlertsStatus[]): AlertsStatus {
  return {
    alerts: all.flatMap(({ alerts }) => alerts),
    incidents: all.flatMap(({ incidents = [] }) => incidents),
    perDay: all[0]?.perDay ?? 0,
    heldBack: all.reduce((sum, { heldBack }) => sum + heldBack, 0),
  };
}
