/** How far each channel has come: the sequence of the last event it is done with, in a file beside the recording, or in the servers of a cluster. */
import { readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import * as v from "valibot";
import type { SnapshotStore } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { EigenwatchError } from "../../protocol/errors.ts";

export interface Marks {
  /** Undefined for a channel that has none yet. */
  of(channel: string): number | undefined;
  /** Resolves when it is durable. */
  set(channel: string, sequence: number): Promise<void>;
  /** Of a channel that is served no more. */
  forget(channel: string): Promise<void>;
}

/** Of a session that is in memory: its events are gone with it. */
export function memoryMarks(): Marks {
  const marks = new Map<string, number>();
  return {
    of: (channel) => marks.get(channel),
    set: async (channel, sequence) => void marks.set(channel, sequence),
    forget: async (channel) => void marks.delete(channel),
  };
}

const schema = v.record(v.string(), v.pipe(v.number(), v.safeInteger(), v.minValue(0)));

/** Throws when there is a file that is none of marks: without them people would be told everything again, or nothing. */
export function fileMarks(path: string): Marks {
  return keptMarks(marksIn(readText(path), path, "remove the file"), (text) => write(path, text));
}

export interface StoredMarksOptions {
  readonly store: SnapshotStore;
  /** Of the marks in the store. */
  readonly name: string;
  readonly clock: Clock;
  /** Ends the writing: a mark that was not stored by then is not waited for. */
  readonly signal: AbortSignal;
}

/** Between two attempts at servers that cannot be reached. */
const AGAIN_MS = 1_000;

/**
 * Those that all nodes of a cluster reach. Rejects when they cannot be read, or are none. A mark never goes back there: of two owners that follow each
 * other, the earlier may write later.
 */
export async function storedMarks({ store, name, clock, signal }: StoredMarksOptions): Promise<Marks> {
  const bytes = await store.load(name);
  const text = bytes === null ? null : new TextDecoder().decode(bytes);
  return keptMarks(marksIn(text, `${name} in the servers`, "another name of the session"), async (marks) => {
    for (;;) {
      const isStored = await forward(store, name, marks).then(
        () => true,
        () => false,
      );
      // What was sent while this node let go is marked too, if the servers take it now.
      if (isStored || signal.aborted) return;
      await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
    }
  });
}

async function forward(store: SnapshotStore, name: string, text: string): Promise<void> {
  const marks = marksOf(text) ?? {};
  const bytes = await store.load(name);
  const there = bytes === null ? {} : (marksOf(new TextDecoder().decode(bytes)) ?? {});
  for (const [channel, sequence] of Object.entries(there))
    marks[channel] = Math.max(marks[channel] ?? 0, sequence);
  await store.save(name, new TextEncoder().encode(JSON.stringify(marks)));
}

/** `write` gets all marks as text, the next time when it has resolved or rejected: all channels have one place. */
function keptMarks(marks: Map<string, number>, write: (text: string) => Promise<void>): Marks {
  let writing: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    writing = writing.catch(() => {}).then(() => write(JSON.stringify(Object.fromEntries(marks))));
    return writing;
  };
  return {
    of: (channel) => marks.get(channel),
    set(channel, sequence) {
      marks.set(channel, sequence);
      return save();
    },
    forget: (channel) => (marks.delete(channel) ? save() : Promise.resolve()),
  };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function marksIn(text: string | null, where: string, remedy: string): Map<string, number> {
  const value = text === null ? {} : marksOf(text);
  if (value !== null) return new Map(Object.entries(value));
  throw new EigenwatchError({
    action: `read how far notices were sent from ${where}`,
    value: "it holds something else",
    expected: `a number for each channel; ${remedy} to begin with new events`,
    kind: "input",
  });
}

/** Null for a text that is none of marks. */
function marksOf(text: string): Record<string, number> | null {
  try {
    const value: unknown = JSON.parse(text);
    return v.is(schema, value) ? value : null;
  } catch {
    return null;
  }
}

async function write(path: string, text: string): Promise<void> {
  const beside = `${path}.tmp`;
  const file = await open(beside, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
