/**
 * Suite `effect`: what `measurementEffect` says of marked events, through the shipped core with its default settings: p-values where nothing
 * happens, and how often it finds that something does.
 *
 *   rows without an end ─► placebo times ─► thirty marks of three types, four windows apart ─► p of each, and the types found
 *
 * Eight channels share a factor that makes up half of each. After a mark of type `all` it is gone for a window, after one of `half` half of it;
 * after one of `none` nothing changes. The same seeds give the same table.
 */
import { createFrame } from "../../../protocol/frame.ts";
import type { Input } from "../../../protocol/messages.ts";
import { defaultSettings } from "../../../protocol/settings.ts";
import { Variates } from "../../worlds/model/variates.ts";
import { type Figure, meanOf, type Suite, type SuiteJob } from "./suite.ts";
import { type TimedInput, throughCore } from "./through-core.ts";

interface Job extends SuiteJob {
  readonly seed: number;
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

export const effect: Suite<Job, Result> = {
  options: ["seeds"],
  jobs: ({ seeds }) => Array.from({ length: seeds }, (_, k) => ({ name: `seed ${k + 1}`, seed: k + 1 })),

  run({ seed }) {
    const p: Result["p"] = { none: [], half: [], all: [] };
    const found: string[] = [];
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
          channels: Array.from({ length: CHANNELS }, (_, c) => ({ name: `c${c}`, title: "", unit: "" })),
          sampling: "rows",
          everyUs: SECOND_US,
          innovation: "difference",
        },
      ],
      inputs: world(seed),
      event({ kind, detail }) {
        if (kind === "effect.measured") p[detail["mark"] as Strength].push(Number(detail["p"]));
        if (kind === "effect.found") found.push(String(detail["mark"]));
      },
    });
    return { p, found };
  },

  report(scored) {
    const results = scored.map(({ result }) => result);
    const of = (strength: Strength) => results.flatMap(({ p }) => p[strength]);
    const share = (strength: Strength, level: number) => meanOf(of(strength).map((p) => Number(p <= level)));
    const foundIn = (strength: Strength) =>
      meanOf(results.map(({ found }) => Number(found.includes(strength))));
    const first = results.map(({ p }) => p.none[0]!);
    const figures: Figure[] = [
      {
        name: `p-values of the first mark of each run without an effect: Kolmogorov–Smirnov √n·D, ${first.length} runs`,
        value: kolmogorov(first),
        // Exceeded once in a hundred by uniform ones.
        target: { atMost: 1.63 },
      },
      ...[0.01, 0.05, 0.1].map((level) => ({
        name: `marks without an effect with p ≤ ${level}, ${of("none").length} marks`,
        value: share("none", level),
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
          value: share(strength, 0.05),
        },
        {
          name: `types after whose marks ${strength} of it is gone, found within ${MARKS} marks`,
          value: foundIn(strength),
        },
      ]),
    ];
    return { figures };
  },
};

/** Marks come with the row before them; those of the types take turns. */
function* world(seed: number): Generator<TimedInput> {
  const variates = new Variates(seed, "effect");
  const normal = () => variates.normal();
  const { windowRows, placebos } = defaultSettings().measurementEffect;
  const warm = (placebos + 2) * 2 * windowRows;
  const apart = 4 * windowRows;
  const rows = warm + STRENGTHS.length * MARKS * apart + 2 * windowRows;
  const frame = createFrame("effect", "g", CHANNELS);
  const value = new Float64Array(CHANNELS);
  for (let row = 0; row < rows; row++) {
    const timeUs = START_US + row * SECOND_US;
    const turn = Math.floor((row - warm) / apart);
    const since = row - warm - turn * apart;
    const type = STRENGTHS[turn % STRENGTHS.length]!;
    const isMarked = turn >= 0 && turn < STRENGTHS.length * MARKS;
    const kept = isMarked && since > 0 && since <= windowRows ? KEPT[type] : 1;
    const common = normal();
    for (let c = 0; c < CHANNELS; c++) {
      value[c] = value[c]! + Math.sqrt(kept / 2) * common + Math.sqrt(1 - kept / 2) * normal();
      frame.time[c] = timeUs;
      frame.channel[c] = c;
      frame.value[c] = value[c]!;
    }
    frame.count = CHANNELS;
    frame.sequence = row + 1;
    yield { timeUs, input: frame };
    if (isMarked && since === 0) yield { timeUs, input: marked(type) };
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
