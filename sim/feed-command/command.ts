/**
 * `eigenwatch feed SCENARIO`: a synthetic world as a table, for `detect`, for `up`, or for anybody else's program.
 *
 *   scenario ─► synth feed (paces) ─► table of the world ─► stdout · file
 *                                └──► truth ─► file, one JSON object a line
 */
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { PassThrough, type Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import cliProgress from "cli-progress";
import { systemClock } from "../../actors/clock.ts";
import { CommandError } from "../../actors/errors.ts";
import { readDuration } from "../../actors/feeds/options.ts";
import { createSynthFeed, RECORDED_START_US, type SynthChoice } from "../../actors/feeds/synth.ts";
import { LineWriter } from "../../actors/filters/lines.ts";
import type { ScenarioRun } from "../feeds/scenario.ts";
import { chosenWorld } from "../feeds/worlds.ts";
import { parseTimeUs } from "../replay/parse-time.ts";
import { type TableFormat, WorldTable } from "./world-table.ts";

export interface FeedFlags {
  seed?: string;
  channels?: string;
  rate?: string;
  duration?: string;
  strength?: string;
  speed: string;
  start?: string;
  form?: "record" | "vector" | "density";
  to: string;
  truth?: string;
  json?: true;
}

/** What the flags ask for, read and found possible. */
interface Wanted {
  readonly choice: SynthChoice;
  readonly durationUs: number;
  readonly startUs: number;
  readonly speed: number;
  readonly to: { path: string | null; format: TableFormat; gzipped: boolean };
}

export async function feedCommand(name: string, flags: FeedFlags): Promise<number> {
  const wanted = readFlags(name, flags);
  for (const path of [wanted.to.path, flags.truth ?? null]) refuseWithoutFolder(path);
  const out = await openOutput(wanted.to.path, wanted.to.gzipped);
  const truth = flags.truth === undefined ? null : await openOutput(flags.truth, false);
  const bar = progressBar(name, wanted, flags.json === true);
  const table = new WorldTable(wanted.to.format, new LineWriter(out.stream));
  const truthLines = truth === null ? null : new LineWriter(truth.stream);
  const { scenario, options } = chosenWorld(name, wanted.choice);
  let run: ScenarioRun | null = null;
  let told = 0;
  const feed = createSynthFeed({
    source: name,
    group: options.group,
    scenario: name,
    options: {
      ...options,
      duration: options.durationUs,
      speed: wanted.speed,
      start: wanted.startUs,
      form: options.form,
      truth: false,
    },
    seed: options.seed,
    clock: systemClock,
    worlds: {
      names: [name],
      prepare: () => (startUs) => {
        run = scenario.create({ ...options, startUs });
        return run;
      },
    },
  });
  table.onPiece = (timeUs) => {
    bar?.update(Math.min(wanted.durationUs, timeUs - wanted.startUs) / 1e6);
    for (; run !== null && told < run.truth.length; told++)
      truthLines?.write(JSON.stringify(run.truth[told]));
  };
  try {
    await feed.run(table);
    await table.end();
    await truthLines?.flush();
  } finally {
    bar?.stop();
    await out.end();
    await truth?.end();
  }
  tell(name, wanted, { rows: table.rows, samples: table.samples, truths: told }, flags);
  return 0;
}

/** The same world as a spec for `up`. Throws CommandError for what cannot be. */
export function sessionSpec(name: string, flags: FeedFlags): string {
  const { choice } = readFlags(name, { ...flags, to: "stdout" });
  const given: [string, string | number | undefined][] = [
    ["seed", choice.seed],
    ["channels", choice.channels],
    ["rate", choice.rate],
    ["duration", flags.duration],
    ["strength", choice.strength],
    ["form", choice.form],
    // At a speed of its own it is a recording; else it is live.
    ["speed", flags.speed === "max" && flags.start === undefined ? undefined : flags.speed],
    ["start", flags.start],
  ];
  const query = given.filter(([, value]) => value !== undefined);
  return `synth:${name}?${query.map(([key, value]) => `${key}=${encodeURIComponent(value!)}`).join("&")}`;
}

function readFlags(name: string, flags: FeedFlags): Wanted {
  const durationUs = flags.duration === undefined ? undefined : readDuration(flags.duration);
  if (flags.duration !== undefined && !durationUs)
    throw new CommandError(`Cannot feed for ${flags.duration}: wanted a duration such as 90s, 10m or 1d`);
  const choice: SynthChoice = {
    seed: numberOf("--seed", flags.seed, 1, (value) => Number.isSafeInteger(value) && value <= 0xffffffff),
    strength: numberOf("--strength", flags.strength, 1, (value) => value <= 100),
    channels: optionalOf("--channels", flags.channels, Number.isSafeInteger),
    rate: optionalOf("--rate", flags.rate, (value) => value > 0),
    durationUs,
    form: flags.form,
    group: name,
  };
  const { options } = chosenWorld(name, choice);
  const startUs = flags.start === undefined ? RECORDED_START_US : parseTimeUs("--start", flags.start);
  const to = readTarget(flags.to);
  if (to.format === "csv" && (flags.form === "vector" || flags.form === "density"))
    throw new CommandError(`Cannot feed form ${flags.form} to ${flags.to}: wanted .ndjson for states`);
  const speed =
    flags.speed === "max"
      ? Number.POSITIVE_INFINITY
      : numberOf("--speed", flags.speed, 1, (value) => value > 0);
  return { choice, durationUs: options.durationUs, startUs, speed, to };
}

function readTarget(to: string): Wanted["to"] {
  if (to === "stdout") return { path: null, format: "ndjson", gzipped: false };
  if (to.startsWith("nats:"))
    throw new CommandError(
      `Cannot feed to ${to}: this comes with the cluster; wanted stdout, file:PATH or session`,
    );
  if (!to.startsWith("file:") || to === "file:")
    throw new CommandError(`Cannot feed to ${to}: wanted stdout, file:PATH or session`);
  const path = to.slice("file:".length);
  const extension = /\.(csv|ndjson|jsonl)(\.gz)?$/i.exec(path);
  if (extension === null)
    throw new CommandError(
      `Cannot feed to ${to}: its ending says no format; wanted .csv, .ndjson or .jsonl, also with .gz`,
    );
  const format = extension[1]!.toLowerCase() === "csv" ? "csv" : "ndjson";
  return { path, format, gzipped: extension[2] !== undefined };
}

function optionalOf(
  flag: string,
  text: string | undefined,
  fits: (value: number) => boolean,
): number | undefined {
  return text === undefined ? undefined : numberOf(flag, text, 0, fits);
}

/** A number from 0 on that fits. */
function numberOf(
  flag: string,
  text: string | undefined,
  usual: number,
  fits: (value: number) => boolean,
): number {
  if (text === undefined) return usual;
  const value = /^\d+(\.\d+)?(e\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value) || !fits(value))
    throw new CommandError(`Cannot feed with ${flag} ${text}: wanted ${WANTED[flag]}`);
  return value;
}

