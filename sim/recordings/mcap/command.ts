/** `eigenwatch record export` and `record import`: a recording as an MCAP file, and back. Whole or not at all. */
import { existsSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import { JournalHalted } from "../../../actors/journal/mod.ts";
import {
  askedAsync,
  CommandError,
  openRecording,
  openRecordingForWriting,
  VERSION,
} from "../../../actors/mod.ts";
import { startProgress } from "../../terminal/progress.ts";
import { wholeOrNot } from "../unfinished.ts";
import { exportMcap, type McapContent } from "./export.ts";
import { type McapFile, McapRecording } from "./import.ts";

export interface ExportFlags {
  to: string;
  overwrite?: true;
  json?: true;
}

export interface ImportFlags {
  to: string;
  json?: true;
}

export async function exportCommand(path: string, flags: ExportFlags): Promise<number> {
  const started = performance.now();
  const { content, bytes } = await exportRecording(path, flags);
  tell("exported", content, bytes, flags, started);
  return 0;
}

export async function importCommand(path: string, flags: ImportFlags): Promise<number> {
  const started = performance.now();
  const { content, bytes } = await importRecording(path, flags);
  tell("imported", content, bytes, flags, started);
  return 0;
}

/** What went through, and the size of the MCAP file. */
interface Transfer {
  content: McapContent;
  bytes: number;
}

export async function exportRecording(path: string, flags: ExportFlags): Promise<Transfer> {
  const to = resolve(flags.to);
  if (existsSync(to) && (statSync(to).isDirectory() || !flags.overwrite)) {
    const expected = statSync(to).isDirectory() ? "the name of a file" : "another name, or --overwrite";
    throw new CommandError(`Cannot export to ${flags.to}: it is there already; expected ${expected}`);
  }
  const journal = await askedAsync(() => openRecording(path));
  const first = journal.first?.number ?? 1;
  const bar = startProgress("export", (journal.last?.number ?? 0) - first + 1, "blocks", flags.json === true);
  try {
    if (journal.last === null) throw new CommandError(`Cannot export ${path}: it holds no block`);
    return await wholeOrNot(to, async (unfinished) => {
      const file = await askedAsync(() => open(unfinished, "wx"));
      const target = fileTarget(file, flags.to);
      const content = await askedAsync(() =>
        exportMcap(journal, target, `eigenwatch ${VERSION}`, (blocks) => bar.update(blocks)),
      ).finally(() => file.close());
      return { content, bytes: Number(target.position()) };
    });
  } finally {
    bar.stop();
    await journal.close();
  }
}

export async function importRecording(path: string, flags: ImportFlags): Promise<Transfer> {
  const to = resolve(flags.to);
  if (existsSync(to))
    throw new CommandError(
      `Cannot import to ${flags.to}: it is there already; expected the name of a new folder`,
    );
  if (existsSync(path) && statSync(path).isDirectory())
    throw new CommandError(`Cannot import ${path}: it is a folder; expected an MCAP file`);
  if (!existsSync(path)) throw new CommandError(`Cannot import ${path}: there is no such file`);
  const handle = await askedAsync(() => open(path, "r"));
  const file = readableFile(path, handle);
  const bytes = Number(await file.size());
  const bar = startProgress("import", bytes, "bytes", flags.json === true);
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
  const { partition, createdFrom } = recording.origin;
  const journal = await askedAsync(() => openRecordingForWriting(directory, { partition, createdFrom }));
  try {
    return await recording.into(journal, progress);
  } catch (error) {
    // That the disk is full says nothing of the file.
    if (error instanceof JournalHalted) throw new CommandError(`Cannot import ${path}: ${error.message}`, 1);
    throw new CommandError(
      `Cannot import ${path}: ${error instanceof Error ? error.message : String(error)}; expected the file as \`record export\` wrote it`,
    );
  } finally {
    await journal.close();
  }
}

function fileTarget(file: FileHandle, name: string) {
  let position = 0;
  return {
    async write(bytes: Uint8Array) {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, at, bytes.length - at).catch((error: Error) => {
          throw new CommandError(`Cannot write ${name}: ${error.message}`, 1);
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

function tell(
  done: "exported" | "imported",
  content: McapContent,
  bytes: number,
  flags: ExportFlags | ImportFlags,
  startedMs: number,
): void {
  const seconds = (performance.now() - startedMs) / 1000;
  const to = resolve(flags.to);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ [done]: to, ...content, bytes, seconds })}\n`);
    return;
  }
  const { blocks, inputs, events, snapshots } = content;
  process.stdout.write(
    `${done} ${blocks} blocks, ${inputs} inputs, ${events} events, ${snapshots} snapshots to ${to}\n` +
      `${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(2)} s\n`,
  );
}
