/** The file of a plot. Whether it can be written is asked before the runs, which may take an hour. */
import { accessSync, constants, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { CommandError } from "../../../actors/mod.ts";

/** Throws CommandError when the file could not be written now. Writes nothing. */
export function checkPlot(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw new Error("it is a folder");
    if (there !== undefined) accessSync(path, constants.W_OK);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

export async function writePlot(path: string, svg: string): Promise<void> {
  await writeFile(path, svg).catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
}

function cannotWrite(path: string, error: unknown): CommandError {
  return new CommandError(
    `Cannot write the plot to ${path}: ${error instanceof Error ? error.message : String(error)}`,
  );
}