const WANTED: Readonly<Record<string, string>> = {
  "--seed": "a whole number, 0 to 4294967295",
  "--strength": "a number, 0 to 100",
  "--channels": "a whole number",
  "--rate": "samples a second of one channel, above 0",
  "--speed": "a number above 0, or max",
};

interface Output {
  readonly stream: Writable;
  end(): Promise<void>;
}

/** Before any file is made, so that a wrong name for one leaves no other. */
function refuseWithoutFolder(path: string | null): void {
  if (path !== null && !existsSync(dirname(path)))
    throw new CommandError(`Cannot write to ${path}: its folder is not there`);
}

/** Null: stdout. Throws CommandError when the file cannot be made. */
async function openOutput(path: string | null, gzipped: boolean): Promise<Output> {
  if (path === null) return { stream: process.stdout, end: () => Promise.resolve() };
  const file = await open(path, "w").catch((error: Error) => {
    throw new CommandError(`Cannot write to ${path}: ${error.message}`);
  });
  const disk = file.createWriteStream();
  if (!gzipped) return { stream: disk, end: () => ended(disk) };
  const plain = new PassThrough();
  const packed = pipeline(plain, createGzip(), disk);
  return {
    stream: plain,
    async end() {
      plain.end();
      await packed;
    },
  };
}

async function ended(stream: Writable): Promise<void> {
  stream.end();
  await finished(stream);
}

/** A bar with ETA where a person looks; a table on stdout says itself how far it is. */
function progressBar(name: string, { durationUs, to }: Wanted, json: boolean): cliProgress.SingleBar | null {
  if (json || to.path === null || !process.stderr.isTTY) return null;
  const bar = new cliProgress.SingleBar({
    format: `${name} {bar} {percentage}% | {value}/{total} s | ETA {eta_formatted}`,
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(durationUs / 1e6, 0);
  return bar;
}

function tell(
  name: string,
  { choice, startUs, durationUs, to }: Wanted,
  counts: { rows: number; samples: number; truths: number },
  flags: FeedFlags,
): void {
  // With the table on stdout the report goes where people look.
  const stream = to.path === null ? process.stderr : process.stdout;
  const { seed, strength } = choice;
  if (flags.json) {
    const report = { scenario: name, seed, strength, startUs, durationUs, to: flags.to, ...counts };
    stream.write(`${JSON.stringify(report)}\n`);
  } else if (to.path !== null)
    stream.write(
      `${to.path}: ${counts.samples} samples in ${counts.rows} rows, ${counts.truths} things happen (${name}, seed ${seed})\n`,
    );
}
