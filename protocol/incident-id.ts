/** What people call an incident: PARTITION/NUMBER, the same for all who look. No id of a threshold has a slash (alert-commands.ts). */

export function incidentId(partition: string, number: number): string {
  return `${partition}/${number}`;
}

export function isIncidentId(id: string): boolean {
  return id.includes("/");
}

/** The number of an incident of this partition; null for any other id. */
export function incidentNumber(id: string, partition: string): number | null {
  const at = id.lastIndexOf("/");
  return at > 0 && id.slice(0, at) === partition ? Number(id.slice(at + 1)) : null;
}
