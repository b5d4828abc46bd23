/** The incidents of a session as people see them, read from the machine of their actor. */

import type { IncidentStatus } from "../../../protocol/controls.ts";
import { incidentId } from "../../../protocol/incident-id.ts";
import type { Book } from "./book.ts";
import { channelsOf, isTold } from "./incident.ts";

/** Those that people were told of and that are not over, the oldest first. `context`: of the machine. */
export function incidentsStatus(context: unknown, partition: string): IncidentStatus[] {
  return (context as Book).incidents.filter(isTold).map((incident) => {
    const { number, state, group, sinceUs, announcedSeverity, acknowledged, assigned, snoozedUntilUs } =
      incident;
    return {
      id: incidentId(partition, number),
      state: state as IncidentStatus["state"],
      severity: announcedSeverity,
      group,
      channels: channelsOf(incident),
      sinceUs,
      acknowledged,
      assigned,
      snoozedUntilUs,
    };
  });
}
