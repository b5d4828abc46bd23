/**
 * A process that opens recordings for writing as it is told, one command a line: `open DIRECTORY`, `append`, `close`. Answers each with one
 * line: `opened`, `appended NUMBER`, `closed`, or `refused MESSAGE`.
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { type FileJournal, openJournal } from "../../actors/journal/file.ts";
import { block } from "./builders.ts";

let journal: FileJournal | null = null;
for await (const line of createInterface({ input: process.stdin })) {
  const [command, directory] = line.split(" ");
  try {
    writeSync(1, `${await obey(command!, directory)}\n`);
  } catch (error) {
    writeSync(1, `refused ${(error as Error).message}\n`);
  }
}
process.exit(0);

async function obey(command: string, directory: string | undefined): Promise<string> {
  if (command === "open") {
    journal = await openJournal(directory!);
    return "opened";
  }
  if (command === "close") {
    await journal!.close();
    return "closed";
  }
  const number = (journal!.last?.number ?? 0) + 1;
  await journal!.append(block(number));
  return `appended ${number}`;
}
