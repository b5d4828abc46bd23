/** What `eigenwatch sim` was asked for, checked. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { CommandError } from "../../actors/mod.ts";
import { nearestTo } from "../../protocol/nearest.ts";
import type { WorldOptions } from "./options.ts";
import { SCENARIOS, type ScenarioName } from "./scenarios.ts";

export interface SimFlags {
  seed?: string;
  seeds?: string;
  scenario?: string;
  minutes?: string;
  onlyDecisions?: string;
  jobs?: string;
  trace?: string;
  json?: true;
}

/** The largest seed: whole numbers above are not exact. */
const SEED_MAX = Number.MAX_SAFE_INTEGER;
/** More would not fit into one table, or a day. */
const SEEDS_MAX = 1_000_000;
/** The calm at the end takes most of a minute; a day is more than anybody waits for. */
const MINUTES = { from: 0.5, to: 1_440 };

export interface SimWish {
  readonly scenario: ScenarioName;
  readonly seeds: readonly number[];
  /** Whether one seed was asked for, to be told of in detail. */
  readonly one: boolean;
  readonly minutes?: number;
  readonly only?: ReadonlySet<string>;
  /** Of a case: how its world differs from the drawn one. */
  readonly override?: Partial<WorldOptions>;
}

export function parseSimFlags(flags: SimFlags): SimWish {
  const { seed, seeds, onlyDecisions, minutes } = flags;
  if (seed !== undefined && seeds !== undefined)
    throw new CommandError("Cannot simulate --seed and --seeds: expected one of them");
  if (seeds !== undefined && onlyDecisions !== undefined)
    throw new CommandError(
      "Cannot use --only-decisions with --seeds: decisions are of one seed; expected --seed",
    );
  if (seeds !== undefined && flags.trace !== undefined)
    throw new CommandError("Cannot write --trace of many seeds: expected --seed");
  const kept = onlyDecisions === undefined ? null : readDecisions(onlyDecisions);
  return {
    scenario: parseScenario(flags.scenario ?? kept?.scenario ?? "standard"),
    seeds: seeds === undefined ? [parseSeed("--seed", seed ?? kept?.seed ?? "1")] : parseSeeds(seeds),
    one: seeds === undefined,
    ...(minutes === undefined ? {} : { minutes: parseMinutes(minutes) }),
    ...(kept === null ? {} : { only: kept.only, override: kept.override }),
  };
}

export function parseScenario(name: string): ScenarioName {
  const names = Object.keys(SCENARIOS);
  if (names.includes(name)) return name as ScenarioName;
  const near = nearestTo(name, names);
  const hint = near.length === 0 ? "" : ` (did you mean ${near.join(" or ")}?)`;
  throw new CommandError(`Cannot simulate scenario ${name}: expected one of ${names.join(", ")}${hint}`);
}

export function parseSeed(flag: string, text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed <= SEED_MAX) return seed;
  throw new CommandError(`Cannot simulate ${flag} ${text}: expected a whole number up to ${SEED_MAX}`);
}

export function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (text.trim() !== "" && minutes >= MINUTES.from && minutes <= MINUTES.to) return minutes;
  throw new CommandError(
    `Cannot simulate --minutes ${text}: expected a number from ${MINUTES.from} to ${MINUTES.to}`,
  );
}

export function parseJobs(text: string): number {
  const jobs = Number(text);
  if (/^\d+$/.test(text) && jobs >= 1 && jobs <= 256) return jobs;
  throw new CommandError(`Cannot use --jobs ${text}: expected a whole number from 1 to 256`);
}

function parseSeeds(text: string): number[] {
  const match = /^(\d+)\.\.(\d+)$/.exec(text);
  if (match === null)
    throw new CommandError(`Cannot simulate --seeds ${text}: expected A..B, such as 1..200`);
  const [from, to] = [parseSeed("--seeds", match[1]!), parseSeed("--seeds", match[2]!)];
  if (to < from || to - from >= SEEDS_MAX)
    throw new CommandError(
      `Cannot simulate --seeds ${text}: expected the smaller first, and at most ${SEEDS_MAX} seeds`,
    );
  return Array.from({ length: to - from + 1 }, (_, k) => from + k);
}

interface Kept {
  readonly only: ReadonlySet<string>;
  readonly override: Partial<WorldOptions>;
  /** Where the file says them. */
  readonly seed?: string;
  readonly scenario?: string;
}

/** A JSON list of ids; or an object with one under `decisions`: what `sim --json` prints, or a case of tests/simulation/corpus, which says its world, too. */
function readDecisions(file: string): Kept {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new CommandError(`Cannot read decisions from ${file}: ${(error as Error).message}`);
  }
  const found = v.safeParse(KEPT, Array.isArray(read) ? { decisions: read } : read);
  if (!found.success)
    throw new CommandError(
      `Cannot use the decisions in ${file}: expected a JSON list of ids such as "n1→bus/message dropped#17", or an object with one under "decisions"`,
    );
  const { decisions, override, seed, scenario } = found.output;
  return {
    only: new Set(decisions),
    override,
    ...(seed === undefined ? {} : { seed: String(seed) }),
    ...(scenario === undefined ? {} : { scenario }),
  };
}

const KEPT = v.object({
  decisions: v.array(v.pipe(v.string(), v.regex(/\/.+#\d+$/))),
  override: v.optional(v.record(v.string(), v.union([v.number(), v.boolean()])), {}),
  seed: v.optional(v.number()),
  scenario: v.optional(v.string()),
});
