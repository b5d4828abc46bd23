/**
 * Suite `effect`: what `measurementEffect` says of marked events, through the shipped core with its default settings: p-values where nothing
 * happens, and how often it finds that something does.
 *
 *   rows without an end ─► placebo times ─► thirty marks of three types, four windows apart ─► p of each, and the types found
 *
 * Eight channels share a factor that makes up half of each. After a mark of type `all` it is gone for a window, after one of `half` half of it;
 * after one of `none` nothing changes. In further worlds the steps of the channels are the rows of the processes of `arl` that change nothing:
 * heavy tails, one side, counts, volatility in clusters. All thirty marks of those are of type `none`. The same seeds give the same table.
 */
import { createFrame } from "../../../protocol/frame.ts";
import type { Input } from "../../../protocol/messages.ts";
import { defaultSettings } from "../../../protocol/settings.ts";
import { Variates } from "../../worlds/model/variates.ts";
import { NULLS } from "./arl-nulls.ts";
import {
  decimals,
  type Figure,
  left,
  meanOf,
  right,
  type Scored,
  type Suite,
  type SuiteJob,
  tableOf,
} from "./suite.ts";
import { type TimedInput, throughCore } from "./through-core.ts";

interface Job extends SuiteJob {
  readonly seed: number;
  /** Of LAWS; absent: the world with effects. */
  readonly law?: string;
}

type Strength = "none" | "half" | "all";

interface Result {
  readonly p: Record<Strength, number[]>;
  readonly found: readonly string[];
}

const CHANNELS = 8;
const SECOND_US = 1_000_000;
const START_US = 1_700_000_000_000_000;
const MARKS = 10;
const KEPT: Readonly<Record<Strength, number>> = { none: 1, half: 0.5, all: 0 };
const STRENGTHS: readonly Strength[] = ["none", "half", "all"];

/** Alone a channel has no state of several that an effect could change. */
const LAWS = NULLS.filter(({ n, promised }) => promised && n > 1);

/** √n·D that the largest of so many, each of uniform p-values, exceeds once in a hundred (the first term of its series). */
function kolmogorovMost(count: number): number {
  return Math.sqrt(-Math.log(0.01 / count / 2) / 2);
}

export const effect: Suite<Job, Result> = {
  options: ["seeds"],
  jobs: ({ seeds }) =>
    [undefined, ...LAWS.map(({ name }) => name)].flatMap((law) =>
      Array.from({ length: seeds }, (_, k) => ({
        name: `${law ?? "factor"} seed ${k + 1}`,
        seed: k + 1,
        ...(law === undefined ? {} : { law }),
      })),
    ),

  run({ seed, law }) {
    const p: Result["p"] = { none: [], half: [], all: [] };
    const found: string[] = [];
    const variates = new Variates(seed, "effect");
    const process = LAWS.find(({ name }) => name === law);
    const steps =
      process === undefined ? sharing(variates) : withoutEffects(process.n, process.start(variates));
    const others = ["estimator", "collapse", "anomaly", "arrivals", "incidents", "monitor"];
    throughCore({
      seed,
      source: "effect",
      startUs: START_US,
      settings: {
        ...Object.fromEntries(others.map((name) => [name, { enabled: false }])),
        measurementEffect: { enabled: true },
      },
      declarations: [
        {
          group: "g",
          channels: Array.from({ length: steps.channels }, (_, c) => ({
            name: `c${c}`,
            title: "",
            unit: "",
          })),
          sampling: "rows",
          everyUs: SECOND_US,
          innovation: "difference",
        },
      ],
      inputs: world(steps),
      event({ kind, detail }) {
        if (kind === "effect.measured") p[detail["mark"] as Strength].push(Number(detail["p"]));
        if (kind === "effect.found") found.push(String(detail["mark"]));
      },
    });
    return { p, found };
  },

  report(scored) {
    const withEffects = scored.filter(({ job }) => job.law === undefined).map(({ result }) => result);
    const rows = LAWS.map(({ name }) => rowOf(name, scored)).filter(({ runs }) => runs > 0);
    return {
      tables: [
        tableOf(`p-values of marks after which nothing happens, ${STRENGTHS.length * MARKS} a run`, rows, [
          left("law", ({ law }) => law),
          right("runs", ({ runs }) => String(runs)),
          right("√n·D", ({ distance }) => decimals(distance, 2)),
          ...LEVELS.map((level) =>
            right(`p ≤ ${level}`, (row: LawRow) => decimals(shareOf(row.p, level), 4)),
          ),
          right("found in", ({ found }) => decimals(found, 2)),
        ]),
      ],
      figures: [
        ...(withEffects.length === 0 ? [] : figuresOf(withEffects)),
        ...(rows.length === 0
          ? []
          : [
              {
                name: `√n·D of the first marks, largest of ${rows.length} laws without effects`,
                value: Math.max(...rows.map(({ distance }) => distance)),
                target: { atMost: kolmogorovMost(rows.length) },
              },
              {
                name: "runs in which a type without an effect is found, largest of these laws",
                value: Math.max(...rows.map(({ found }) => found)),
                target: { atMost: 0.1 },
              },
            ]),
      ],
    };
  },
};

