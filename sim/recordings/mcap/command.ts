/** A recording as an MCAP file, and back (`record import`). Whole or not at all. */
import { existsSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { byteSize } from "../../../actors/command-line/byte-size.ts";
import { manual } from "../../../actors/command-line/manual.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { startProgress } from "../../../actors/command-line/progress.ts";
import { print, printJson } from "../../../actors/command-line/terminal.ts";
import { type FileJournal, JournalHalted } from "../../../actors/journal/mod.ts";
import { openRecording, openRecordingForWriting, recordedPartitions, VERSION } from "../../../actors/mod.ts";
import { EigenwatchError, errorText } from "../../../protocol/errors.ts";
import { escapeName } from "../../../protocol/subjects.ts";
import { wholeOrNot } from "../unfinished-files.ts";
import { exportMcap, type McapContent } from "./export.ts";
import { type McapFile, McapRecording } from "./import.ts";

export const importCommand = new Command("import")
  .summary("read a recording back from an MCAP file")
  .description("Reads a recording back from an MCAP file that `record export` wrote, byte for byte.")
  .argument("<file>", "the MCAP file")
  .requiredOption("--to <dir>", "the folder to create")
  .option("--json", "print the report as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "the recording is complete", 1: "the recording could not be written" },
      examples: [["eigenwatch record import today.mcap --to recordings/copy", "make the recording again"]],
    }),
  )
  .action(
    exitWith(async (file, options) => {
      const started = performance.now();
      printReport("imported", await importRecording(file, options), options, started);
      return 0;
    }),
  );

/** Options of both commands. */
interface TransferOptions {
  to: string;
  json?: true | undefined;
}

/** What was copied, and the size of the MCAP file. */
export interface Transfer {
  content: McapContent;
  bytes: number;
}

export async function exportRecording(
  path: string,
  options: TransferOptions & { overwrite?: true | undefined },
): Promise<Transfer> {
  const to = freeFile(options);
  const journals = await openParts(path);
  const blocks = journals.reduce((sum, { first, last }) => sum + last!.number - first!.number + 1, 0);
  const bar = startProgress("export", blocks, "blocks", options.json === true);
  try {
    return await wholeOrNot(to, async (unfinished) => {
      const file = await opened(unfinished, "wx", `write ${options.to}`);
      const target = fileTarget(file, options.to);
      const content = await exportMcap(journals, target, `eigenwatch ${VERSION}`, (done) =>
        bar.update(done),
      ).finally(() => file.close());
      return { content, bytes: Number(target.position()) };
    });
  } finally {
    bar.stop();
    await closeAll(journals);
  }
}

/** The file that is to be written. Throws where there is one already that may not be replaced. */
export function freeFile({ to, overwrite }: { to: string; overwrite?: true | undefined }): string {
  const path = resolve(to);
  if (!existsSync(path) || (overwrite && !statSync(path).isDirectory())) return path;
  const expected = statSync(path).isDirectory() ? "the name of a file" : "another name, or --overwrite";
  throw new EigenwatchError({ action: `export to ${to}`, value: "it exists", expected });
}

/** The partitions that hold a block, at least one. */
export async function openParts(path: string): Promise<FileJournal[]> {
  const journals: FileJournal[] = [];
  try {
    for (const { directory } of await recordedPartitions(path)) {
      const journal = await openRecording(directory);
      if (journal.last === null) await journal.close();
      else journals.push(journal);
    }
    if (journals.length > 0) return journals;
    throw new EigenwatchError({ action: `export ${path}`, value: "it holds no block", kind: "input" });
  } catch (error) {
    await closeAll(journals);
    throw error;
  }
}

export async function closeAll(journals: readonly FileJournal[]): Promise<void> {
  for (const journal of journals) await journal.close();
}

export async function importRecording(path: string, options: TransferOptions): Promise<Transfer> {
  const to = resolve(options.to);
  if (existsSync(to))
    throw new EigenwatchError({
      action: `import to ${options.to}`,
      value: "it exists",
      expected: "the name of a new folder",
    });
  if (existsSync(path) && statSync(path).isDirectory())
    throw new EigenwatchError({
      action: `import ${path}`,
      value: "it is a folder",
      expected: "an MCAP file",
    });
  if (!existsSync(path))
    throw new EigenwatchError({ action: `import ${path}`, value: "there is no such file", kind: "notFound" });
  const handle = await opened(path, "r", `import ${path}`);
  const file = readableFile(path, handle);
  const bytes = Number(await file.size());
  const bar = startProgress("import", bytes, "bytes", options.json === true);
  try {
    const recording = await McapRecording.open(file);
    const content = await wholeOrNot(to, (unfinished) =>
      imported(recording, unfinished, path, (read) => bar.update(read)),
    );
    return { content, bytes };
  } finally {
    bar.stop();
    await handle.close();
  }
}

async function imported(
  recording: McapRecording,
  directory: string,
  path: string,
  progress: (bytes: number) => void,
): Promise<McapContent> {
  const journals: FileJournal[] = [];
  try {
    for (const [k, { partition, createdFrom }] of recording.origins.entries()) {
      const folder = k === 0 ? directory : join(directory, escapeName(partition));
      journals.push(await openRecordingForWriting(folder, { partition, createdFrom }));
    }
    return await recording.into(journals, progress);
  } catch (error) {
    const action = `import ${path}`;
    const value = errorText(error);
    // A full disk is no fault of the file.
    if (error instanceof JournalHalted) throw new EigenwatchError({ action, value, kind: "unavailable" });
    throw new EigenwatchError({
      action,
      value,
      expected: "the file as `record export` wrote it",
      kind: "input",
    });
  } finally {
    await closeAll(journals);
  }
}

export function opened(path: string, flags: "r" | "wx", action: string): Promise<FileHandle> {
  return open(path, flags).catch((error: Error) => {
    throw new EigenwatchError({ action, value: error.message });
  });
}

export function fileTarget(file: FileHandle, name: string) {
  let position = 0;
  return {
    async write(bytes: Uint8Array) {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, at, bytes.length - at).catch((error: Error) => {
          throw new EigenwatchError({ action: `write ${name}`, value: error.message, kind: "failed" });
        });
        at += bytesWritten;
      }
      position += bytes.length;
    },
    position: () => BigInt(position),
  };
}

function readableFile(path: string, file: FileHandle): McapFile {
  return {
    path,
    size: async () => BigInt((await file.stat()).size),
    async read(offset, length) {
      const bytes = new Uint8Array(Number(length));
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, Number(offset) + at);
        if (bytesRead === 0) throw new Error(`the file ends at byte ${Number(offset) + at}`);
        at += bytesRead;
      }
      return bytes;
    },
  };
}

export function printReport(
  done: "exported" | "imported",
  { content, bytes }: Transfer,
  options: TransferOptions,
  startedMs: number,
): void {
  const seconds = (performance.now() - startedMs) / 1000;
  const to = resolve(options.to);
  if (options.json) {
    printJson({ [done]: to, ...content, bytes, seconds });
    return;
  }
  const { blocks, inputs, events, snapshots } = content;
  print(
    `${done} ${blocks} blocks, ${inputs} inputs, ${events} events, ${snapshots} snapshots to ${to}`,
    `${byteSize(bytes)} in ${seconds.toFixed(2)} s`,
  );
}
