/** How far each channel has come: the sequence of the last event it is done with, in a file beside the recording. */
import { readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import * as v from "valibot";
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
  const marks = new Map(Object.entries(readMarks(path)));
  let writing: Promise<void> = Promise.resolve();
  // One at a time: two channels have one file.
  const save = (): Promise<void> => {
    writing = writing.catch(() => {}).then(() => write(path, JSON.stringify(Object.fromEntries(marks))));
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

function readMarks(path: string): Record<string, number> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  const value = parsed(text);
  if (v.is(schema, value)) return value;
  throw new EigenwatchError({
    action: `read how far notices were sent from ${path}`,
    value: "it holds something else",
    expected: "a number for each channel; remove the file to begin with new events",
    kind: "input",
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
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
