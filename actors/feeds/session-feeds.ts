/**
 * The feeds of a session from their specs: each gets a name of its own, and the recorded ones are merged by time into one feed.
 *
 * A live feed of a cluster's node has the node in the name of its source, and of its group unless that is given: each machine numbers what it
 * reads by its own clock, and is a group of its own. A recorded feed has no node in it, for another node may read the same file further.
 */

import { EigenwatchError } from "../../protocol/errors.ts";
import { isName } from "../../protocol/fields.ts";
import { MAX_NAME_BYTES } from "../../protocol/limits.ts";
import type { Feed } from "../ports/feed.ts";
import { badSpec, type FeedContext, type FeedKind, type KindOptions } from "./feed-kind.ts";
import { type FeedSpec, parseFeedSpec } from "./feed-spec.ts";
import { clipName } from "./feed-writer.ts";
import { INGEST_PREFIX, isIngestSource } from "./ingest-source.ts";
import { FEED_KINDS } from "./kinds.ts";
import { createMerge } from "./merge.ts";

/**
 * Sources become unique ("walk", "walk#2"). Recorded feeds that are paced must have the same speed, because one clock paces them all.
 * Throws an EigenwatchError for a spec that cannot be used, alone or with the others.
 */
export function createFeeds(specs: readonly string[], context: FeedContext): Feed[] {
  const parsed = specs.map(parseFeedSpec);
  if (parsed.filter(({ kind }) => kind === "stdin").length > 1)
    throw badSpec("stdin", "it is given more than once", "one feed from standard input");
  const recorded = parsed.filter((spec) => speedOf(spec) !== null);
  const speed = commonSpeed(recorded);
  const sources = uniqueNames(parsed.map(sourceName));
  const merged: Feed[] = [];
  const feeds: Feed[] = [];
  for (const [k, spec] of parsed.entries()) {
    // The merge paces: a feed with a pace of its own would sleep while the others wait for its next sample.
    if (recorded.length > 1 && recorded.includes(spec))
      merged.push(createFeed(asPart(spec), context, sources[k]));
    else feeds.push(createFeed(spec, context, sources[k]));
  }
  if (merged.length > 0) feeds.push(createMerge(merged, { clock: context.clock, speed }));
  return feeds;
}

/** One feed. Without `source` it is named after its kind and file, which is unique only if the caller ensures it. */
export function createFeed(spec: FeedSpec | string, context: FeedContext, source?: string): Feed {
  const parsed = typeof spec === "string" ? parseFeedSpec(spec) : spec;
  const { kind, text, target, options, delivery } = parsed;
  const name = source ?? sourceName(parsed);
  const node = isLive(parsed) ? context.node : undefined;
  const feed = kindOf(parsed).create({
    spec: text,
    target: target ?? "",
    source: joined(name, "@", node),
    // The default follows the source, so that two feeds of one kind do not share a group.
    group: options.group ?? joined(groupName(kind, name), "-", node),
    options,
    context,
  });
  return delivery === undefined ? feed : Object.assign(feed, { delivery });
}

/** Throws an EigenwatchError for a name that a feed may not have. */
export function checkSourceName(name: string): void {
  if (isName(name) && !isIngestSource(name)) return;
  const expected = `1 to ${MAX_NAME_BYTES} bytes of text, not beginning with "${INGEST_PREFIX}"`;
  throw new EigenwatchError({ action: "name a feed", value: JSON.stringify(name), expected });
}

/** The row of the spec's kind. Its options are those of the spec, which no type can express for a union of kinds. */
function kindOf(spec: FeedSpec): FeedKind<KindOptions> {
  return FEED_KINDS[spec.kind] as unknown as FeedKind<KindOptions>;
}

function speedOf(spec: FeedSpec): number | null {
  return kindOf(spec).speed(spec.options);
}

/** Also a recorded one that is sent as if it were live: its numbers are then those of the clock. */
function isLive(spec: FeedSpec): boolean {
  return speedOf(spec) === null || spec.delivery === "live";
}

/** As a part of a merged feed, which has the pace and the delivery. */
function asPart(spec: FeedSpec): FeedSpec {
  const options = { ...spec.options, speed: Number.POSITIVE_INFINITY };
  return { ...spec, options, delivery: undefined } as FeedSpec;
}

function commonSpeed(recorded: readonly FeedSpec[]): number {
  const [first] = recorded;
  if (first === undefined) return Number.POSITIVE_INFINITY;
  const speed = speedOf(first)!;
  const other = recorded.find((spec) => speedOf(spec) !== speed);
  if (other !== undefined)
    throw badSpec(
      other.text,
      `its speed differs from that of ${first.text}`,
      "the same speed for all recorded feeds, which are merged by time",
    );
  return speed;
}

/** "file:prices.csv", "synth:spike", "prom:localhost:9100", "binance", "walk". */
function sourceName(spec: FeedSpec): string {
  const { kind, target } = spec;
  if (target === null) return kind;
  const { named = lastPart } = kindOf(spec);
  const name = named(target);
  return name === "" ? kind : clipName(`${kind}:${name}`);
}

function lastPart(target: string): string {
  return target.slice(target.search(/[^/\\]*$/));
}

/** "host@a". A name that is too long is shortened; the node stays whole. */
function joined(name: string, mark: string, node: string | undefined): string {
  if (node === undefined) return name;
  const end = `${mark}${node}`;
  return clipName(name, MAX_NAME_BYTES - new TextEncoder().encode(end).length) + end;
}

/** "file:prices.csv.gz#2" → "prices-2", "walk#2" → "walk-2": legal in file names and subjects. */
function groupName(kind: string, source: string): string {
  const [, name = "", number] = /^(.*?)(?:#(\d+))?$/s.exec(source) ?? [];
  const base = (name.startsWith(`${kind}:`) ? name.slice(kind.length + 1) : name)
    .replace(/\.(gz|csv|tsv|txt|json|jsonl|ndjson)$/gi, "")
    .replace(/\.(csv|tsv|txt|json|jsonl|ndjson)$/i, "");
  const group = base === "" ? kind : base;
  return number === undefined ? group : `${group}-${number}`;
}

function uniqueNames(names: readonly string[]): string[] {
  const uses = new Map<string, number>();
  return names.map((name) => {
    const use = (uses.get(name) ?? 0) + 1;
    uses.set(name, use);
    return use === 1 ? name : `${name}#${use}`;
  });
}
