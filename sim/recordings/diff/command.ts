/** `eigenwatch diff A B`: the first difference between two recordings, and a summary. */
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../../actors/command-line/manual.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { startProgress } from "../../../actors/command-line/progress.ts";
import { print, printJson } from "../../../actors/command-line/terminal.ts";
import { openRecording, type PartitionFolder, recordedPartitions } from "../../../actors/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { timeText } from "../../../protocol/text-values.ts";
import { parentOf } from "../parent.ts";
import { diffRecordings, type RecordingDifference } from "./diff.ts";
import type { FieldDifference } from "./differing-fields.ts";
import type { FirstDifference } from "./first-difference.ts";
import type { RecordingSummary } from "./recording-reader.ts";

export const diffCommand = new Command("diff")
  .description("Compares two recordings: shows their first difference, and a summary of both.")
  .argument("<a>", "a recording: the folder given to --record")
  .argument("<b>", "another recording, or a branch of the first")
  .option("--json", "print one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "inputs, events and settings are equal", 1: "they differ" },
      examples: [
        [
          "eigenwatch diff recordings/today recordings/today.whatif-1",
          "compare a recording with a branch of it",
        ],
      ],
    }),
  )
  .action(exitWith(runDiff));

type Opened = Awaited<ReturnType<typeof openRecording>>;

/** 0 when their content is equal, 1 when it differs. Partitions are compared by name, one pair after the other. */
export async function runDiff(
  pathA: string,
  pathB: string,
  { json }: { json?: true | undefined },
): Promise<number> {
  const { pairs, alone } = pairsOf(await recordedPartitions(pathA), await recordedPartitions(pathB));
  const compared: Compared[] = [];
  for (const [a, b] of pairs) compared.push(await comparePair(a.directory, b.directory, json === true));
  if (json) {
    const [first, ...others] = compared.map(({ difference, relation }) => ({ ...difference, relation }));
    const several = others.length + alone.length > 0;
    printJson(several ? { ...first, others, alone } : first, plain);
  } else {
    for (const [k, { difference, relation }] of compared.entries()) {
      if (k > 0) print("");
      printSummary(difference, relation);
    }
    for (const { directory } of alone) print(`only one of them has a partition as ${directory}`);
  }
  const equal = alone.length === 0 && compared.every(({ difference }) => difference.first === null);
  return equal ? 0 : 1;
}

type Folders = readonly [PartitionFolder, ...PartitionFolder[]];

/** A recording of one partition, such as a branch, is compared with that partition of the other, or with its first. */
function pairsOf(
  a: Folders,
  b: Folders,
): { pairs: (readonly [PartitionFolder, PartitionFolder])[]; alone: PartitionFolder[] } {
  const same = (folders: readonly PartitionFolder[], { partition }: PartitionFolder) =>
    folders.find((each) => each.partition === partition);
  if (a.length === 1) return { pairs: [[a[0], same(b, a[0]) ?? b[0]]], alone: [] };
  if (b.length === 1) return { pairs: [[same(a, b[0]) ?? a[0], b[0]]], alone: [] };
  const pairs = a.flatMap((folder) => {
    const other = same(b, folder);
    return other === undefined ? [] : [[folder, other] as const];
  });
  const alone = [...a.filter((each) => !same(b, each)), ...b.filter((each) => !same(a, each))];
  return { pairs, alone };
}

interface Compared {
  readonly difference: RecordingDifference;
  readonly relation: string;
}

async function comparePair(pathA: string, pathB: string, quiet: boolean): Promise<Compared> {
  const a = await opened(pathA);
  const b = await opened(pathB).catch(async (error: unknown) => {
    await a.close();
    throw error;
  });
  const total = (a.last?.lastSequence ?? 0) + (b.last?.lastSequence ?? 0);
  const bar = startProgress("diff", total, "inputs", quiet);
  try {
    const difference = await diffRecordings(
      { recording: pathA, journal: a },
      { recording: pathB, journal: b },
      (inputs) => bar.update(inputs),
    );
    return { difference, relation: relationOf(difference, a, b) };
  } finally {
    bar.stop();
    await a.close();
    await b.close();
  }
}

async function opened(path: string): Promise<Opened> {
  const journal = await openRecording(path);
  if (journal.first !== null) return journal;
  await journal.close();
  throw new EigenwatchError({ action: `compare ${path}`, value: "it holds no block", kind: "input" });
}

