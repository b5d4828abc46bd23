/**
 * What the program enters into the log of a session about its scans. Rules are evaluated outside of the core: a replay takes the results from here.
 *
 *   scanRequested ─► scanResult* (many outcomes each) ─► scanEnded ─► scanRemoved
 *                        └─ scanHeld: paused, or going on
 *
 * N1  Outcomes of a scan are numbered 1, 2, … in the order of the log: a reader takes the next number alone, and passes over others.
 * N2  A universe is its name. No fact names a path.
 */
import * as v from "valibot";
import { fields, finite, whole } from "./command-fields.ts";
import { MAX_NAME_BYTES } from "./limits.ts";

/** Outcomes of one input: a reader of the log decodes them in a millisecond. */
export const SCAN_OUTCOMES_MAX = 256;
/** JSON of the outcomes of one input: half of MAX_INPUT_BYTES, for characters may take more bytes than one. */
export const SCAN_OUTCOMES_TEXT = 32_768;
/** Characters of a reason or a rule: as much as a person reads, and all of the longest rule. */
export const SCAN_TEXT = 1_024;

export const SCAN_STATES = ["running", "paused", "done", "failed", "expired"] as const;

const id = v.pipe(v.string(), v.nonEmpty(), v.maxLength(64));
const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_NAME_BYTES));
const text = v.pipe(v.string(), v.maxLength(SCAN_TEXT));
const place = v.pipe(whole, v.minValue(1));

const requested = fields({
  scan: id,
  /** A name, never a path. */
  universe: name,
  rule: text,
  /** Symbols that are to be evaluated, and those that the universe does not have. */
  symbols: whole,
  /** By the clock of who evaluates: logical time may be that of recorded data. */
  startedUs: whole,
});

/** Further fields stay as they are. */
const result = v.looseObject({
  symbol: text,
  score: finite,
  signal: v.boolean(),
  values: v.record(v.string(), v.nullable(finite)),
  /** Of the latest row; absent for a symbol without rows. */
  timeUs: v.optional(v.number()),
});

const problem = v.looseObject({
  symbol: text,
  reason: text,
  /** Its rows were not all sound, and it was evaluated nevertheless. */
  evaluated: v.boolean(),
});

const outcome = v.variant("type", [
  fields({ type: v.literal("result"), atMs: finite, data: result }),
  fields({ type: v.literal("error"), atMs: finite, data: problem }),
]);

const results = fields({
  scan: id,
  /** Number of the first of them. */
  first: place,
  outcomes: v.pipe(v.array(outcome), v.minLength(1), v.maxLength(SCAN_OUTCOMES_MAX)),
});

const held = fields({ scan: id, held: v.boolean() });

const ended = fields({
  scan: id,
  state: v.picklist(["done", "failed", "expired"]),
  /** "finished", "signals", "stopped", "interrupted" … */
  reason: name,
  /** As they were measured: numbers that no replay can measure again. */
  stats: v.record(v.string(), v.unknown()),
});

const removed = fields({ scan: id });

export const SCAN_FACTS = {
  scanRequested: { action: "enter a scan", schema: requested },
  scanResult: { action: "enter results of a scan", schema: results },
  scanHeld: { action: "enter a pause of a scan", schema: held },
  scanEnded: { action: "enter the end of a scan", schema: ended },
  scanRemoved: { action: "forget a scan", schema: removed },
} as const;

export type ScanFactName = keyof typeof SCAN_FACTS;

export function isScanFact(name: string): name is ScanFactName {
  return Object.hasOwn(SCAN_FACTS, name);
}

export type ScanFact<Name extends ScanFactName> = v.InferOutput<(typeof SCAN_FACTS)[Name]["schema"]>;
export type ScanOutcome = v.InferOutput<typeof outcome>;
export type ScanState = (typeof SCAN_STATES)[number];
