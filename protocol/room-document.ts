/**
 * The shared document of a session: its roots, what an entry of each may be, and who may write it. Clients and server check with these rows.
 *
 *   root ─► entry (key: ID) ─► one value of its root's schema
 *             whole    a plain value: it is replaced as a whole, so nobody sees half of two people's changes
 *             fields   a map: each field is replaced by itself, and fields that this version does not know are kept
 *
 * Maps only. Samples, pointers and drags never enter the document.
 */
import * as v from "valibot";
import { alertAcknowledged, alertAssigned, alertId, alertSnoozed, thresholdSet } from "./alert-commands.ts";
import { isName, json } from "./fields.ts";
import { MAX_NAME_BYTES } from "./limits.ts";
import { includesRole, type Role } from "./principal.ts";
import { body, ENTRY_ID_CHARACTERS, finite, id, label, timeUs } from "./room-fields.ts";
import { SEVERITIES } from "./schemas.ts";
import { definition, run, STEP_STATES, workflowId, workflowSteps } from "./workflow.ts";

/** Step it with a change that an older program would not read. */
export const ROOM_SCHEMA_VERSION = 1;

/** Who wrote what the server writes itself. Nobody else can have the id: those of people have no space. */
export const ROOM_AUTHOR = "the room";

/** The partition of a session that holds the edits of its document. */
export const ROOM_PARTITION = "room";

/** Characters of one entry as JSON: a page of text, or a panel with its query. */
export const ENTRY_CHARACTERS = 8_192;

/** Of a run: that of its definition, and for each step who did it, when, and a note of usual length. */
const RUN_CHARACTERS = 32_768;

const cells = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000));

const range = v.looseObject({ fromUs: timeUs, untilUs: timeUs });

/** A level that is drawn on a panel, for people: no actor compares anything with it. */
const drawnLevel = v.looseObject({
  panelId: label,
  metric: label,
  op: v.picklist([">", ">=", "<", "<="]),
  value: finite,
  severity: v.optional(v.picklist(SEVERITIES)),
  unit: v.optional(label),
});

const threshold = v.lazy((value) => (isDrawnLevel(value) ? drawnLevel : thresholdSet));

/** What people did about an alert or an incident. */
export const alertEntry = v.looseObject({
  acknowledgedBy: v.optional(label),
  acknowledgedAtUs: v.optional(timeUs),
  note: v.optional(body),
  assignedTo: v.optional(label),
  assignedBy: v.optional(label),
  snoozedUntilUs: v.optional(timeUs),
  snoozedBy: v.optional(label),
});

export type AlertEntry = v.InferOutput<typeof alertEntry>;

/** Requests whose effect only the room can decide: the first that is accepted counts. */
const intent = v.variant("type", [
  v.object({ type: v.literal("alert.acknowledge"), alert: alertId, note: alertAcknowledged.entries.note }),
  v.object({ type: v.literal("alert.assign"), alert: alertId, to: alertAssigned.entries.to }),
  v.object({ type: v.literal("alert.snooze"), alert: alertId, seconds: alertSnoozed.entries.seconds }),
  v.object({
    type: v.literal("workflow.start"),
    run: id,
    /** Name of the definition. */
    workflow: v.optional(workflowId),
    title: label,
    steps: workflowSteps,
  }),
  v.object({
    type: v.literal("workflow.step"),
    run: id,
    step: workflowId,
    /** "waiting": it is given back, or tried again. */
    state: v.picklist(STEP_STATES),
    note: v.optional(body),
  }),
]);

/** Why the room did not carry out an intent: under its key, for whoever wrote it. */
const answer = v.looseObject({ to: label, expected: body, found: v.optional(body), input: v.number() });

/** A refusal of the room. */
export type IntentRefusal = v.InferOutput<typeof answer>;

/** As a client writes it. */
export type Intent = v.InferInput<typeof intent>;

export interface Root {
  readonly shape: "whole" | "fields";
  /** The least role that may write an entry; "room": the server alone. */
  readonly who: Role | "room";
  /** Entries at most: what a page can show, and what one recovery loads at once. */
  readonly most: number;
  readonly schema: v.GenericSchema;
  /** Characters of an entry as JSON; absent: ENTRY_CHARACTERS. */
  readonly characters?: number;
  /** The schema takes the key as the field `id`. */
  readonly hasId?: true;
  /** Its only keys; absent: any. */
  readonly keys?: readonly string[];
}

