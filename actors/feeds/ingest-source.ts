/**
 * Names of the sources that ingestion numbers. They begin with a prefix that no feed may use, so that a program that sends samples under the name
 * of a feed takes no numbers from it.
 */
import { LimitExceeded, show } from "../../protocol/errors.ts";
import { MAX_NAME_BYTES } from "../../protocol/limits.ts";

export const INGEST_PREFIX = "ingest:";

/**
 * Sessions begun before there was the prefix have groups under the plain name of the publisher, numbered from 1. The numbers of a live feed are
 * times in µs, above this one (1973).
 */
const UNPREFIXED_MAX = 1e14;

/** Throws LimitExceeded for a name that leaves no room. */
export function ingestSource(publisher: string): string {
  const source = INGEST_PREFIX + publisher;
  // No character has more than three bytes for each of its units.
  if (3 * source.length <= MAX_NAME_BYTES) return source;
  if (new TextEncoder().encode(source).length <= MAX_NAME_BYTES) return source;
  const most = MAX_NAME_BYTES - INGEST_PREFIX.length;
  throw new LimitExceeded("take samples", `source ${show(publisher)}`, `at most ${most} bytes`);
}

export function isIngestSource(source: string): boolean {
  return source.startsWith(INGEST_PREFIX);
}

/** Whether a source without the prefix can be one of ingestion. `last`: its last number in the log. */
export function isUnprefixed(last: number): boolean {
  return last > 0 && last < UNPREFIXED_MAX;
}
