/** A file or folder that is made whole or not at all: under a passing name beside its own, until it is done. */
import { existsSync, rmSync } from "node:fs";
import { rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { EigenwatchError } from "../../protocol/errors.ts";

/** Exit codes as shells have them: 128 and the number of the signal. */
const SIGNALS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

/** `make` is given the temporary name. What it made is removed when it throws, and when a signal ends the process. */
export async function wholeOrNot<T>(to: string, make: (unfinished: string) => Promise<T>): Promise<T> {
  const folder = dirname(to);
  if (!existsSync(folder))
    throw new EigenwatchError({ action: `write ${to}`, value: `there is no folder ${folder}` });
  // Beside the target, so that renaming it is one step.
  const unfinished = join(folder, `.${basename(to)}.${process.pid}`);
  const remove = () => rmSync(unfinished, { recursive: true, force: true });
  const ends = SIGNALS.map(([signal, code]) => {
    const end = () => {
      remove();
      process.exit(code);
    };
    process.once(signal, end);
    return () => process.off(signal, end);
  });
  try {
    const made = await make(unfinished);
    await rename(unfinished, to);
    return made;
  } finally {
    for (const off of ends) off();
    remove();
  }
}
