/** The options of `eigenwatch feed`, and the world that they ask for. */
import { resolve } from "node:path";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import type { SynthChoice } from "../../../actors/feeds/mod.ts";
import { RECORDED_START_US } from "../../../actors/feeds/mod.ts";
import type { TimeRange } from "../../../actors/partition/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { durationText, timeText } from "../../../protocol/text-values.ts";
import { chosenWorld } from "../worlds.ts";
import type { TableFormat } from "./world-table.ts";

export interface FeedOptions {
  seed: number;
  channels?: number | undefined;
  /** Samples a second of one channel. */
  rate?: number | undefined;
  /** µs. */
  duration?: number | undefined;
  strength: number;
  /** Multiples of the world's time; Infinity: as fast as possible. */
  speed: number;
  /** µs since the epoch. */
  start?: number | undefined;
  form?: "record" | "vector" | "density" | undefined;
  to: FeedTarget;
  truth?: string | undefined;
  /** Of the gateway of a session. */
  port?: number | undefined;
  /** Where `nats:URL` publishes. */
  session: string;
  partition: string;
  /** There, of the feed; default: `synth:` and the scenario. */
  name?: string | undefined;
  json?: true | undefined;
}

export type FeedTarget =
  | { readonly kind: "stdout" | "session"; readonly text: string }
  | { readonly kind: "nats"; readonly text: string; readonly url: string }
  | {
      readonly kind: "file";
      readonly text: string;
      readonly path: string;
      readonly format: TableFormat;
      readonly gzipped: boolean;
    };

export const STDOUT: FeedTarget = { kind: "stdout", text: "stdout" };

/** Parses `stdout`, `session`, `nats:URL` or `file:PATH`. */
export function feedTarget(text: string): FeedTarget {
  if (text === "stdout" || text === "session") return { kind: text, text };
  if (text.startsWith("nats:")) {
    // `nats://host` is an address too: what follows the colon is then its host.
    const url = text.startsWith("nats://") ? text : text.slice("nats:".length);
    return { kind: "nats", text, url };
  }
  if (!text.startsWith("file:") || text === "file:")
    throw new InvalidArgumentError("Expected stdout, file:PATH, session or nats:URL.");
  const path = text.slice("file:".length);
  const ending = /\.(csv|ndjson|jsonl)(\.gz)?$/i.exec(path);
  if (ending === null)
    throw new InvalidArgumentError("Expected a file ending in .csv, .ndjson or .jsonl, also with .gz.");
  const format = ending[1]!.toLowerCase() === "csv" ? "csv" : "ndjson";
  return { kind: "file", text, path, format, gzipped: ending[2] !== undefined };
}

/** A world with its options checked, and where its table goes. */
export interface FeedPlan {
  readonly choice: SynthChoice;
  readonly durationUs: number;
  readonly startUs: number;
  /** Null: stdout. */
  readonly path: string | null;
  readonly format: TableFormat;
  readonly gzipped: boolean;
}

export function planFeed(name: string, options: FeedOptions): FeedPlan {
  refuseName(options);
  const { to, truth, form, port, start = RECORDED_START_US } = options;
  if (port !== undefined)
    throw new EigenwatchError({
      action: `use --port ${port}`,
      value: `a table goes to ${to.text}`,
      expected: "--to session",
    });
  const choice = choiceOf(name, options);
  const { durationUs } = chosenWorld(name, choice).options;
  if (to.kind !== "file")
    return { choice, durationUs, startUs: start, path: null, format: "ndjson", gzipped: false };
  const { path, format, gzipped } = to;
  if (truth !== undefined && resolve(truth) === resolve(path))
    throw new EigenwatchError({
      action: `write --truth to ${truth}`,
      value: "the table goes there",
      expected: "another file",
    });
  if (format === "csv" && (form === "vector" || form === "density"))
    throw new EigenwatchError({
      action: `feed form ${form} to ${to.text}`,
      value: "a CSV row holds no state",
      expected: ".ndjson for states",
    });
  return { choice, durationUs, startUs: start, path, format, gzipped };
}

/** A feed has a name where others may have one. */
export function refuseName({ name, to }: FeedOptions): void {
  if (name === undefined) return;
  throw new EigenwatchError({
    action: `use --name ${name}`,
    value: `the world goes to ${to.text}`,
    expected: "--to nats:URL",
  });
}

function choiceOf(name: string, options: FeedOptions): SynthChoice {
  const { seed, strength, channels, rate, duration, form } = options;
  return { seed, strength, channels, rate, durationUs: duration, form, group: name };
}

/** When the samples of a world are that does not begin now. */
export function recordedSpan(name: string, options: FeedOptions): TimeRange {
  const { start = RECORDED_START_US } = options;
  return { fromUs: start, toUs: start + chosenWorld(name, choiceOf(name, options)).options.durationUs };
}

/** The same world as a feed spec for `up`. */
export function sessionSpec(name: string, options: FeedOptions): string {
  const { seed, channels, rate, duration, strength, form, speed, start, truth } = options;
  chosenWorld(name, choiceOf(name, options));
  if (truth !== undefined)
    throw new EigenwatchError({
      action: `write --truth ${truth} of a session`,
      value: "a session publishes its truth as notices",
      expected: `--to stdout or file:PATH, or \`up --feed synth:${name}?truth=1\``,
    });
  const given: [string, string | number | undefined][] = [
    ["seed", seed],
    ["channels", channels],
    ["rate", rate],
    ["duration", duration === undefined ? undefined : durationText(duration)],
    ["strength", strength],
    ["form", form],
    // A world with a speed or a start is a recorded feed, any other is live.
    ["speed", speed !== Number.POSITIVE_INFINITY ? speed : start === undefined ? undefined : "max"],
    ["start", start === undefined ? undefined : timeText(start)],
  ];
  const query = given.filter(([, value]) => value !== undefined);
  return `synth:${name}?${query.map(([key, value]) => `${key}=${encodeURIComponent(value!)}`).join("&")}`;
}
