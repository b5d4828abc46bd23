/**
 * What one copy of a shared document has changed, step by step, to be taken back and made again.
 *
 *   changed ─► step ──undo──► taken back ──redo──► step          another change forgets what was taken back
 *
 * O1  An entry goes back only as far as nobody else has changed it since; of a root of fields, field by field.
 * O2  Going back is a change like any other: what it leaves is a whole entry, never one without the values it had before.
 */
import { ROOTS, type RootName, withoutStamps } from "../protocol/room-document.ts";

/** More than anybody takes back. */
const MOST_STEPS = 100;

/** An entry that was changed; undefined: not there. */
export interface OwnChange {
  readonly root: RootName;
  readonly id: string;
  readonly before: unknown;
  readonly after: unknown;
}

type Step = readonly OwnChange[];

/** The entries that are changed. */
export interface Entries {
  get(root: RootName, id: string): unknown;
  /** Makes the entry have this value, undefined removes it. Returns whether that was allowed. */
  put(root: RootName, id: string, value: unknown): boolean;
}

export class OwnChanges {
  readonly #entries: Entries;
  #done: Step[] = [];
  #undone: Step[] = [];

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  add(step: Step): void {
    this.#done = [...this.#done, step].slice(-MOST_STEPS);
    this.#undone = [];
  }

  /** Takes back the last step that can be. Returns whether there was one. */
  undo(): boolean {
    return this.#move(this.#done, this.#undone);
  }

  redo(): boolean {
    return this.#move(this.#undone, this.#done);
  }

  #move(from: Step[], to: Step[]): boolean {
    for (let step = from.pop(); step !== undefined; step = from.pop()) {
      const back = step.flatMap((change) => this.#goBack(change) ?? []);
      if (back.length === 0) continue;
      to.push(back);
      return true;
    }
    return false;
  }

  /** Makes the entry what it was before the change. What that changed, or null. */
  #goBack({ root, id, before, after }: OwnChange): OwnChange | null {
    const now = this.#entries.get(root, id);
    const isAsItWasLeft = isSame(withoutStamps(root, now), withoutStamps(root, after));
    const then = isAsItWasLeft ? before : mixed(root, { before, after, now });
    if (isSame(now, then) || !this.#entries.put(root, id, then)) return null;
    return { root, id, before: now, after: then };
  }
}

/** An entry that somebody else has changed too: with the fields of before that nobody else has changed since. */
function mixed(
  root: RootName,
  { before, after, now }: Omit<OwnChange, "root" | "id"> & { now: unknown },
): unknown {
  if (ROOTS[root].shape === "whole" || ![before, after, now].every(isFields)) return now;
  const [old, own, current] = [before, after, now] as Record<string, unknown>[];
  const fields = { ...current };
  for (const name of new Set([...Object.keys(old!), ...Object.keys(own!)])) {
    if (isSame(old![name], own![name]) || !isSame(current![name], own![name])) continue;
    if (old![name] === undefined) delete fields[name];
    else fields[name] = old![name];
  }
  return fields;
}

function isFields(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function isSame(a: unknown, b: unknown): boolean {
  return textOf(a) === textOf(b);
}

/** The same for the same value, whatever the order of its keys. */
function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, each: unknown) =>
      isFields(each) && !Array.isArray(each)
        ? Object.fromEntries(Object.entries(each as object).sort())
        : each,
    ) ?? ""
  );
}
