/** What intents do: changes of which only the first may count, so that the room decides them. An effect is the new value of one entry. */
import { isIncidentId } from "../../../protocol/incident-id.ts";
import { type Intent, isDrawnLevel, type RootName } from "../../../protocol/room-document.ts";
import type { WorkflowRun } from "../../../protocol/workflow.ts";
import { type Effect, type NoEffect, refused } from "./effects.ts";
import { type Mover, movedStep, startedRun } from "./workflows.ts";

/** The effect of an intent on the entries as they are. */
export function carryOut(
  intent: Intent,
  entry: (root: RootName, id: string) => unknown,
  mover: Mover,
): Effect | NoEffect {
  // Alerts have the name, as those of actors do.
  const { name, atUs } = mover;
  // Which incidents there are, the partitions know: what is done about another one is taken back (in-force.ts).
  if ("alert" in intent && !isIncidentId(intent.alert)) {
    const threshold = entry("thresholds", intent.alert);
    if (threshold === undefined || isDrawnLevel(threshold)) return refused("the alert of a threshold");
  }
  switch (intent.type) {
    case "alert.acknowledge": {
      const alert = (entry("alerts", intent.alert) ?? {}) as { readonly acknowledgedBy?: string };
      if (alert.acknowledgedBy !== undefined)
        return refused("an alert that nobody has acknowledged", `acknowledged by ${alert.acknowledgedBy}`);
      const { note = "" } = intent;
      return onAlert(intent.alert, { ...alert, acknowledgedBy: name, acknowledgedAtUs: atUs, note });
    }
    case "alert.assign":
      return onAlert(intent.alert, {
        ...(entry("alerts", intent.alert) as object | undefined),
        assignedTo: intent.to,
        assignedBy: name,
      });
    case "alert.snooze":
      return onAlert(intent.alert, {
        ...(entry("alerts", intent.alert) as object | undefined),
        snoozedUntilUs: atUs + Math.round(intent.seconds * 1e6),
        snoozedBy: name,
      });
    case "workflow.start":
      return startedRun(intent, entry("workflows", intent.run) as WorkflowRun | undefined, mover);
    case "workflow.step":
      return movedStep(intent, entry("workflows", intent.run) as WorkflowRun | undefined, mover);
    default:
      return unreachable(intent);
  }
}

function onAlert(id: string, value: unknown): Effect {
  return { root: "alerts", id, value };
}

function unreachable(intent: never): never {
  throw new Error(`unknown intent ${JSON.stringify(intent)}`);
}
