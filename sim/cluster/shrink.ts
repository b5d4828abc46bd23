/**
 * Makes a failing world small: first the world, then the faults it needs.
 *
 *   seed breaks rule R ─► fewer actors, nodes, partitions, clients, feeds, channels, frames, minutes ─► ddmin over its decisions
 *                                    ▲                                                                   │
 *                                    └────────────── once more ──── earlier faults ◄─────────────────────┘
 *
 * The world comes first: it takes a dozen tries, and each success makes all further tries cheaper.
 *
 * S1  Every step keeps a world that breaks the same rule.
 * S2  `mayGoOn` bounds the search: the smallest world found by then is the result.
 */
import type { CorpusCase } from "./corpus.ts";
import { ddmin } from "./ddmin.ts";
import type { WorldOptions } from "./options.ts";
import type { RunRequest, RunResult } from "./run.ts";

export interface Shrinking {
  readonly seed: number;
  readonly scenario: RunRequest["scenario"];
  readonly minutes?: number;
  /** Runs a world; the simulator's own `run`. */
  run(request: RunRequest): Promise<RunResult>;
  mayGoOn(): boolean;
  /** After each run that still fails. */
  progress?(size: WorldSize, runs: number): void;
}

/** Size of a failing run: faults that happened, and samples that feeds sent until it failed. */
export interface WorldSize {
  readonly decisions: number;
  readonly samples: number;
}

export interface Shrunk {
  readonly case: Omit<CorpusCase, "bug" | "mutant">;
  readonly what: string;
  readonly before: WorldSize;
  readonly after: WorldSize;
  readonly runs: number;
}

type Override = Partial<
  Record<
    "nodes" | "partitions" | "clients" | "feedsOfPartition" | "channels" | "framesPerSecond" | "minutes",
    number
  > & { allDetectors: boolean }
>;

/** Null when the seed does not fail. */
export async function shrink(shrinking: Shrinking): Promise<Shrunk | null> {
  const first = await shrinking.run(requestOf(shrinking, null, {}));
  if (first.violation === null) return null;
  const search = new Search(shrinking, first);
  await search.smallerWorld();
  await search.fewerDecisions();
  await search.earlierFaults();
  await search.smallerWorld();
  return search.found();
}

export function sizeOf({ options, decisions, simulatedUs }: RunResult): WorldSize {
  const { partitions, feedsOfPartition, framesPerSecond, channels } = options;
  const frames = partitions * feedsOfPartition * framesPerSecond * (simulatedUs / 1e6);
  return { decisions: decisions.length, samples: Math.ceil(frames * channels) };
}

/** How many times smaller. */
export function factorOf({ before, after }: Pick<Shrunk, "before" | "after">): number {
  return (before.decisions + before.samples) / Math.max(1, after.decisions + after.samples);
}

class Search {
  readonly #shrinking: Shrinking;
  readonly #rule: string;
  readonly #before: WorldSize;
  #best: RunResult;
  #only: readonly string[];
  #override: Override = {};
  #runs = 1;

  constructor(shrinking: Shrinking, first: RunResult) {
    this.#shrinking = shrinking;
    this.#rule = first.violation!.rule;
    this.#before = sizeOf(first);
    this.#best = first;
    this.#only = first.decisions;
  }

  async fewerDecisions(): Promise<void> {
    const { mayGoOn } = this.#shrinking;
    this.#only = await ddmin(this.#only, (some) => this.#fails(some, this.#override), { mayGoOn });
  }

