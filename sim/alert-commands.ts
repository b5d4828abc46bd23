/**
 * The alerts of a session for people: of all its partitions, and why a command about one of them would change nothing.
 *
 * The log takes every command of the table; the actor decides in its order. Who asks over HTTP is told at once what he would otherwise have to
 * look up: that there is no such alert or incident, or who was first.
 */
import { MAX_THRESHOLDS } from "../actors/mod.ts";
import type { Threshold } from "../protocol/alert-commands.ts";
import { COMMANDS, type Command, type LoggedCommandName } from "../protocol/commands.ts";
import type { AlertsStatus, Care } from "../protocol/controls.ts";
import { EigenwatchError } from "../protocol/errors.ts";
import { isIncidentId } from "../protocol/incident-id.ts";

/** Whether it has the threshold, or the incident, that a command is about. */
export function holdsAlert({ alerts, incidents = [] }: AlertsStatus, id: string): boolean {
  return alerts.some(({ threshold }) => threshold.id === id) || incidents.some((each) => each.id === id);
}

/** Throws an EigenwatchError when the command would change nothing. */
export function checkAlertCommand(
  { alerts, incidents = [] }: AlertsStatus,
  { name, body }: Command<LoggedCommandName>,
): void {
  const { action } = COMMANDS[name];
  // A mark changes no alert.
  if ("type" in body) return;
  const { id } = body;
  if (isIncidentId(id)) {
    const incident = incidents.find((each) => each.id === id);
    if (incident === undefined)
      throw notThere(
        action,
        "incident",
        id,
        incidents.map((each) => each.id),
      );
    if (name === "alert.acknowledged") checkFree(action, `incident ${id}`, incident);
    return;
  }
  const known = alerts.find(({ threshold }) => threshold.id === id);
  if (name === "threshold.set") {
    const { group } = (body as Threshold).of;
    if (known !== undefined && known.threshold.of.group !== group)
      throw new EigenwatchError({
        action,
        value: `threshold ${id} is about group ${known.threshold.of.group}`,
        expected: `to remove it first, or another id for group ${group}`,
        kind: "conflict",
      });
    if (known === undefined && alerts.length >= MAX_THRESHOLDS)
      throw new EigenwatchError({
        action,
        value: `there are ${alerts.length}`,
        expected: `at most MAX_THRESHOLDS (${MAX_THRESHOLDS})`,
        kind: "limit",
      });
    return;
  }
  if (known === undefined)
    throw notThere(
      action,
      "threshold",
      id,
      alerts.map(({ threshold }) => threshold.id),
    );
  if (name !== "alert.acknowledged") return;
  if (known.state !== "firing")
    throw new EigenwatchError({
      action,
      value: `alert ${id} is ${known.state}`,
      expected: "one that is firing",
      kind: "conflict",
    });
  checkFree(action, `alert ${id}`, known);
}

function notThere(
  action: string,
  what: "incident" | "threshold",
  id: string,
  known: readonly string[],
): EigenwatchError {
  const otherwise = { incident: "one that goes on", threshold: "a threshold that was set before" };
  const expected = known.join(", ") || otherwise[what];
  return new EigenwatchError({ action, value: `there is no ${what} ${id}`, expected, kind: "notFound" });
}

function checkFree(action: string, what: string, { acknowledged }: Care): void {
  if (acknowledged === null) return;
  const { by, atUs } = acknowledged;
  throw new EigenwatchError({
    action,
    value: `${by} acknowledged ${what} at ${new Date(atUs / 1000).toISOString()}`,
    expected: "one that nobody has acknowledged",
    kind: "conflict",
  });
}
