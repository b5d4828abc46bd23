/**
 * The alerts of a session for people: of all its partitions, and why a command about one of them would change nothing.
 *
 * The log takes every command of the table; the actor decides in its order. Who asks over HTTP is told at once what he would otherwise have to
 * look up: that there is no such alert, or who was first.
 */
import { MAX_THRESHOLDS } from "../actors/mod.ts";
import type { Threshold } from "../protocol/alert-commands.ts";
import { COMMANDS, type Command, type LoggedCommandName } from "../protocol/commands.ts";
import type { AlertStatus, AlertsStatus } from "../protocol/controls.ts";
import { EigenwatchError } from "../protocol/errors.ts";

export function hasThreshold({ alerts }: AlertsStatus, id: string): boolean {
  return alerts.some(({ threshold }) => threshold.id === id);
}

/** Throws an EigenwatchError when the command would change nothing. */
export function checkAlertCommand(
  { alerts }: AlertsStatus,
  { name, body }: Command<LoggedCommandName>,
): void {
  const { action } = COMMANDS[name];
  const known = alerts.find(({ threshold }) => threshold.id === body.id);
  if (name === "threshold.set") {
    const { group } = (body as Threshold).of;
    if (known !== undefined && known.threshold.of.group !== group)
      throw new EigenwatchError({
        action,
        value: `threshold ${body.id} is about group ${known.threshold.of.group}`,
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
    throw new EigenwatchError({
      action,
      value: `there is no threshold ${body.id}`,
      expected: alerts.map(({ threshold }) => threshold.id).join(", ") || "a threshold that was set before",
      kind: "notFound",
    });
  if (name === "alert.acknowledged") checkFree(action, known);
}

function checkFree(action: string, { threshold: { id }, state, acknowledged }: AlertStatus): void {
  if (state !== "firing")
    throw new EigenwatchError({
      action,
      value: `alert ${id} is ${state}`,
      expected: "one that is firing",
      kind: "conflict",
    });
  if (acknowledged === null) return;
  const { by, atUs } = acknowledged;
  throw new EigenwatchError({
    action,
    value: `${by} acknowledged alert ${id} at ${new Date(atUs / 1000).toISOString()}`,
    expected: "one that nobody has acknowledged",
    kind: "conflict",
  });
}
