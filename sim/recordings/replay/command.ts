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
import { openRecording, SYSTEM } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { rateOrMax } from "../../../protocol/text-values.ts";
import { visibleJson } from "../../../protocol/visible-text.ts";
import { place, type SeekPlace } from "../place.ts";
import { checkPlace, rangeOf } from "../seek.ts";
import { follow } from "./follow.ts";
import { type ReplayReport, replay } from "./replay.ts";
import { type StepOptions, stepThrough } from "./step.ts";
import { verifyTailCommand } from "./tail-command.ts";
import { exitCodeOfVerdict, otherActorLines } from "./verdict.ts";

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
  const journal = await openRecording(path);
  try {
    if (seek !== undefined) checkPlace(seek, await rangeOf(journal, SYSTEM), "seek");
    if (options.step) return await stepThrough(journal, await stepOptions(journal, options));
    return await replayToEnd(journal, options);
  } finally {
    await journal.close();
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

async function stepOptions(journal: Journal, { seek, to, json }: ReplayOptions): Promise<StepOptions> {
  const { firstSequence } = await rangeOf(journal, SYSTEM);
  return {
    place: seek ?? { sequence: firstSequence },
    toUs: to ?? Number.POSITIVE_INFINITY,
    json: json === true,
  };
}

async function replayToEnd(journal: Journal, options: ReplayOptions): Promise<number> {
  const { speed = Number.POSITIVE_INFINITY, from, to, seek, events } = options;
  const out = events === undefined ? null : await eventWriter(events);
  const bar = startProgress("replay", journal.last?.lastSequence ?? 0, "inputs", options.json === true);
  const started = performance.now();
  try {
    const report = await replay(journal, SYSTEM, {
      ...(from === undefined ? {} : { fromUs: from }),
      ...(to === undefined ? {} : { toUs: to }),
      ...(seek === undefined ? {} : { seek }),
      speed: speedOf(speed),
      verify: options.verify === true,
      event: (event) => out?.write(`${visibleJson(event)}\n`),
      progress: ({ inputs }) => bar.update(inputs),
    });
    bar.stop();
    printReport(report, options, (performance.now() - started) / 1000);
    return exitCodeOfVerdict(report);
  } finally {
    bar.stop();
    await new Promise<void>((resolve) => (out && out !== process.stdout ? out.end(resolve) : resolve()));
  }
}

function printReport(report: ReplayReport, { events, verify, json }: ReplayOptions, seconds: number): void {
  const rate = {
    seconds,
    inputsPerSecond: report.inputs / seconds,
    samplesPerSecond: report.samples / seconds,
  };
  // Events on stdout are for a program: the report goes to stderr.
  const stream = events === "-" ? process.stderr : process.stdout;
  if (json) {
    printTo(stream, JSON.stringify({ ...report, ...rate }));
    return;
  }
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
  printTo(
    stream,
    ...otherActorLines(report.otherActors),
    `${done} ${report.inputs} inputs, ${report.events} events, final hash ${report.finalHash}`,
    `${report.samples} samples in ${seconds.toFixed(2)} s: ${Math.round(rate.samplesPerSecond)} samples/s` +
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
