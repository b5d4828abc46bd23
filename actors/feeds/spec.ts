/**
 * Feed specs: `KIND[:TARGET][?key=value&…]`, as in `host`, `file:prices.csv.gz?speed=60&innovation=logReturn`.
 *
 * In a target "%3F" stands for "?" and "%25" for "%"; values are percent-decoded.
 */

import type { OperatorNotice } from "../../protocol/messages.ts";
import { expectedAmong } from "../../protocol/nearest.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed } from "./feed.ts";
import { clipName } from "./feed-writer.ts";
import { createFileFeed } from "./file.ts";
import { createHostFeed } from "./host.ts";
import {
  FEED_KINDS,
  type FeedKind,
  type FileOptions,
  type HostOptions,
  type StdinOptions,
  type SynthOptions,
  type WalkOptions,
} from "./kinds.ts";
import { createMerge } from "./merge.ts";
import type { Option, Options } from "./options.ts";
import { createStdinFeed } from "./stdin.ts";
import { createSynthFeed } from "./synth.ts";
import type { SynthWorlds } from "./synth-world.ts";
import { createWalkFeed } from "./walk.ts";

/** What feeds are made with. */
export interface FeedContext {
  clock: Clock;
  /** Needed by `stdin` only. */
  stdin?: AsyncIterable<Uint8Array>;
  /** Of the session; feeds with a `seed` option of their own ignore it. */
  seed: number;
  /** Needed by `synth` only. */
  worlds?: SynthWorlds;
  /** Takes what a synthetic feed tells of its truth. */
  notice?: (notice: Omit<OperatorNotice, "type">) => void;
}

export type FeedSpec =
  | { kind: "host"; text: string; target: null; options: HostOptions }
  | { kind: "file"; text: string; target: string; options: FileOptions }
  | { kind: "stdin"; text: string; target: null; options: StdinOptions }
  | { kind: "synth"; text: string; target: string; options: SynthOptions }
  | { kind: "walk"; text: string; target: null; options: WalkOptions };

/** A spec that cannot be read or does not go with the others. */
export class FeedSpecError extends Error {
  override name = "FeedSpecError";
  readonly spec: string;
  /** The option that is wrong, or null when it is the kind or the target. */
  readonly option: string | null;
  readonly expected: string;
  constructor(spec: string, what: string, expected: string, option: string | null = null) {
    super(`Cannot use feed "${spec}": ${what}; expected ${expected}`);
    this.spec = spec;
    this.option = option;
    this.expected = expected;
  }
}

/** Reads a spec; throws FeedSpecError naming the spec, the option, the value and what is expected. */
export function parseFeedSpec(text: string): FeedSpec {
  const { head, query } = splitQuery(text);
  const colon = head.indexOf(":");
  const word = colon < 0 ? head : head.slice(0, colon);
  if (!isKind(word)) throw unknownKind(text, word);
  const kind = FEED_KINDS[word];
  const target =
    colon < 0
      ? null
      : head
          .slice(colon + 1)
          .replaceAll("%3F", "?")
          .replaceAll("%25", "%");
  if (kind.target === null && target !== null)
    throw new FeedSpecError(text, `${word} takes nothing behind a colon, got "${target}"`, usage(word));
  if (kind.target !== null && (target === null || target === ""))
    throw new FeedSpecError(text, `${word} names no ${kind.target}`, usage(word));
  const options = readOptions(text, query, word, kind.options);
  return { kind: word, text, target, options } as FeedSpec;
}

