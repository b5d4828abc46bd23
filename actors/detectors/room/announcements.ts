/**
 * What changed in the document, as commands: one event for each entry, in the order of kind and key.
 *
 *   thresholds  threshold.set · threshold.drawn · threshold.removed
 *   annotations annotation.added · annotation.changed · annotation.removed
 *   panels      panel.added · panel.moved · panel.changed …    alerts  alert.acknowledged · alert.assigned · alert.snoozed
 *   workflows   workflow.started · workflow.step.done …        view    view.cursor · view.range
 *
 * C1  An event's detail has the id of the entry, its author, and the fields that changed: texts, numbers and flags as they are, all else as
 *     JSON, a field that is gone as null. A whole entry has all its fields.
 * C2  An entry that was put back is no command. `edit.repaired` says what was put back, and why. So it does of an intent that was refused.
 */

import { isName } from "../../../protocol/fields.ts";
import type { Edit } from "../../../protocol/messages.ts";
import { isDrawnLevel, ROOTS, type RootName } from "../../../protocol/room-document.ts";
import type { RunStep } from "../../../protocol/workflow.ts";
import type { Announcement } from "../../ports/detector.ts";
import type { EntryChange, Repair } from "./document.ts";

type Detail = NonNullable<Announcement["detail"]>;
/** The role of the program itself is none of people's. */
type Author = Pick<Edit, "author" | "name"> & { readonly role: string };

/** What to announce about an edit. */
export function announcementsOf(
  author: Author,
  changes: readonly EntryChange[],
  repairs: readonly Repair[],
): Announcement[] {
  const commands = changes.flatMap((change) =>
    commandsOf(change).map((command) => announced(author, command)),
  );
  commands.sort((a, b) => compare(`${a.kind}\n${a.detail!["id"]}`, `${b.kind}\n${b.detail!["id"]}`));
  return [...commands, ...repairs.map((repair) => repaired(author, repair))];
}

/** A change of one entry as a person would say it. */
interface EntryCommand {
  readonly kind: string;
  /** After the author's name: "set threshold". */
  readonly done: string;
  readonly id: string;
  readonly fields: Record<string, unknown>;
}

function commandsOf({ root, key: id, before, after }: EntryChange): EntryCommand[] {
  const isRemoved = after === undefined;
  const changed = changedFields(before, after);
  const whole = ROOTS[root].shape === "whole" ? fieldsOf(after) : changed;
  const noun = NOUNS[root];
  const said = (verb: string, fields: Record<string, unknown> = {}): EntryCommand[] => [
    { kind: `${noun}.${verb}`, done: `${verb} ${noun}`, id, fields },
  ];
  // The room alone removes runs, where a new one needs the place.
  if (isRemoved && root === "workflows")
    return [
      {
        kind: "workflow.removed",
        done: "put a new run in the place of the finished workflow",
        id,
        fields: {},
      },
    ];
  if (isRemoved && root !== "intents") return said("removed");
  switch (root) {
    case "thresholds": {
      if (!isDrawnLevel(after)) return said("set", whole);
      // Whoever compares with it must stop.
      const isObeyed = before !== undefined && !isDrawnLevel(before);
      const drawn = { kind: "threshold.drawn", done: "drew threshold", id, fields: whole };
      return [drawn, ...(isObeyed ? said("removed") : [])];
    }
    case "watchlists":
      return said("set", whole);
    case "panels":
      if (before === undefined) return said("added", changed);
      return said(Object.keys(changed).every((field) => PLACE.has(field)) ? "moved" : "changed", changed);
    case "annotations":
      return said(before === undefined ? "added" : "changed", changed);
    case "view":
      return [
        {
          kind: VIEW_KEYS.includes(id) ? `view.${id}` : "view.changed",
          done: `set the shared ${id}`,
          id,
          fields: fieldsOf(after),
        },
      ];
    case "alerts":
      return ALERT_VERBS.filter(([field]) => Object.hasOwn(changed, field)).flatMap(([, verb]) =>
        said(verb, whole),
      );
    case "workflows":
      return before === undefined
        ? said("started", { title: fieldsOf(after)["title"] })
        : stepsOf(id, before, after);
    // What the room itself writes.
    case "meta":
    case "definitions":
    case "answers":
    case "intents":
      return [];
    default:
      return unreachable(root);
  }
}

/** A command for each step of a workflow that is in another state. */
function stepsOf(run: string, before: unknown, after: unknown): EntryCommand[] {
  const [old, now] = [before, after].map((value) => fieldsOf(fieldsOf(value)["steps"]));
  return Object.keys(now!)
    .sort()
    .flatMap((step) => {
      const { state, note, title } = now![step] as RunStep;
      if ((old![step] as RunStep | undefined)?.state === state) return [];
      const fields = { step, ...(note === undefined ? {} : { note }) };
      return [{ kind: `workflow.step.${state}`, done: `set step ${title} to ${state} in`, id: run, fields }];
    });
}

function announced({ author, name, role }: Author, { kind, done, id, fields }: EntryCommand): Announcement {
  return {
    kind,
    severity: kind === "workflow.step.failed" ? "warning" : "info",
    title: `${name} ${done} ${id}`,
    detail: { ...flat(fields), id, author, name, role },
  };
}

function repaired({ author, name }: Author, { root, key, field, expected, found }: Repair): Announcement {
  const what = field === null ? key : `${key}.${field}`;
  const isRefused = found !== undefined;
  return {
    kind: "edit.repaired",
    severity: "info",
    title: isRefused
      ? `a request of ${name} was refused: ${found}; expected ${expected}`
      : `a change of ${name} in ${root} was put back: ${what} is not ${expected}`,
    detail: { root, id: key, field, expected, ...(isRefused ? { found } : {}), author },
  };
}

const NOUNS: Readonly<Record<RootName, string>> = {
  meta: "document",
  panels: "panel",
  thresholds: "threshold",
  watchlists: "watchlist",
  annotations: "annotation",
  alerts: "alert",
  workflows: "workflow",
  definitions: "definition",
  answers: "answer",
  view: "view",
  intents: "intent",
};

const VIEW_KEYS: readonly string[] = ROOTS.view.keys;

/** Fields of a panel that say where it is. */
const PLACE: ReadonlySet<string> = new Set(["layout", "order"]);

const ALERT_VERBS = [
  ["acknowledgedBy", "acknowledged"],
  ["assignedTo", "assigned"],
  ["snoozedUntilUs", "snoozed"],
] as const;

function changedFields(before: unknown, after: unknown): Record<string, unknown> {
  const old = fieldsOf(before);
  const now = fieldsOf(after);
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
  return Object.fromEntries(
    names
      .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]))
      .map((name) => [name, now[name] ?? null]),
  );
}

/** Without what no event can hold: an edit that was admitted before its schema refused that may stand in a log. */
function flat(fields: Record<string, unknown>): Detail {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([field]) => isName(field))
      .map(([field, value]) => [
        field,
        typeof value === "object" && value !== null ? JSON.stringify(value) : (value as Detail[string]),
      ]),
  );
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** By code units, which no language setting changes. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function unreachable(root: never): never {
  throw new Error(`unknown root ${String(root)}`);
}
