/** `eigenwatch inspect PATH`: what is in a recording, read and checked from the first byte to the last. */
import process from "node:process";
import { Command } from "@commander-js/extra-typings";
import { byteSize } from "../../actors/command-line/byte-size.ts";
import { manual } from "../../actors/command-line/manual.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { print, printJson, report } from "../../actors/command-line/terminal.ts";
import { LineWriter } from "../../actors/filters/lines.ts";
import type { FileJournal } from "../../actors/journal/mod.ts";
import {
  describeRecording,
  openRecording,
  type PartitionFolder,
  partitionFolders,
  undamaged,
} from "../../actors/mod.ts";
import { decodeBlock, decodeDerived } from "../../protocol/block.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { type EventMessage, MESSAGES } from "../../protocol/messages.ts";
import { timeText } from "../../protocol/text-values.ts";
import { visibleJson, visibleText } from "../../protocol/visible-text.ts";
import { parentLine, parentOf } from "./parent.ts";
import { mergedByTime, prefixOf } from "./partitions.ts";

/** Lists go on after damage: `describeRecording` has found it, and it is printed after them. */
const REPORTED = (): void => {};

const command = new Command("inspect")
  .description("Shows what a recording holds. Names damaged parts with their file and offset.")
  .argument("<path>", "a recording: the folder given to --record")
  .option("--blocks", "list the blocks")
  .option("--events", "list the recorded events")
  .option("--incidents", "list the incidents, and what was held back and why")
  .option("--channels", "list the channels")
  .option("--scans", "list the scans: when, who, what, and how they ended")
  .option("--edits", "list what people changed in the shared document: when, who, what")
  .option("--json", "print JSON")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "the recording is undamaged", 1: "part of it is damaged" },
      examples: [
        ["eigenwatch inspect recordings/today", "show time range, size and last hash"],
        ["eigenwatch inspect recordings/today --events --json", "list the events with their ids"],
        ["eigenwatch inspect recordings/today --incidents", "see the alarms, and those held back"],
        ["eigenwatch inspect recordings/today --edits", "see who changed what, and when"],
      ],
    }),
  );

export const inspectCommand = command.action(exitWith(runInspect));

type InspectOptions = ReturnType<typeof command.opts>;

type Description = Awaited<ReturnType<typeof describeRecording>>;

/** 1 when something in the recording is damaged. */
export async function runInspect(path: string, options: InspectOptions): Promise<number> {
  const folders = await partitionFolders(path);
  const found: Description[] = [];
  for (const { directory } of folders) found.push(await described(directory));
  const [first, ...others] = found;
  if (first === undefined) {
    throw new EigenwatchError({
      action: `inspect ${path}`,
      value: "it holds no segment file",
      expected: "the folder given to --record",
    });
  }
  const { blocks, events, incidents, channels, edits, scans } = options;
  if (blocks || events || incidents || channels || edits || scans) await list(folders, options);
  else if (options.json) printJson(others.length === 0 ? first : { ...first, others });
  else for (const recording of found) printSummary(recording);
  for (const [k, recording] of found.entries()) reportDamage(recording, prefixOf(folders[k]!, path));
  return found.some(({ damage }) => damage.length > 0) ? 1 : 0;
}

async function described(directory: string): Promise<Description> {
  const recording = await describeRecording(directory);
  // Logical time is 0 until the first data of a recorded feed: the recording begins at that data.
  if (recording.fromUs === 0) recording.fromUs = await firstDataUs(directory);
  return recording;
}

function reportDamage({ damage, tornTail }: Description, folder: string): void {
  for (const { file, offset, length, reason } of damage) {
    report(`damaged: ${folder}${file} at byte ${offset}, ${length} bytes: ${reason}`);
  }
  if (tornTail) {
    const { file, offset, droppedBytes } = tornTail;
    report(`unfinished write at the end of ${folder}${file}, byte ${offset}: ${droppedBytes} bytes`);
  }
}

function printSummary(recording: Description): void {
  const line = (name: string, value: unknown) => print(`${name.padEnd(11)} ${value}`);
  line("recording", recording.directory);
  line("partition", recording.partition ?? "none");
  const parent = parentOf(recording.createdFrom);
  if (parent) line("branch of", parentLine(parent));
  line("from", timeOrNone(recording.fromUs));
  line("to", timeOrNone(recording.toUs));
  line("inputs", range(recording.firstSequence, recording.lastSequence));
  line("blocks", range(recording.firstBlock, recording.lastBlock));
  line("notes", recording.notes);
  line("snapshots", recording.snapshots.length);
  line("size", `${byteSize(recording.bytes)} in ${recording.segments.length} segments`);
  line("last hash", recording.lastHash ?? "none");
  line("writer", recording.writer ? `process ${recording.writer.pid} on ${recording.writer.host}` : "none");
  line("damage", recording.damage.length === 0 ? "none" : `${recording.damage.length} stretches, see below`);
}