// biome-ignore format: one row a line
export const ROOTS = {
  /** `schemaVersion` and `epoch`. */
  meta: { shape: "whole", who: "room", most: 8, schema: v.union([finite, label]) },
  /** What a page shows, and where. */
  panels: { shape: "fields", who: "editor", most: 64, schema: v.looseObject({ type: label, title: v.optional(label), order: v.optional(label), layout: v.optional(v.looseObject({ x: cells, y: cells, w: cells, h: cells })) }) },
  /** Levels that raise an alert, as in the command `threshold.set`, and levels that are drawn only. */
  thresholds: { shape: "whole", who: "editor", most: 1_024, hasId: true, schema: threshold },
  /** Channels that people follow, as group/channel. */
  watchlists: { shape: "whole", who: "editor", most: 64, schema: v.looseObject({ title: label, channels: v.pipe(v.array(label), v.maxLength(32)) }) },
  /** Notes on a time or a range. `by`: the author; `name`, `atUs`: STAMPS; `replyTo`: the note it answers. */
  annotations: { shape: "fields", who: "editor", most: 1_000, schema: v.looseObject({ by: label, body, fromUs: timeUs, untilUs: v.optional(timeUs), channel: v.optional(label), replyTo: v.optional(id), resolved: v.optional(v.boolean()), name: v.optional(label), atUs: v.optional(timeUs) }) },
  /** What people did about alerts, by the id of the threshold, and about incidents, by PARTITION/NUMBER. Written from intents, and from what the partitions have. */
  alerts: { shape: "whole", who: "room", most: 1_024, schema: alertEntry },
  /** Runs of steps. Written from intents. */
  workflows: { shape: "whole", who: "room", most: 64, characters: RUN_CHARACTERS, schema: run },
  /** Workflows that may be started, by name. */
  definitions: { shape: "whole", who: "room", most: 32, schema: definition },
  /** `range` and `cursor`: what everybody looks at. */
  view: { shape: "whole", who: "editor", most: 8, keys: ["cursor", "range"], schema: v.union([range, v.looseObject({ timeUs }), v.null()]) },
  /** Requests to the room, which removes them. */
  intents: { shape: "whole", who: "editor", most: 64, schema: intent },
  /** Why requests were refused, the newest. */
  answers: { shape: "whole", who: "room", most: 64, schema: answer },
} as const satisfies Record<string, Root>;

export type RootName = keyof typeof ROOTS;

/** What the server writes into an annotation: the name of its author, as verified, and when it was added. What a client writes there does not count. */
export const STAMPS = ["name", "atUs"] as const;

/** An entry without what the server adds to it. */
export function withoutStamps(root: RootName, value: unknown): unknown {
  if (root !== "annotations" || !isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([field]) => !(STAMPS as readonly string[]).includes(field)),
  );
}

export const ROOT_NAMES = Object.keys(ROOTS) as RootName[];

export function isRootName(name: string): name is RootName {
  return Object.hasOwn(ROOTS, name);
}

/** Whether an entry of `thresholds` is only drawn: it names a panel, and nothing to watch. */
export function isDrawnLevel(value: unknown): boolean {
  return isFields(value) && Object.hasOwn(value, "panelId") && !Object.hasOwn(value, "of");
}

/** What an entry has that it may not have. `field`: null for the entry as a whole. */
export interface EntryIssue {
  readonly field: string | null;
  readonly expected: string;
}

/** What is wrong with an entry, or null. */
export function checkEntry(root: RootName, key: string, value: unknown): EntryIssue | null {
  const whole = (expected: string): EntryIssue => ({ field: null, expected });
  if (!v.is(id, key)) return whole(`a key of 1 to ${ENTRY_ID_CHARACTERS} visible ASCII characters`);
  const { schema, hasId, keys, characters = ENTRY_CHARACTERS }: Root = ROOTS[root];
  if (keys?.includes(key) === false) return whole(`one of the keys ${keys.join(", ")}`);
  if (!v.is(json, value)) return whole("plain JSON");
  // Fields become those of an event, whose names are as short.
  if (isFields(value) && !Object.keys(value).every(isName))
    return whole(`names of fields of 1 to ${MAX_NAME_BYTES} bytes`);
  const named = hasId === true && isFields(value) ? { ...value, id: key } : value;
  const result = v.safeParse(schema, named, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const field = issue.path?.[0]?.key;
    // A check of ours says what it expects.
    const expected = issue.type === "check" ? issue.message : (issue.expected ?? issue.message);
    return { field: typeof field === "string" ? field : null, expected };
  }
  if (JSON.stringify(value).length > characters) return whole(`at most ${characters} characters of JSON`);
  return null;
}

/** Who changes an entry: the id and role that the server verified. */
export interface EntryAuthor {
  readonly id: string;
  readonly role: Role;
}

/** An entry before and after a change (undefined: not there), and how many its root has before it. */
export interface ChangeOfEntry {
  readonly before: unknown;
  readonly after: unknown;
  readonly count: number;
}

/** Why somebody may not make a change of an entry: what was expected; null when they may. */
export function refusalOf(
  root: RootName,
  { before, after, count }: ChangeOfEntry,
  { id, role }: EntryAuthor,
): string | null {
  const { who, most } = ROOTS[root];
  if (!mayWrite(root, role)) return `a change by ${who}`;
  const isNew = before === undefined;
  if (isNew && count >= most) return `at most ${most} entries in ${root}`;
  if (root !== "annotations") return null;
  const by = authorOf(before);
  if (!isNew && by !== id && role !== "owner") return "an annotation of one's own, or the role owner";
  if (after !== undefined && authorOf(after) !== (isNew ? id : by)) return "by = its author";
  return null;
}

function authorOf(annotation: unknown): unknown {
  return isFields(annotation) ? (annotation as { by?: unknown }).by : undefined;
}

function isFields(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether somebody may write entries of a root. */
export function mayWrite(root: RootName, role: Role): boolean {
  const { who } = ROOTS[root];
  return who !== "room" && includesRole(role, who);
}
