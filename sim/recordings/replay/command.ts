/** `eigenwatch replay PATH`: options in, report out. */
import type { WriteStream } from "node:fs";
import { open } from "node:fs/promises";
import process from "node:process";
import cliProgress from "cli-progress";
import { askedAsync, CommandError, openRecording, SYSTEM } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { type Place, parsePlace, parseTimeUs } from "../place.ts";
import { checkPlace, rangeOf } from "../seek.ts";
import { follow } from "./follow.ts";
import { type ReplayReport, replay } from "./replay.ts";
import { type StepOptions, stepThrough } from "./step.ts";

export interface ReplayFlags {
  speed?: string;
  from?: string;
  seek?: string;
  step?: true;
  follow?: true;
  port?: number;
  to?: string;
  verify?: true;
  events?: string;
  json?: true;
}

export async function replayCommand(path: string, flags: ReplayFlags): Promise<number> {
  const wish = parseFlags(flags);
  if (flags.follow) {
    const { speed = 1, place } = wish;
    const { port = 0, json = false } = flags;
    return follow(path, { speed, port, json, ...(place === undefined ? {} : { place }) });
  }
  const journal = await askedAsync(() => openRecording(path));
  try {
    if (wish.place !== undefined) checkPlace(wish.place, await rangeOf(journal, SYSTEM), "seek");
    if (flags.step) return await stepThrough(journal, await stepOptions(journal, wish, flags.json === true));
    return await replayToEnd(journal, wish, flags);
  } finally {
    await journal.close();
  }
}

interface Wish {
  speed?: number | "max";
  fromUs?: number;
  toUs?: number;
  place?: Place;
}

function parseFlags(flags: ReplayFlags): Wish {
  const { speed, from, to, seek } = flags;
  refuseTogether(flags, "from", "seek");
  refuseTogether(flags, "step", "follow");
  for (const other of ["from", "to", "verify", "events"] as const) refuseTogether(flags, "follow", other);
  for (const other of ["from", "speed", "verify", "events"] as const) refuseTogether(flags, "step", other);
  if (flags.port !== undefined && !flags.follow)
    throw new CommandError("Cannot replay with --port: nothing listens; expected --follow with it");
  const fromUs = from === undefined ? undefined : parseTimeUs("--from", from);
  const toUs = to === undefined ? undefined : parseTimeUs("--to", to);
  if (fromUs !== undefined && toUs !== undefined && fromUs > toUs)
    throw new CommandError(`Cannot replay from ${from} to ${to}: expected --from before --to`);
  return {
    ...(speed === undefined ? {} : { speed: parseSpeed(speed) }),
    ...(fromUs === undefined ? {} : { fromUs }),
    ...(toUs === undefined ? {} : { toUs }),
    ...(seek === undefined ? {} : { place: parsePlace("--seek", seek) }),
  };
}

function refuseTogether(flags: ReplayFlags, one: keyof ReplayFlags, other: keyof ReplayFlags): void {
  if (flags[one] === undefined || flags[other] === undefined) return;
  throw new CommandError(`Cannot replay with --${one} and --${other}: expected one of them`);
}

async function stepOptions(journal: Journal, { place, toUs }: Wish, json: boolean): Promise<StepOptions> {
  const { firstSequence } = await rangeOf(journal, SYSTEM);
  return { place: place ?? { sequence: firstSequence }, toUs: toUs ?? Number.POSITIVE_INFINITY, json };
}

async function replayToEnd(
  journal: Journal,
  { speed = "max", fromUs, toUs, place }: Wish,
  flags: ReplayFlags,
): Promise<number> {
  const out = flags.events === undefined ? null : await eventWriter(flags.events);
  const bar = progressBar(journal.last?.lastSequence ?? 0, flags.json === true);
  const started = performance.now();
  try {
    const report = await replay(journal, SYSTEM, {
      ...(fromUs === undefined ? {} : { fromUs }),
      ...(toUs === undefined ? {} : { toUs }),
      ...(place === undefined ? {} : { seek: place }),
      speed,
      verify: flags.verify === true,
      event: (event) => out?.write(`${JSON.stringify(event)}\n`),
      progress: ({ inputs }) => bar?.update(inputs),
    });
    bar?.stop();
    tell(report, flags, (performance.now() - started) / 1000);
    return report.difference ? 1 : 0;
  } finally {
    bar?.stop();
    await new Promise<void>((resolve) => (out && out !== process.stdout ? out.end(resolve) : resolve()));
  }
}

function tell(report: ReplayReport, flags: ReplayFlags, seconds: number): void {
  const rate = {
    seconds,
    inputsPerSecond: report.inputs / seconds,
    samplesPerSecond: report.samples / seconds,
  };
  // With the events on stdout the report goes where people look.
  const stream = flags.events === "-" ? process.stderr : process.stdout;
  if (flags.json) {
    stream.write(`${JSON.stringify({ ...report, ...rate })}\n`);
    return;
  }
  const { difference: d } = report;
  if (d) {
    stream.write(
      `differs at partition ${d.partition}, block ${d.block}, input ${d.input}: ${d.actor} ${d.field}` +
        `${d.index < 0 ? "" : `[${d.index}]`} recorded ${d.recorded}, replayed ${d.replayed}\n`,
    );
    return;
  }
  const done = flags.verify ? "verified" : "replayed";
  stream.write(
    `${done} ${report.inputs} inputs, ${report.events} events, final hash ${report.finalHash}\n` +
      `${report.samples} samples in ${seconds.toFixed(2)} s: ${Math.round(rate.samplesPerSecond)} samples/s` +
      `${flags.verify ? `; compared ${report.compared.checkpoints} state hashes` : ""}\n`,
  );
}

/** A bar with ETA where a person looks, nothing where a program reads. */
function progressBar(total: number, json: boolean): { update(inputs: number): void; stop(): void } | null {
  if (json || !process.stderr.isTTY || total === 0) return null;
  let isStarted = false;
  const bar = new cliProgress.SingleBar({
    format: "replay {bar} {percentage}% | {value}/{total} inputs | ETA {eta_formatted}",
    clearOnComplete: true,
    stream: process.stderr,
  });
  return {
    update(inputs) {
      // From a snapshot on, the inputs before it take no time.
      if (!isStarted) bar.start(total, inputs);
      isStarted = true;
      bar.update(inputs);
    },
    stop: () => bar.stop(),
  };
}

async function eventWriter(path: string): Promise<WriteStream | typeof process.stdout> {
  if (path === "-") return process.stdout;
  const file = await open(path, "w").catch((error: Error) => {
    throw new CommandError(`Cannot write events to ${path}: ${error.message}`);
  });
  return file.createWriteStream();
}

function parseSpeed(text: string): number | "max" {
  if (text === "max") return "max";
  const speed = Number(text);
  if (!(speed > 0) || !Number.isFinite(speed)) {
    throw new CommandError(`Cannot replay at speed ${text}: expected a positive number or max`);
  }
  return speed;
}