  async smallerWorld(): Promise<void> {
    const { options } = this.#best;
    const [feeds, channels, rate] = [options.feedsOfPartition, options.channels, options.framesPerSecond];
    if (options.allDetectors) await this.#smallest("allDetectors", [false]);
    if (options.nodes > 2) await this.#smallest("nodes", [1, 2]);
    if (options.partitions > 1) await this.#smallest("partitions", [1]);
    if (options.clients > 0) await this.#smallest("clients", below(options.clients));
    if (feeds > 1) await this.#smallest("feedsOfPartition", below(feeds).slice(1));
    if (channels > 1) await this.#smallest("channels", below(channels).slice(1));
    await this.#shorter();
    if (rate > 1) await this.#smallest("framesPerSecond", [1, 2, Math.floor(rate / 2)]);
    await this.#shorter();
  }

  /** Moves each fault to a lower count, which makes the run shorter. Few faults are left, so each is tried alone. */
  async earlierFaults(): Promise<void> {
    for (const decision of this.#only.slice(0, EARLIER_MAX)) {
      const hash = decision.lastIndexOf("#") + 1;
      const index = Number(decision.slice(hash));
      for (const part of [0, 1 / 8, 1 / 4, 1 / 2, 3 / 4]) {
        const sooner = `${decision.slice(0, hash)}${1 + Math.floor(part * index)}`;
        if (!this.#shrinking.mayGoOn() || this.#only.includes(sooner)) break;
        const moved = this.#only.map((other) => (other === decision ? sooner : other));
        if (!(await this.#fails(moved, this.#override))) continue;
        this.#only = moved;
        break;
      }
    }
    await this.#shorter();
  }

  found(): Shrunk {
    const { seed, scenario } = this.#shrinking;
    const override = { ...this.#override };
    // Decisions that did not happen are left out.
    const decisions = [...this.#best.decisions];
    return {
      case: { rule: this.#rule, seed, scenario, override: this.#withMinutes(override), decisions },
      what: this.#best.violation!.what,
      before: this.#before,
      after: sizeOf(this.#best),
      runs: this.#runs,
    };
  }

  /** Takes the first value with which the world still fails. */
  async #smallest<Option extends keyof Override>(
    option: Option,
    values: readonly NonNullable<Override[Option]>[],
  ): Promise<void> {
    for (const value of values) {
      if (!this.#shrinking.mayGoOn()) return;
      const override = { ...this.#override, [option]: value };
      if (!(await this.#fails(this.#only, override))) continue;
      this.#override = override;
      return;
    }
  }

  /** Shortens the period of faults, starting with the shortest. The calm period at the end stays: healing takes time. */
  async #shorter(): Promise<void> {
    const { minutes, calmSeconds } = this.#best.options;
    const least = (calmSeconds + 1) / 60;
    const values = [0, 1 / 16, 1 / 8, 1 / 4, 1 / 2].map((part) => rounded(least + part * (minutes - least)));
    await this.#smallest(
      "minutes",
      values.filter((value) => value < minutes),
    );
  }

  async #fails(only: readonly string[], override: Override): Promise<boolean> {
    this.#runs++;
    const result = await this.#shrinking.run(requestOf(this.#shrinking, only, override));
    if (result.violation?.rule !== this.#rule) return false;
    this.#best = result;
    this.#shrinking.progress?.(sizeOf(result), this.#runs);
    return true;
  }

  /** Minutes given on the command line are not drawn from the seed, so the case contains them. */
  #withMinutes(override: Override): Override {
    const { minutes } = this.#shrinking;
    return minutes === undefined ? override : { minutes, ...override };
  }
}

function requestOf(
  { seed, scenario, minutes }: Shrinking,
  only: readonly string[] | null,
  override: Override,
): RunRequest {
  return {
    seed,
    scenario,
    ...(minutes === undefined ? {} : { minutes }),
    ...(only === null ? {} : { only: new Set(only) }),
    override: override as Partial<WorldOptions>,
  };
}

/** Moving more faults than this would take all the time that is left. */
const EARLIER_MAX = 12;

/** 0 to n − 1. */
function below(n: number): number[] {
  return Array.from({ length: n }, (_, k) => k);
}

function rounded(minutes: number): number {
  return Math.round(minutes * 1000) / 1000;
}
