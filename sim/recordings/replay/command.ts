/** `eigenwatch replay PATH`: a recording through the actors again, to its end, step by step, or as a session in the dashboard. */
import type { WriteStream } from "node:fs";
import { open } from "node:fs/promises";
import process from "node:process";
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../../actors/command-line/manual.ts";
import { port, read, time } from "../../../actors/command-line/option-values.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { startProgress } from "../../../actors/command-line/progress.ts";
import { printTo } from "../../../actors/command-line/terminal.ts";
import type { FileJournal } from "../../../actors/journal/mod.ts";
import { openRecording, type PartitionFolder, recordedPartitions, SYSTEM } from "../../../actors/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import { rateOrMax } from "../../../protocol/text-values.ts";
import { visibleJson } from "../../../protocol/visible-text.ts";
import { placesIn } from "../partition-places.ts";
import { mergedByTime } from "../partitions.ts";
import { place, type SeekPlace } from "../place.ts";
import { rangeOf } from "../seek.ts";
import { follow } from "./follow.ts";
import { type ReplayReport, replay } from "./replay.ts";
import { type SteppedPart, stepThrough } from "./step.ts";
import { verifyTailCommand } from "./tail-command.ts";
import { exitCodeOfVerdict, otherActorLines, worstOf } from "./verdict.ts";

const command = new Command("replay")
  .description("Runs the actors again over a recording and reports the events and the final state hash.")
  .argument("<path>", "a recording: the folder given to --record")
  .option(
    "--speed <n>",
    "multiples of recorded time, or max (default: max; with --follow 1)",
    read(rateOrMax()),
  )
  .option("--from <time>", "show events from this time on: ISO 8601, or µs since the epoch", read(time))
  .option("--seek <place>", "begin at this time, or at the input with this sequence", read(place))
  .option("--to <time>", "stop after this time", read(time))
  .option("--verify", "compare state hashes and events with the recorded ones; stop at the first difference")
  .option("--tail", "with --verify: follow a recording while it is written, until its writer closes it")
  .option("--events <file>", "write the events to this file as JSON lines (- for stdout)")
  .option("--step", "input by input: Enter, a number of inputs, e for the next event, q")
  .option("--follow", "open the recording as a session in the dashboard")
  .option("--port <port>", "with --follow: port of the dashboard (default: any free port)", read(port))
  .option("--json", "print the report as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: {
        0: "the recording was replayed, and with --verify matches",
        1: "with --verify: it differs",
        3: "with --verify: it matches, but some actors have another version in it and were not compared",
      },
      examples: [
        [
          "eigenwatch replay recordings/today --verify",
          "check that today's program derives the recorded events",
        ],
        ["eigenwatch replay recordings/today --events - | jq .title", "list the events"],
        ["eigenwatch replay recordings/today --verify --tail", "verify a recording while it is written"],
        ["eigenwatch replay recordings/today --follow --speed 10", "watch the recording in the dashboard"],
      ],
    }),
  );

export const replayCommand = command.action(exitWith(runReplay));

export type ReplayOptions = ReturnType<typeof command.opts>;

/** 1 when `verify` finds a difference, 3 when it had to leave actors out. */
export async function runReplay(path: string, options: ReplayOptions): Promise<number> {
  checkCombination(options);
  const { seek } = options;
  const json = options.json === true;
  if (options.follow) {
    const { speed = 1, port = 0 } = options;
    return follow(path, {
      speed: speedOf(speed),
      port,
      json,
      ...(seek === undefined ? {} : { place: seek }),
    });
  }
  if (options.tail) return verifyTailCommand(path, { place: seek ?? BEGINNING, json });
  const folders = await recordedPartitions(path);
  const act = { action: "seek", done: options.step ? "stepped through" : "replayed" };
  const places: readonly ReplayPlace[] = seek === undefined ? folders : await placesIn(folders, seek, act);
  return options.step ? stepAll(places, options) : replayAll(places, options);
}

/** A partition, and where to begin in it; without a place at its beginning. */
type ReplayPlace = PartitionFolder & { readonly at?: SeekPlace };

/** Each partition to its end, one after the other. Their events are written in order of time. Returns the worst of the exit codes. */
async function replayAll(places: readonly ReplayPlace[], options: ReplayOptions): Promise<number> {
  return writingEvents(options.events, async (write) => {
    const held: EventMessage[][] = [];
    const replayed: Replayed[] = [];
    for (const { directory, at } of places) {
      const events: EventMessage[] = [];
      held.push(events);
      const journal = await openRecording(directory);
      try {
        const take = places.length === 1 ? write : (event: EventMessage) => void events.push(event);
        replayed.push(await replayToEnd(journal, at, options, take));
      } finally {
        await journal.close();
      }
    }
    for await (const event of mergedByTime(held)) write(event);
    printReports(replayed, options);
    return worstOf(replayed.map(({ report }) => exitCodeOfVerdict(report)));
  });
}

/** All partitions together, in order of time. */
async function stepAll(places: readonly ReplayPlace[], { to, json }: ReplayOptions): Promise<number> {
  const journals: FileJournal[] = [];
  try {
    const parts: SteppedPart[] = [];
    for (const { directory, at } of places) {
      const journal = await openRecording(directory);
      journals.push(journal);
      const place = at ?? { sequence: (await rangeOf(journal, SYSTEM)).firstSequence };
      parts.push({ journal, partition: journal.partition, place });
    }
    return await stepThrough(parts, { toUs: to ?? Number.POSITIVE_INFINITY, json: json === true });
  } finally {
    await Promise.all(journals.map((journal) => journal.close()));
  }
}

/** The first input, whatever of the recording is still kept. */
const BEGINNING: SeekPlace = { sequence: 1 };

