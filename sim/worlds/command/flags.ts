/** What the flags of `eigenwatch feed` ask for. */
import { resolve } from "node:path";
import { RECORDED_START_US, type SynthChoice } from "../../../actors/feeds/mod.ts";
import { CommandError } from "../../../actors/mod.ts";
import { readDuration } from "../../../protocol/text-values.ts";
import { parseTimeUs } from "../../recordings/place.ts";
import { chosenWorld } from "../worlds.ts";
import type { TableFormat } from "./world-table.ts";

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
export interface Wanted {
  readonly choice: SynthChoice;
  readonly durationUs: number;
  readonly startUs: number;
  readonly speed: number;
  readonly to: { path: string | null; format: TableFormat; gzipped: boolean };
}

/** Throws CommandError that names the flag and what it takes. */
export function readFlags(name: string, flags: FeedFlags): Wanted {
  const durationUs = flags.duration === undefined ? undefined : readDuration(flags.duration);
  if (flags.duration !== undefined && !durationUs)
    throw new CommandError(`Cannot feed for ${flags.duration}: expected a duration such as 90s, 10m or 1d`);
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
  if (flags.truth !== undefined && to.path !== null && resolve(flags.truth) === resolve(to.path))
    throw new CommandError(
      `Cannot write --truth to ${flags.truth}: the table goes there; expected a file of its own`,
    );
  if (to.format === "csv" && (flags.form === "vector" || flags.form === "density"))
    throw new CommandError(`Cannot feed form ${flags.form} to ${flags.to}: expected .ndjson for states`);
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
      `Cannot feed to ${to}: this comes with the cluster; expected stdout, file:PATH or session`,
    );
  if (!to.startsWith("file:") || to === "file:")
    throw new CommandError(`Cannot feed to ${to}: expected stdout, file:PATH or session`);
  const path = to.slice("file:".length);
  const extension = /\.(csv|ndjson|jsonl)(\.gz)?$/i.exec(path);
  if (extension === null)
    throw new CommandError(
      `Cannot feed to ${to}: its ending says no format; expected .csv, .ndjson or .jsonl, also with .gz`,
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
    throw new CommandError(`Cannot feed with ${flag} ${text}: expected ${WANTED[flag]}`);
  return value;
}

const WANTED: Readonly<Record<string, string>> = {
  "--seed": "a whole number, 0 to 4294967295",
  "--strength": "a number, 0 to 100",
  "--channels": "a whole number",
  "--rate": "samples a second of one channel, above 0",
  "--speed": "a number above 0, or max",
};

/** The same world as a spec for `up`. Throws CommandError for what cannot be. */
export function sessionSpec(name: string, flags: FeedFlags): string {
  const { choice } = readFlags(name, { ...flags, to: "stdout" });
  if (flags.truth !== undefined)
    throw new CommandError(
      `Cannot write --truth ${flags.truth} of a session; expected --to stdout or file:PATH, or \`up --feed synth:${name}?truth=1\``,
    );
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
