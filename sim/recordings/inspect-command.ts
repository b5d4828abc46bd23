/** `eigenwatch inspect PATH`: what is in a recording, read and checked from the first byte to the last. */
import process from "node:process";
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { print, printJson, report } from "../../actors/command-line/terminal.ts";
import { LineWriter } from "../../actors/filters/lines.ts";
import { describeRecording, openRecording, undamaged } from "../../actors/mod.ts";
import { decodeBlock, decodeDerived } from "../../protocol/block.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { MESSAGES } from "../../protocol/messages.ts";
import { timeText } from "../../protocol/text-values.ts";
import { visibleJson, visibleText } from "../../protocol/visible-text.ts";
import { parentLine, parentOf } from "./parent.ts";

/** Lists go on after damage: `describeRecording` has found it, and it is printed after them. */
const REPORTED = (): void => {};

const command = new Command("inspect")
  .description("Shows what a recording holds. Names damaged parts with their file and offset.")
  .argument("<path>", "a recording: the folder given to --record")
  .option("--blocks", "list the blocks")
  .option("--events", "list the recorded events")
  .option("--incidents", "list the incidents, and what was held back and why")
  .option("--channels", "list the channels")
  .option("--json", "print JSON")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "the recording is undamaged", 1: "part of it is damaged" },
      examples: [
        ["eigenwatch inspect recordings/today", "show time range, size and last hash"],
        ["eigenwatch inspect recordings/today --events --json", "list the events with their ids"],
        ["eigenwatch inspect recordings/today --incidents", "see the alarms, and those held back"],
      ],
    }),
  );

export const inspectCommand = command.action(exitWith(runInspect));

type InspectOptions = ReturnType<typeof command.opts>;

/** 1 when something in the recording is damaged. */
export async function runInspect(path: string, options: InspectOptions): Promise<number> {
  const recording = await describeRecording(path);
  if (recording.segments.length === 0) {
    throw new EigenwatchError({
      action: `inspect ${path}`,
      value: "it holds no segment file",
      expected: "the folder given to --record",
    });
  }
  // Logical time is 0 until the first data of a recorded feed: the recording begins at that data.
  if (recording.fromUs === 0) recording.fromUs = await firstDataUs(path);
  if (options.blocks || options.events || options.incidents || options.channels) await list(path, options);
  else if (options.json) printJson(recording);
  else printSummary(recording);
  for (const { file, offset, length, reason } of recording.damage) {
    report(`damaged: ${file} at byte ${offset}, ${length} bytes: ${reason}`);
  }
  if (recording.tornTail) {
    const { file, offset, droppedBytes } = recording.tornTail;
    report(`unfinished write at the end of ${file}, byte ${offset}: ${droppedBytes} bytes`);
  }
  return recording.damage.length > 0 ? 1 : 0;
}

function printSummary(recording: Awaited<ReturnType<typeof describeRecording>>): void {
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
  line("size", `${(recording.bytes / 1e6).toFixed(1)} MB in ${recording.segments.length} segments`);
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

async function list(path: string, options: InspectOptions): Promise<void> {
  const journal = await openRecording(path);
  const seen = new Set<string>();
  const writer = new LineWriter(process.stdout);
  const out = (row: object, cells: readonly unknown[]) => {
    writer.write(options.json ? visibleJson(row) : cells.map((cell) => visibleText(String(cell))).join("\t"));
  };
  for await (const entry of undamaged(journal.read(), REPORTED)) {
    await writer.flush();
    if (writer.closed) break;
    if (entry.kind === "block") {
      const block = decodeBlock(entry.block.bytes);
      if (options.blocks) {
        const { number, firstSequence, lastSequence, timeUs } = block;
        const bytes = entry.block.bytes.length;
        out({ number, firstSequence, lastSequence, timeUs, bytes }, [
          number,
          `${firstSequence}-${lastSequence}`,
          timeOrNone(timeUs),
          `${bytes} B`,
        ]);
      }
      if (options.channels) {
        block.forEach((_sequence, _timeUs, bytes) => {
          if (bytes[2] !== MESSAGES.channels.code) return;
          const message = decodeMessage(bytes);
          if (message.type !== "channels") return;
          const { group, sampling, innovation } = message;
          for (const { name, title, unit } of message.channels) {
            if (seen.has(`${group}\t${name}`)) continue;
            seen.add(`${group}\t${name}`);
            out({ group, name, title, unit, sampling, innovation }, [group, name, unit, title]);
          }
        });
      }
    } else if (entry.kind === "derived" && (options.events || options.incidents)) {
      for (const event of decodeDerived(entry.bytes).events) {
        if (!options.events && !event.kind.startsWith("incident.")) continue;
        const { sequence, timeUs, severity, kind, title } = event;
        out(event, [sequence, timeOrNone(timeUs), severity, kind, title]);
      }
    }
  }
  await writer.flush();
  await journal.close();
}

function timeOrNone(timeUs: number | null): string {
  return timeUs === null ? "none" : timeText(timeUs);
}

function range(first: number | null, last: number | null): string {
  return first === null || last === null ? "none" : `${first} to ${last}`;
}
