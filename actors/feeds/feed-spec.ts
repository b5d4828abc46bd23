/**
 * Reads a feed spec, `KIND[:TARGET][?key=value&…]`, and refuses one that cannot be used: `host`, `file:prices.csv?speed=60`.
 *
 * In a target "%3F" stands for "?" and "%25" for "%"; values are percent-decoded. kinds.ts has the kinds with their options, options.ts
 * the types of option values, session-feeds.ts makes feeds from specs.
 */

import { expectedAmong } from "../../protocol/closest-name.ts";
import type { Feed } from "../ports/feed.ts";
import { badSpec } from "./feed-kind.ts";
import { FEED_KINDS, type FeedKindName, type KindValues } from "./kinds.ts";
import { choice, type Option, type Options } from "./options.ts";

/** A spec that was read: its kind and the value of every option. */
export type FeedSpec = {
  [Name in FeedKindName]: {
    readonly kind: Name;
    /** As it was written. */
    readonly text: string;
    /** The text after the colon, or null. */
    readonly target: string | null;
    readonly options: KindValues<Name>;
    /** How its messages reach another process; undefined: as its kind has it. */
    readonly delivery: Feed["delivery"];
  };
}[FeedKindName];

/** Throws an EigenwatchError that names the spec, the option, its value and what was expected. */
export function parseFeedSpec(text: string): FeedSpec {
  const { head, query } = splitQuery(text);
  const colon = head.indexOf(":");
  const word = colon < 0 ? head : head.slice(0, colon);
  if (!isKind(word)) throw unknownKind(text, word);
  const kind = FEED_KINDS[word];
  const target = colon < 0 ? null : unescapeTarget(head.slice(colon + 1));
  if (kind.target === null && target !== null)
    throw badSpec(text, `${word} takes nothing after a colon, got "${target}"`, usage(word));
  if (kind.target !== null && (target === null || target === ""))
    throw badSpec(text, `${word} names no ${kind.target}`, usage(word));
  const { delivery, ...options } = readOptions(text, query, word, { ...kind.options, ...EVERY_KIND });
  return { kind: word, text, target, options, delivery } as FeedSpec;
}

/** Options of every kind. */
const EVERY_KIND = {
  delivery: choice(
    ["live", "once"],
    "in a cluster: live loses frames while the owner changes, once waits (default: once if recorded)",
  ),
};

/** The part of --help about feeds. */
export function feedHelp(): string {
  const lines: string[] = ["Feeds: KIND[:TARGET][?key=value&…]", ""];
  for (const word of Object.keys(FEED_KINDS) as FeedKindName[]) {
    lines.push(`  ${usage(word)}`, `      ${FEED_KINDS[word].help}`);
    for (const [key, option] of Object.entries<Option<unknown>>(FEED_KINDS[word].options))
      lines.push(optionLine(key, option));
    lines.push("");
  }
  lines.push("  every kind");
  for (const [key, option] of Object.entries(EVERY_KIND)) lines.push(optionLine(key, option));
  lines.push("");
  return lines.join("\n");
}

function optionLine(key: string, { help, shown }: Option<unknown>): string {
  return `      ${key.padEnd(11)} ${help}${shown === "" ? "" : ` (default ${shown})`}`;
}

function splitQuery(text: string): { head: string; query: string } {
  const mark = text.indexOf("?");
  return mark < 0 ? { head: text, query: "" } : { head: text.slice(0, mark), query: text.slice(mark + 1) };
}

function unescapeTarget(text: string): string {
  return text.replaceAll("%3F", "?").replaceAll("%25", "%");
}

function isKind(word: string): word is FeedKindName {
  return Object.hasOwn(FEED_KINDS, word);
}

function unknownKind(text: string, word: string): Error {
  const looksLikePath = /[./\\]/.test(word);
  const expected = looksLikePath
    ? `file:${text} when a file is meant`
    : expectedAmong(word, Object.keys(FEED_KINDS));
  return badSpec(text, `there is no kind "${word}"`, expected);
}

function readOptions(
  text: string,
  query: string,
  kind: FeedKindName,
  options: Options,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(options)) values[key] = option.initial;
  const given = new Set<string>();
  for (const pair of query === "" ? [] : query.split("&")) {
    const equals = pair.indexOf("=");
    const key = equals < 0 ? pair : pair.slice(0, equals);
    if (!Object.hasOwn(options, key))
      throw badSpec(text, `${kind} has no option "${key}"`, expectedAmong(key, Object.keys(options)));
    if (given.has(key)) throw badSpec(text, `option ${key} is given twice`, "it once");
    given.add(key);
    const option = options[key]!;
    if (equals < 0) throw badSpec(text, `option ${key} has no value`, `${key}=${option.expected}`);
    values[key] = readValue(text, key, pair.slice(equals + 1), option);
  }
  return values;
}

function readValue(text: string, key: string, raw: string, option: Option<unknown>): unknown {
  let decoded: string;
  try {
    decoded = decodeURIComponent(raw);
  } catch {
    throw badSpec(text, `${key}=${raw} has a broken % escape`, `%25 for a plain "%"`);
  }
  const value = option.read(decoded);
  if (value === undefined) throw badSpec(text, `${key}=${decoded} is not valid`, option.expected);
  return value;
}

function usage(kind: FeedKindName): string {
  const { target, options } = FEED_KINDS[kind];
  const first = Object.keys(options)[0]!;
  return `${kind}${target === null ? "" : `:${target}`}[?${first}=…]`;
}