/** One feed. Its source is the spec's kind and file name: unique only when the caller sees to it (`createFeeds` does). */
export function createFeed(spec: FeedSpec | string, context: FeedContext, source?: string): Feed {
  const parsed = typeof spec === "string" ? parseFeedSpec(spec) : spec;
  const name = source ?? sourceName(parsed);
  // The group's default name follows the source, so that two feeds of a kind do not meet in one group.
  const group = parsed.options.group ?? groupName(name);
  switch (parsed.kind) {
    case "host":
      return createHostFeed({ source: name, group, everyUs: parsed.options.every, clock: context.clock });
    case "walk":
      return createWalkFeed({
        source: name,
        group,
        options: parsed.options,
        seed: parsed.options.seed ?? context.seed,
        clock: context.clock,
      });
    case "synth":
      return createSynthFeed({
        source: name,
        group,
        scenario: parsed.target,
        options: parsed.options,
        seed: context.seed,
        worlds: worldsWith(parsed, context.worlds),
        clock: context.clock,
        notice: context.notice,
      });
    case "file":
      return createFileFeed({
        source: name,
        group,
        path: parsed.target,
        options: parsed.options,
        clock: context.clock,
      });
    case "stdin":
      if (context.stdin === undefined)
        throw new FeedSpecError(parsed.text, "there is no standard input here", "another kind of feed");
      return createStdinFeed({
        source: name,
        group,
        stream: context.stdin,
        options: parsed.options,
        clock: context.clock,
      });
  }
}

/**
 * The feeds of a session: sources made unique ("walk", "walk#2"), and all recorded ones merged by time into one feed.
 * Paced recorded feeds must agree in speed, since one clock paces them all.
 */
export function createFeeds(specs: readonly string[], context: FeedContext): Feed[] {
  const parsed = specs.map(parseFeedSpec);
  if (parsed.filter(({ kind }) => kind === "stdin").length > 1)
    throw new FeedSpecError("stdin", "it stands more than once", "one feed from standard input");
  const recorded = parsed.filter(isPacedByTime);
  const speed = commonSpeed(recorded);
  const sources = uniqueNames(parsed.map(sourceName));
  const merged: Feed[] = [];
  const feeds: Feed[] = [];
  for (const [k, spec] of parsed.entries()) {
    if (recorded.length > 1 && isPacedByTime(spec)) {
      // The merge paces: a child on its own would sleep while others wait for its next sample.
      const unpaced = { ...spec, options: { ...spec.options, speed: Number.POSITIVE_INFINITY } } as FeedSpec;
      merged.push(createFeed(unpaced, context, sources[k]));
    } else feeds.push(createFeed(spec, context, sources[k]));
  }
  if (merged.length > 0) feeds.push(createMerge(merged, { clock: context.clock, speed }));
  return feeds;
}

/** The worlds, when the scenario is one of them. */
function worldsWith(spec: FeedSpec & { kind: "synth" }, worlds: SynthWorlds | undefined): SynthWorlds {
  if (worlds === undefined)
    throw new FeedSpecError(spec.text, "there are no synthetic worlds here", "another kind of feed");
  if (worlds.names.includes(spec.target)) return worlds;
  const expected = expectedAmong(spec.target, worlds.names);
  throw new FeedSpecError(spec.text, `there is no scenario "${spec.target}"`, expected);
}

/** What --help says about feeds. */
export function feedHelp(): string {
  const lines: string[] = ["Feeds: KIND[:TARGET][?key=value&…]", ""];
  for (const word of Object.keys(FEED_KINDS) as FeedKind[]) {
    lines.push(`  ${usage(word)}`, `      ${FEED_KINDS[word].help}`);
    for (const [key, option] of Object.entries(FEED_KINDS[word].options as Options)) {
      const shown = option.shown === "" ? "" : ` (default ${option.shown})`;
      lines.push(`      ${key.padEnd(11)} ${option.help}${shown}`);
    }
    lines.push("");
  }
  return lines.join("\n");
}

function splitQuery(text: string): { head: string; query: string } {
  const mark = text.indexOf("?");
  return mark < 0 ? { head: text, query: "" } : { head: text.slice(0, mark), query: text.slice(mark + 1) };
}

function isKind(word: string): word is FeedKind {
  return Object.hasOwn(FEED_KINDS, word);
}

