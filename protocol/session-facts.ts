/**
 * What the program of a session enters into its logs, as inputs of type "command": into that of the shared document facts of other logs, into
 * that of the first partition its scans (scan-facts.ts). Nobody can send one: they are no rows of COMMANDS, so neither HTTP nor a page has a way to.
 */
import * as v from "valibot";
import { alertId, thresholdSet } from "./alert-commands.ts";
import { fields, whole } from "./command-fields.ts";
import { alertEntry } from "./room-document.ts";
import { body, id } from "./room-fields.ts";
import { SCAN_FACTS } from "./scan-facts.ts";
import { definition, workflowId } from "./workflow.ts";

/** Entries of one input: with texts of the greatest length they take half of MAX_INPUT_BYTES. */
export const IN_FORCE_ENTRIES = 16;

const inForceEntry = fields({
  id: alertId,
  /** Null: no partition has this threshold, or it is an incident. */
  threshold: v.nullable(thresholdSet),
  /** What people did about the alert or the incident and is still so; null: nothing. */
  alert: v.nullable(alertEntry),
});

const inForce = fields({
  /** The last input of the document's log of which the partitions had taken all commands. */
  heard: whole,
  entries: v.pipe(v.array(inForceEntry), v.maxLength(IN_FORCE_ENTRIES)),
});

const renewed = fields({
  /** The epoch that ends: of two such facts the second changes nothing. */
  epoch: whole,
});

const offered = fields({
  name: workflowId,
  /** Null: it is not offered any more. */
  definition: v.nullable(definition),
});

const performed = fields({
  run: id,
  step: workflowId,
  state: v.picklist(["running", "done", "failed"]),
  /** Why it failed, or what it waits for. */
  note: v.optional(body),
  progress: v.optional(fields({ done: whole, of: whole })),
});

export const SESSION_FACTS = {
  /** The document is made anew from its content, in the next epoch. */
  "document.renewed": { action: "renew the document", schema: renewed },
  /** Thresholds and alerts as the partitions have them: what the document shows of them becomes this. */
  "alerts.inForce": { action: "show what is in force", schema: inForce },
  /** A workflow that the session offers. */
  "workflow.offered": { action: "offer a workflow", schema: offered },
  /** What the program did of an automatic step. A replay takes it from here and performs nothing. */
  "workflow.performed": { action: "perform a step of a workflow", schema: performed },
  ...SCAN_FACTS,
} as const;

export type SessionFactName = keyof typeof SESSION_FACTS;

/** A threshold and its alert, or an incident, as they are in force. */
export type InForceEntry = v.InferOutput<typeof inForceEntry>;
export type Renewed = v.InferOutput<typeof renewed>;
export type InForce = v.InferOutput<typeof inForce>;
export type OfferedWorkflow = v.InferOutput<typeof offered>;
export type PerformedStep = v.InferOutput<typeof performed>;

export function isSessionFact(name: string): name is SessionFactName {
  return Object.hasOwn(SESSION_FACTS, name);
}