const LEVELS = [0.01, 0.05, 0.1];

interface LawRow {
  readonly law: string;
  readonly runs: number;
  readonly p: readonly number[];
  /** Of the first marks of the runs from the uniform distribution. */
  readonly distance: number;
  /** Share of runs. */
  readonly found: number;
}

function rowOf(law: string, scored: readonly Scored<Job, Result>[]): LawRow {
  const results = scored.filter(({ job }) => job.law === law).map(({ result }) => result);
  const runs = results.length;
  const found = runs === 0 ? 0 : meanOf(results.map((result) => Number(result.found.length > 0)))!;
  const first = results.flatMap(({ p }) => p.none.slice(0, 1));
  return { law, runs, p: results.flatMap(({ p }) => p.none), distance: kolmogorov(first), found };
}

function shareOf(p: readonly number[], level: number): number | null {
  return meanOf(p.map((value) => Number(value <= level)));
}

function figuresOf(results: readonly Result[]): Figure[] {
  const of = (strength: Strength) => results.flatMap(({ p }) => p[strength]);
  const foundIn = (strength: Strength) =>
    meanOf(results.map(({ found }) => Number(found.includes(strength))));
  const first = results.map(({ p }) => p.none[0]!);
  return [
    {
      name: `p-values of the first mark of each run without an effect: Kolmogorov–Smirnov √n·D, ${first.length} runs`,
      value: kolmogorov(first),
      target: { atMost: kolmogorovMost(1) },
    },
    ...LEVELS.map((level) => ({
      name: `marks without an effect with p ≤ ${level}, ${of("none").length} marks`,
      value: shareOf(of("none"), level),
      decimals: 4,
    })),
    {
      name: "runs in which the type without an effect is found",
      value: foundIn("none"),
      target: { atMost: 0.1 },
    },
    ...(["half", "all"] as const).flatMap((strength) => [
      {
        name: `marks after which ${strength} of the factor is gone, p ≤ 0.05`,
        value: shareOf(of(strength), 0.05),
      },
      {
        name: `types after whose marks ${strength} of it is gone, found within ${MARKS} marks`,
        value: foundIn(strength),
      },
    ]),
  ];
}

/** What the rows of a world are made of. */
interface Steps {
  readonly channels: number;
  /** Of the mark of each turn. */
  typeOf(turn: number): Strength;
  /** Writes what each channel moves by in the next row; `kept`: the share of the common factor that is there. */
  next(steps: Float64Array, kept: number): void;
}

function sharing(variates: Variates): Steps {
  return {
    channels: CHANNELS,
    typeOf: (turn) => STRENGTHS[turn % STRENGTHS.length]!,
    next(steps, kept) {
      const common = variates.normal();
      for (let c = 0; c < CHANNELS; c++)
        steps[c] = Math.sqrt(kept / 2) * common + Math.sqrt(1 - kept / 2) * variates.normal();
    },
  };
}

function withoutEffects(channels: number, next: (steps: Float64Array) => void): Steps {
  return { channels, typeOf: () => "none", next };
}

/** Marks come with the row before them; those of the types take turns. */
function* world({ channels, typeOf, next }: Steps): Generator<TimedInput> {
  const { windowRows, placebos } = defaultSettings().measurementEffect;
  const warm = (placebos + 2) * 2 * windowRows;
  const apart = 4 * windowRows;
  const rows = warm + STRENGTHS.length * MARKS * apart + 2 * windowRows;
  const frame = createFrame("effect", "g", channels);
  const value = new Float64Array(channels);
  const steps = new Float64Array(channels);
  for (let row = 0; row < rows; row++) {
    const timeUs = START_US + row * SECOND_US;
    const turn = Math.floor((row - warm) / apart);
    const since = row - warm - turn * apart;
    const isMarked = turn >= 0 && turn < STRENGTHS.length * MARKS;
    next(steps, isMarked && since > 0 && since <= windowRows ? KEPT[typeOf(turn)] : 1);
    for (let c = 0; c < channels; c++) {
      value[c] = value[c]! + steps[c]!;
      frame.time[c] = timeUs;
      frame.channel[c] = c;
      frame.value[c] = value[c]!;
    }
    frame.count = channels;
    frame.sequence = row + 1;
    yield { timeUs, input: frame };
    if (isMarked && since === 0) yield { timeUs, input: marked(typeOf(turn)) };
  }
}

function marked(type: string): Input {
  const body = { type, title: "", group: "g", channels: [] };
  return { type: "command", name: "mark", body, author: { id: "bench" }, source: "bench", sequence: 0 };
}

/** √n times the largest distance of the empirical distribution from the uniform one. */
function kolmogorov(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  return (
    Math.sqrt(n) *
    sorted.reduce((most, x, k) => Math.max(most, Math.abs(x - k / n), Math.abs((k + 1) / n - x)), 0)
  );
}