/** Options that exclude each other. */
const EXCLUSIVE: readonly (readonly [keyof ReplayOptions, ...(keyof ReplayOptions)[]])[] = [
  ["from", "seek"],
  ["step", "follow", "from", "speed", "verify", "events"],
  ["follow", "from", "to", "verify", "events"],
  ["tail", "from", "to", "speed", "events", "step", "follow"],
];

function checkCombination(options: ReplayOptions): void {
  const { from, to } = options;
  for (const [one, ...others] of EXCLUSIVE) {
    const other = others.find((name) => options[one] !== undefined && options[name] !== undefined);
    if (other !== undefined) throw refused(`--${one} and --${other} were given`, "one of them");
  }
  if (options.port !== undefined && !options.follow)
    throw refused("--port was given alone", "--follow with it");
  if (options.tail && !options.verify) throw refused("--tail was given alone", "--verify with it");
  if (from !== undefined && to !== undefined && from > to)
    throw refused("--from is later than --to", "--from before --to");
}

function refused(value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: "replay", value, expected });
}

async function writingEvents(
  to: string | undefined,
  act: (write: (event: EventMessage) => void) => Promise<number>,
): Promise<number> {
  const out = to === undefined ? null : await eventWriter(to);
  try {
    return await act((event) => out?.write(`${visibleJson(event)}\n`));
  } finally {
    await new Promise<void>((resolve) => (out && out !== process.stdout ? out.end(resolve) : resolve()));
  }
}

interface Replayed {
  readonly partition: string;
  readonly report: ReplayReport;
  readonly seconds: number;
}

async function replayToEnd(
  journal: FileJournal,
  seek: SeekPlace | undefined,
  options: ReplayOptions,
  event: (event: EventMessage) => void,
): Promise<Replayed> {
  const { speed = Number.POSITIVE_INFINITY, from, to } = options;
  const bar = startProgress("replay", journal.last?.lastSequence ?? 0, "inputs", options.json === true);
  const started = performance.now();
  try {
    const report = await replay(journal, SYSTEM, {
      ...(from === undefined ? {} : { fromUs: from }),
      ...(to === undefined ? {} : { toUs: to }),
      ...(seek === undefined ? {} : { seek }),
      speed: speedOf(speed),
      verify: options.verify === true,
      event,
      progress: ({ inputs }) => bar.update(inputs),
    });
    return { partition: journal.partition, report, seconds: (performance.now() - started) / 1000 };
  } finally {
    bar.stop();
  }
}

/** One line of JSON: of several partitions that of the first, with the others in `others`. */
function printReports(replayed: readonly Replayed[], { events, verify, json }: ReplayOptions): void {
  // Events on stdout are for a program: the report goes to stderr.
  const stream = events === "-" ? process.stderr : process.stdout;
  if (json) {
    const several = replayed.length > 1;
    const [first, ...others] = replayed.map(({ partition, report, seconds }) => ({
      ...(several ? { partition } : {}),
      ...report,
      ...ratesOf(report, seconds),
    }));
    printTo(stream, JSON.stringify(several ? { ...first, others } : first));
    return;
  }
  for (const each of replayed) {
    if (replayed.length > 1) printTo(stream, `partition ${each.partition}`);
    printReport(stream, each, verify === true);
  }
}

function ratesOf({ inputs, samples }: ReplayReport, seconds: number) {
  return { seconds, inputsPerSecond: inputs / seconds, samplesPerSecond: samples / seconds };
}

function printReport(stream: NodeJS.WriteStream, { report, seconds }: Replayed, verify: boolean): void {
  const { difference: d } = report;
  if (d) {
    printTo(
      stream,
      `differs at partition ${d.partition}, block ${d.block}, input ${d.input}: ${d.actor} ${d.field}` +
        `${d.index < 0 ? "" : `[${d.index}]`} recorded ${d.recorded}, replayed ${d.replayed}`,
    );
    return;
  }
  const done = verify ? "verified" : "replayed";
  const { checkpoints, partly, otherVersion } = report.compared;
  const inPart = partly > 0 ? `, ${partly} in part` : "";
  const passed = otherVersion > 0 ? `; ${otherVersion} of another state version were not compared` : "";
  const { samplesPerSecond } = ratesOf(report, seconds);
  printTo(
    stream,
    ...otherActorLines(report.otherActors),
    `${done} ${report.inputs} inputs, ${report.events} events, final hash ${report.finalHash}`,
    `${report.samples} samples in ${seconds.toFixed(2)} s: ${Math.round(samplesPerSecond)} samples/s` +
      `${verify ? `; compared ${checkpoints} state hashes${inPart}${passed}` : ""}${rangeText(report)}`,
    ...beginningText(report),
  );
}

function rangeText({ inputs, firstInput, lastInput }: ReplayReport): string {
  return inputs === 0 ? "" : `; inputs ${firstInput} to ${lastInput}`;
}

/** What of the log's beginning was not replayed, and why. */
function beginningText({ firstInput, recordedFrom }: ReplayReport): string[] {
  if (firstInput === 1) return [];
  const why =
    recordedFrom > 1 ? `the recording begins with input ${recordedFrom}` : "it began with a snapshot";
  return [`not replayed: inputs 1 to ${firstInput - 1}, ${why}`];
}

async function eventWriter(path: string): Promise<WriteStream | typeof process.stdout> {
  if (path === "-") return process.stdout;
  const file = await open(path, "w").catch((error: Error) => {
    throw new EigenwatchError({ action: `write events to ${path}`, value: error.message });
  });
  return file.createWriteStream();
}

function speedOf(speed: number): number | "max" {
  return speed === Number.POSITIVE_INFINITY ? "max" : speed;
}
