/** The options of `sim` and what they ask for together. */
import { readFileSync } from "node:fs";
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import * as v from "valibot";
import { nearestTo } from "../../protocol/closest-name.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { decimal, type TextValue, wholeNumber } from "../../protocol/text-values.ts";
import type { WorldOptions } from "./options.ts";
import { SCENARIOS, type ScenarioName } from "./scenarios.ts";

/** More would not fit into one table, or a day. */
const SEEDS_MAX = 1_000_000;

const NAMES = Object.keys(SCENARIOS) as ScenarioName[];

/** Whole numbers above are not exact. */
export const seed = wholeNumber(0, Number.MAX_SAFE_INTEGER);

/** A thousand processes of one machine are a typing error. */
export const jobs = wholeNumber(1, 256);

/** The calm at the end takes most of a minute; nobody waits longer than a day. */
export const minutes = decimal(0.5, 1_440);

/** "A..B": all seeds from A to B. */
export const seedRange: TextValue<number[]> = {
  read(text) {
    const [from, to] = (/^(\d+)\.\.(\d+)$/.exec(text) ?? []).slice(1).map((digits) => seed.read(digits));
    if (from === undefined || to === undefined || to < from || to - from >= SEEDS_MAX) return undefined;
    return Array.from({ length: to - from + 1 }, (_, k) => from + k);
  },
  expected: `A..B with A ≤ B, such as 1..200, at most ${SEEDS_MAX} seeds`,
};

export const scenarioOption = () =>
  new Option("--scenario <name>", "kind of world").choices(NAMES).argParser(scenario);

function scenario(text: string): ScenarioName {
  const name = NAMES.find((each) => each === text);
  if (name !== undefined) return name;
  const near = nearestTo(text, NAMES);
  const hint = near.length === 0 ? "" : ` (Did you mean ${near.join(" or ")}?)`;
  throw new InvalidArgumentError(`Expected one of ${NAMES.join(", ")}.${hint}`);
}

export interface SimOptions {
  recording?: string | undefined;
  seed?: number | undefined;
  seeds?: number[] | undefined;
  scenario?: ScenarioName | undefined;
  minutes?: number | undefined;
  onlyDecisions?: string | undefined;
  trace?: string | undefined;
}

export interface SimRequest {
  readonly scenario: ScenarioName;
  readonly seeds: readonly number[];
  readonly minutes?: number;
  readonly only?: ReadonlySet<string>;
  /** Folder of the recording that feeds the worlds. */
  readonly recording?: string;
  /** Of a case: how its world differs from the drawn one. */
  readonly override?: Partial<WorldOptions>;
}

export function requestOf({
  seed,
  seeds,
  scenario,
  minutes,
  onlyDecisions,
  trace,
  recording,
}: SimOptions): SimRequest {
  if (seeds !== undefined) {
    const other = { "--seed": seed, "--only-decisions": onlyDecisions, "--trace": trace };
    const [given] = Object.entries(other).find(([, value]) => value !== undefined) ?? [];
    if (given !== undefined)
      throw new EigenwatchError({
        action: "simulate",
        value: `--seeds and ${given} were given`,
        expected: given === "--seed" ? "one of them" : `--seed with ${given}`,
      });
  }
  const kept = onlyDecisions === undefined ? null : readDecisions(onlyDecisions);
  const name = scenario ?? kept?.scenario ?? "standard";
  if (recording !== undefined) checkBus(name);
  return {
    scenario: name,
    ...(recording === undefined ? {} : { recording }),
    seeds: seeds ?? [seed ?? kept?.seed ?? 1],
    ...(minutes === undefined ? {} : { minutes }),
    ...(kept === null ? {} : { only: kept.only, override: kept.override }),
  };
}

/** A recorded session is sent over the bus. */
function checkBus(name: ScenarioName): void {
  if (SCENARIOS[name].nodes > 0) return;
  throw new EigenwatchError({
    action: "simulate a recording",
    value: `scenario ${name} is a single node without a bus`,
    expected: NAMES.filter((each) => SCENARIOS[each].nodes > 0).join(", "),
    kind: "input",
  });
}

interface Kept {
  readonly only: ReadonlySet<string>;
  readonly override: Partial<WorldOptions>;
  /** Where the file says them. */
  readonly seed?: number;
  readonly scenario?: ScenarioName;
}

/** A JSON list of ids; or an object with one under `decisions`: what `sim --json` prints, or a case of tests/simulation/corpus, which says its world, too. */
function readDecisions(file: string): Kept {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new EigenwatchError({ action: `read decisions from ${file}`, value: (error as Error).message });
  }
  const found = v.safeParse(KEPT, Array.isArray(read) ? { decisions: read } : read);
  if (!found.success)
    throw new EigenwatchError({
      action: `use the decisions in ${file}`,
      value: v.getDotPath(found.issues[0]) ?? "the whole file",
      expected:
        'a JSON list of ids such as "n1→bus/message dropped#17", or an object with one under "decisions"',
      kind: "input",
    });
  const { decisions, override, seed, scenario } = found.output;
  return {
    only: new Set(decisions),
    override,
    ...(seed === undefined ? {} : { seed }),
    ...(scenario === undefined ? {} : { scenario }),
  };
}

const KEPT = v.object({
  decisions: v.array(v.pipe(v.string(), v.regex(/\/.+#\d+$/))),
  override: v.optional(v.record(v.string(), v.union([v.number(), v.boolean()])), {}),
  seed: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  scenario: v.optional(v.picklist(NAMES)),
});