async function firstDataUs(path: string): Promise<number | null> {
  const journal = await openRecording(path);
  try {
    for await (const entry of undamaged(journal.read(), REPORTED)) {
      if (entry.kind === "block" && entry.block.timeUs > 0) return entry.block.timeUs;
    }
    return null;
  } finally {
    await journal.close();
  }
}

/** A line of a list: for programs, and its cells for people. */
interface Row {
  readonly timeUs: number;
  readonly json: object;
  readonly cells: readonly unknown[];
}

async function list(folders: readonly PartitionFolder[], options: InspectOptions): Promise<void> {
  const several = folders.length > 1;
  const writer = new LineWriter(process.stdout);
  const journals = await Promise.all(folders.map(({ directory }) => openRecording(directory)));
  try {
    for await (const row of mergedByTime(journals.map((journal) => rowsOf(journal, options, several)))) {
      writer.write(
        options.json ? visibleJson(row.json) : row.cells.map((cell) => visibleText(String(cell))).join("\t"),
      );
      await writer.flush();
      if (writer.closed) break;
    }
    await writer.flush();
  } finally {
    for (const journal of journals) await journal.close();
  }
}

/** Of several partitions each row says of which it is. */
async function* rowsOf(journal: FileJournal, options: InspectOptions, several: boolean): AsyncGenerator<Row> {
  const { partition } = journal;
  const row = (timeUs: number, json: object, cells: readonly unknown[]): Row =>
    several
      ? { timeUs, json: { partition, ...json }, cells: [partition, ...cells] }
      : { timeUs, json, cells };
  const seen = new Set<string>();
  let timeUs = 0;
  for await (const entry of undamaged(journal.read(), REPORTED)) {
    if (entry.kind === "block") {
      const block = decodeBlock(entry.block.bytes);
      ({ timeUs } = block);
      if (options.blocks) {
        const { number, firstSequence, lastSequence } = block;
        const bytes = entry.block.bytes.length;
        yield row(timeUs, { number, firstSequence, lastSequence, timeUs, bytes }, [
          number,
          `${firstSequence}-${lastSequence}`,
          timeOrNone(timeUs),
          `${bytes} B`,
        ]);
      }
      if (options.channels) yield* newChannels(block, seen).map((each) => row(timeUs, each.json, each.cells));
    } else if (
      entry.kind === "derived" &&
      (options.events || options.incidents || options.edits || options.scans)
    ) {
      for (const event of decodeDerived(entry.bytes).events) {
        if (!isListed(event, options)) continue;
        const { sequence, severity, kind, title, detail } = event;
        const whoOrHow = options.edits ? detail["author"] : severity;
        yield row(event.timeUs, event, [sequence, timeOrNone(event.timeUs), whoOrHow, kind, title]);
      }
    }
  }
}

function isListed(
  { kind, actor }: EventMessage,
  { events, incidents, edits, scans }: InspectOptions,
): boolean {
  // What the room announces is what people changed in the document.
  return (
    events === true ||
    (incidents === true && kind.startsWith("incident.")) ||
    (edits === true && actor === "room") ||
    (scans === true && actor === "scans")
  );
}

/** Channels that a block declares and that are not in `seen`, which learns them. */
function newChannels(block: ReturnType<typeof decodeBlock>, seen: Set<string>): Omit<Row, "timeUs">[] {
  const rows: Omit<Row, "timeUs">[] = [];
  block.forEach((_sequence, _timeUs, bytes) => {
    if (bytes[2] !== MESSAGES.channels.code) return;
    const message = decodeMessage(bytes);
    if (message.type !== "channels") return;
    const { group, sampling, innovation } = message;
    for (const { name, title, unit } of message.channels) {
      if (seen.has(`${group}\t${name}`)) continue;
      seen.add(`${group}\t${name}`);
      rows.push({
        json: { group, name, title, unit, sampling, innovation },
        cells: [group, name, unit, title],
      });
    }
  });
  return rows;
}

function timeOrNone(timeUs: number | null): string {
  return timeUs === null ? "none" : timeText(timeUs);
}

function range(first: number | null, last: number | null): string {
  return first === null || last === null ? "none" : `${first} to ${last}`;
}