/** Which blocks the two recordings share, as a sentence. */
function relationOf({ shared, first }: RecordingDifference, a: Opened, b: Opened): string {
  const [parentA, parentB] = [parentOf(a.createdFrom), parentOf(b.createdFrom)];
  const upTo = shared === null ? "" : ` up to block ${shared.block}, input ${shared.sequence}`;
  if (parentA !== null && parentB !== null && parentA.hash === parentB.hash)
    return `A and B are branches of ${parentA.recording} behind block ${parentA.block}`;
  if (parentB !== null && shared !== null && shared.block >= parentB.block)
    return `B is a branch of A: they share everything${upTo}`;
  if (parentA !== null && shared !== null && shared.block >= parentA.block)
    return `A is a branch of B: they share everything${upTo}`;
  if (shared === null) return "A and B share no block";
  if (first === null && a.last!.number === b.last!.number) return `A and B are one chain${upTo}`;
  return `A and B share their blocks${upTo}`;
}

function printSummary(difference: RecordingDifference, relation: string): void {
  const { a, b, first, settings, events, cutDifferently } = difference;
  const out = (line: string) => print(line);
  out(`A  ${summaryLine(a)}`);
  out(`B  ${summaryLine(b)}`);
  out(relation);
  if (cutDifferently) out("the same inputs stand in other blocks");
  if (first === null) out(`no difference from input ${a.firstSequence} on`);
  else printFirst(first, out);
  out("");
  const row = (name: string, x: unknown, y: unknown) => {
    out(`${x === y ? " " : "≠"} ${name.padEnd(28)} ${String(x).padStart(14)} ${String(y).padStart(14)}`);
  };
  out(`${"".padEnd(30)} ${"A".padStart(14)} ${"B".padStart(14)}`);
  row("blocks", a.lastBlock - a.firstBlock + 1, b.lastBlock - b.firstBlock + 1);
  row("inputs", a.inputs, b.inputs);
  for (const kind of keysOf(a.inputsByKind, b.inputsByKind))
    row(`  ${kind}`, a.inputsByKind[kind] ?? 0, b.inputsByKind[kind] ?? 0);
  row("samples", a.samples, b.samples);
  row("events", sum(a.eventsByKind), sum(b.eventsByKind));
  for (const kind of keysOf(a.eventsByKind, b.eventsByKind))
    row(`  ${kind}`, a.eventsByKind[kind] ?? 0, b.eventsByKind[kind] ?? 0);
  for (const group of keysOf(a.channels, b.channels))
    row(`channels of ${group}`, (a.channels[group] ?? []).length, (b.channels[group] ?? []).length);
  for (const field of settings) out(`≠ setting ${fieldLine(field)}`);
  const { same, moved, changed, gone } = events;
  out(
    `events of A in B: ${same} the same, ${moved} moved, ${changed} changed, ${gone} gone; ${events.new} new`,
  );
}

function printFirst(first: FirstDifference, out: (line: string) => void): void {
  const { what, sequence, timeUs, subject, block, fields } = first;
  const of = subject.a === subject.b ? subject.a : `A ${subject.a}, B ${subject.b}`;
  const blocks =
    block.a === block.b ? `block ${block.a}` : `block ${block.a ?? "none"} of A, ${block.b ?? "none"} of B`;
  const where = block.a === null && block.b === null ? "" : `, ${blocks}`;
  out(
    `first difference at input ${sequence}${where}, ${timeOrBefore(timeUs)}: ${what === "end" ? "" : `${what} `}${of}`,
  );
  for (const field of fields) out(`    ${fieldLine(field)}`);
}

function summaryLine(summary: RecordingSummary): string {
  const { recording, partition, firstSequence, lastSequence, fromUs, toUs } = summary;
  return `${recording}  partition ${partition}, inputs ${firstSequence} to ${lastSequence}, ${timeOrBefore(fromUs)} to ${timeOrBefore(toUs)}`;
}

function fieldLine({ path, a, b }: FieldDifference): string {
  return `${path}: A ${shown(a)}, B ${shown(b)}`;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value, plain);
}

/** Columns as plain numbers. */
function plain(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value;
}

function keysOf(a: Record<string, unknown>, b: Record<string, unknown>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function timeOrBefore(timeUs: number): string {
  return timeUs === 0 ? "(before data)" : timeText(timeUs);
}
