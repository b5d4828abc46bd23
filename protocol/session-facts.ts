/**
 * What the program of a session enters into the log of its shared document, as inputs of type "command": facts of other logs. Nobody can send
 * one: they are no rows of COMMANDS, so neither HTTP nor a page nor another node has a way to.
 */
import * as v from "valibot";
import { thresholdRemoved, thresholdSet } from "./alert-commands.ts";
import { fields, whole } from "./command-fields.ts";
import { alertEntry } from "./room-document.ts";

/** Entries of one input: with texts of the greatest length they take half of MAX_INPUT_BYTES. */
export const IN_FORCE_ENTRIES = 16;

const inForceEntry = fields({
  id: thresholdRemoved.entries.id,
  /** Null: no partition has this threshold. */
  threshold: v.nullable(thresholdSet),
  /** What people did about its alert and is still so; null: nothing. */
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

export const SESSION_FACTS = {
  /** The document is made anew from its content, in the next epoch. */
  "document.renewed": { action: "renew the document", schema: renewed },
  /** Thresholds and alerts as the partitions have them: what the document shows of them becomes this. */
  "alerts.inForce": { action: "show what is in force", schema: inForce },
} as const;

export type SessionFactName = keyof typeof SESSION_FACTS;

/** A threshold and its alert, as they are in force. */
export type InForceEntry = v.InferOutput<typeof inForceEntry>;
export type Renewed = v.InferOutput<typeof renewed>;
export type InForce = v.InferOutput<typeof inForce>;

export function isSessionFact(name: string): name is SessionFactName {
  return Object.hasOwn(SESSION_FACTS, name);
}