function unknownKind(text: string, word: string): FeedSpecError {
  const kinds = Object.keys(FEED_KINDS);
  if (/[./\\]/.test(word))
    return new FeedSpecError(text, `there is no kind "${word}"`, `file:${text} when a file is meant`);
  return new FeedSpecError(text, `there is no kind "${word}"`, expectedAmong(word, kinds));
}

function readOptions(text: string, query: string, kind: FeedKind, options: Options): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(options)) values[key] = option.initial;
  const given = new Set<string>();
  for (const pair of query === "" ? [] : query.split("&")) {
    const equals = pair.indexOf("=");
    const key = equals < 0 ? pair : pair.slice(0, equals);
    if (!Object.hasOwn(options, key)) {
      const expected = expectedAmong(key, Object.keys(options));
      throw new FeedSpecError(text, `${kind} has no option "${key}"`, expected, key);
    }
    if (given.has(key)) throw new FeedSpecError(text, `option ${key} stands twice`, "it once", key);
    given.add(key);
    const option = options[key]!;
    if (equals < 0)
      throw new FeedSpecError(text, `option ${key} has no value`, `${key}=${option.expected}`, key);
    values[key] = readValue(text, key, pair.slice(equals + 1), option);
  }
  return values;
}

function readValue(text: string, key: string, raw: string, option: Option<unknown>): unknown {
  let decoded: string;
  try {
    decoded = decodeURIComponent(raw);
  } catch {
    throw new FeedSpecError(text, `${key}=${raw} has a broken % escape`, `%25 for a plain "%"`, key);
  }
  const value = option.read(decoded);
  if (value === undefined)
    throw new FeedSpecError(text, `${key}=${decoded} is not valid`, option.expected, key);
  return value;
}

function usage(kind: FeedKind): string {
  const { target, options } = FEED_KINDS[kind];
  const first = Object.keys(options)[0]!;
  return `${kind}${target === null ? "" : `:${target}`}[?${first}=…]`;
}

function sourceName(spec: FeedSpec): string {
  if (spec.kind === "synth") return clipName(`synth:${spec.target}`);
  if (spec.kind !== "file") return spec.kind;
  return clipName(`file:${spec.target.slice(spec.target.search(/[^/\\]*$/))}`);
}

/** "file:prices.csv.gz#2" → "prices-2", "walk#2" → "walk-2": legal in file and subject names. */
function groupName(source: string): string {
  const [, name = "", number] = /^(?:file:|synth:)?(.*?)(?:#(\d+))?$/s.exec(source) ?? [];
  const base = name
    .replace(/\.(gz|csv|tsv|txt|json|jsonl|ndjson)$/gi, "")
    .replace(/\.(csv|tsv|txt|json|jsonl|ndjson)$/i, "");
  const group = base === "" ? "file" : base;
  return number === undefined ? group : `${group}-${number}`;
}

function uniqueNames(expected: readonly string[]): string[] {
  const uses = new Map<string, number>();
  return expected.map((name) => {
    const use = (uses.get(name) ?? 0) + 1;
    uses.set(name, use);
    return use === 1 ? name : `${name}#${use}`;
  });
}

function isPacedByTime(spec: FeedSpec): spec is FeedSpec & { options: { speed: number } } {
  if (spec.kind === "synth") return spec.options.speed !== undefined;
  return spec.kind === "file" || (spec.kind === "stdin" && !spec.options.live);
}

function commonSpeed(recorded: readonly (FeedSpec & { options: { speed: number } })[]): number {
  const speed = recorded[0]?.options.speed ?? Number.POSITIVE_INFINITY;
  const other = recorded.find(({ options }) => options.speed !== speed);
  if (other !== undefined)
    throw new FeedSpecError(
      other.text,
      `its speed differs from that of ${recorded[0]!.text}`,
      "the same speed for all recorded feeds, which are merged by time",
      "speed",
    );
  return speed;
}
