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
import {
  alertAcknowledged,
  alertAssigned,
  alertSnoozed,
  thresholdRemoved,
  thresholdSet,
} from "./alert-commands.ts";
import { isName, json } from "./fields.ts";
import { MAX_NAME_BYTES } from "./limits.ts";
import { includesRole, type Role } from "./principal.ts";
import { SEVERITIES } from "./schemas.ts";
import { isVisible, isVisibleLines } from "./visible-text.ts";

/** Step it with a change that an older program would not read. */
export const ROOM_SCHEMA_VERSION = 1;

/** Who wrote what the server writes itself. Nobody else can have the id: those of people have no space. */
export const ROOM_AUTHOR = "the room";

/** The partition of a session that holds the edits of its document. */
export const ROOM_PARTITION = "room";

/** Characters of a key. */
export const ENTRY_ID_CHARACTERS = 128;

/** Characters of one entry as JSON: a page of text, or a panel with its query. */
export const ENTRY_CHARACTERS = 8_192;

/** Characters of a text: it fits in an event, so actors and the audit trail have all of it. */
const TEXT_CHARACTERS = 1_000;

const id = v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/), v.maxLength(ENTRY_ID_CHARACTERS));
const label = v.pipe(v.string(), v.maxLength(200), v.check(isVisible, "visible text on one line"));
const body = v.pipe(v.string(), v.maxLength(TEXT_CHARACTERS), v.check(isVisibleLines, "visible text"));
const finite = v.pipe(v.number(), v.finite());
const timeUs = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const cells = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000));

const range = v.looseObject({ fromUs: timeUs, untilUs: timeUs });

const step = v.looseObject({
  title: label,
  state: v.picklist(["waiting", "running", "done", "failed", "skipped"]),
  by: v.optional(label),
  atUs: v.optional(timeUs),
  note: v.optional(body),
});

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

const alert = thresholdRemoved.entries.id;

/** What people did about an alert. */
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
  v.object({ type: v.literal("alert.acknowledge"), alert, note: alertAcknowledged.entries.note }),
  v.object({ type: v.literal("alert.assign"), alert, to: alertAssigned.entries.to }),
  v.object({ type: v.literal("alert.snooze"), alert, seconds: alertSnoozed.entries.seconds }),
  v.object({
    type: v.literal("workflow.start"),
    run: id,
    title: label,
    steps: v.pipe(
      v.record(id, label),
      v.check((steps) => Object.keys(steps).length <= 64),
    ),
  }),
  v.object({
    type: v.literal("workflow.step"),
    run: id,
    step: id,
    state: v.picklist(["running", "done", "failed", "skipped"]),
    note: v.optional(body),
  }),
]);

/** As a client writes it. */
export type Intent = v.InferInput<typeof intent>;
export type WorkflowStep = v.InferOutput<typeof step>;

export interface Root {
  readonly shape: "whole" | "fields";
  /** The least role that may write an entry; "room": the server alone. */
  readonly who: Role | "room";
  /** Entries at most: what a page can show, and what one recovery loads at once. */
  readonly most: number;
  readonly schema: v.GenericSchema;
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
  /** Notes on a time or a range. `by`: the author; `replyTo`: the note it answers. */
  annotations: { shape: "fields", who: "editor", most: 1_000, schema: v.looseObject({ by: label, body, fromUs: timeUs, untilUs: v.optional(timeUs), channel: v.optional(label), replyTo: v.optional(id) }) },
  /** What people did about alerts. Written from intents, and from what the partitions have; each has its threshold, so they are no more. */
  alerts: { shape: "whole", who: "room", most: 1_024, schema: alertEntry },
  /** Runs of steps. Written from intents. */
  workflows: { shape: "whole", who: "room", most: 64, schema: v.looseObject({ title: label, startedBy: label, startedAtUs: timeUs, steps: v.record(id, step) }) },
  /** `range` and `cursor`: what everybody looks at. */
  view: { shape: "whole", who: "editor", most: 8, keys: ["cursor", "range"], schema: v.union([range, v.looseObject({ timeUs }), v.null()]) },
  /** Requests to the room, which removes them. */
  intents: { shape: "whole", who: "editor", most: 64, schema: intent },
} as const satisfies Record<string, Root>;

export type RootName = keyof typeof ROOTS;

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
  const { schema, hasId, keys }: Root = ROOTS[root];
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
  if (JSON.stringify(value).length > ENTRY_CHARACTERS)
    return whole(`at most ${ENTRY_CHARACTERS} characters of JSON`);
  return null;
}

function isFields(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether somebody may write entries of a root. */
export function mayWrite(root: RootName, role: Role): boolean {
  const { who } = ROOTS[root];
  return who !== "room" && includesRole(role, who);
}
