/**
 * Suite `shapes`: whether the detector of patterns keeps its promise on channels that draw no shapes, and which of those drawn it finds.
 *
 *   null process, as values and as steps of a walk ─► patterns alone ─► shapes per promised shape
 *   noise, one shape drawn into it early or late   ─► patterns alone ─► found there by its name, and without the shape
 *
 * Promised are 1 − confidence of the paths of each length. A shape in noise is at most as good as chance where the same noise without it has as many.
 */
import exp from "@stdlib/math-base-special-exp";
import { StandaloneActor } from "../../../actors/core/standalone-actor.ts";
import { patterns } from "../../../actors/detectors/patterns/detector.ts";
import type { PatternsSignal } from "../../../actors/detectors/patterns/signals.ts";
import { SHAPE_POINTS, SHAPES } from "../../../actors/kernels/shapes.ts";
import { defaultSettings } from "../../../protocol/settings.ts";
import { Variates } from "../../worlds/model/variates.ts";
import { NULLS_AND_WALKS, type NullProcess } from "./arl-nulls.ts";
import { groupOfSeconds, oneRowBatch } from "./row-by-row.ts";
import { decimals, left, meanOf, right, type Suite, type SuiteJob, tableOf } from "./suite.ts";

const ROWS = 100_000;
/** Rows from one point to the next, of each length of path. */
const STRIDES = [1, 4, 16, 64];
/** Noise with memory φ, and the height of the shape, in standard deviations of its steps. */
const NOISES: readonly { name: string; phi: number; height: number; step: (v: Variates) => number }[] = [
  { name: "normal", phi: 0, height: 8, step: (v) => v.normal() },
  { name: "normal", phi: 0, height: 12, step: (v) => v.normal() },
  { name: "AR(1), φ 0.5", phi: 0.5, height: 8, step: (v) => v.normal() },
  { name: "exponential", phi: 0, height: 12, step: (v) => v.exponential() },
  // Its standard deviation is 2.16.
  { name: "lognormal", phi: 0, height: 16, step: (v) => exp(v.normal()) / 2.16 },
  { name: "random walk", phi: 1, height: 32, step: (v) => v.normal() },
];
/** All shapes, and a spike with three quarters of the path before it. */
const DRAWN = [
  { names: ["spike", "dip"], template: Float64Array.from({ length: SHAPE_POINTS }, (_, k) => +(k === 24)) },
  ...SHAPES,
];
/** Rows of the shortest spikes and of the shortest other shapes. */
const SHORTEST = [2, SHAPE_POINTS - 1];
/** Rows before a shape. */
const BEFORE = [200, 2000];
/** Points by which the end of a shape may be missed. */
const NEAR = 10;

interface Null extends SuiteJob {
  readonly process: number;
}

interface Drawn extends SuiteJob {
  readonly noise: number;
  readonly before: number;
}

interface Counts {
  drawn: number;
  found: number;
}

interface Result {
  /** Of a null process: all that was announced, and the spikes among it. */
  readonly announced: number;
  readonly spikes: number;
  /** Of shapes drawn: those found by their names; all that was announced within the shortest paths, and what of it was near a shape. */
  readonly spike: Counts;
  readonly other: Counts;
  readonly near: number;
  readonly all: number;
  /** Of the same noise without a shape: a find at the same place. */
  readonly chance: Counts;
}

export const shapes: Suite<Null | Drawn, Result> = {
  options: ["seeds"],
  seeds: 40,
  jobs: () => [
    ...NULLS_AND_WALKS.map(({ name }, process) => ({ name, process })),
    ...NOISES.flatMap(({ name, height }, noise) =>
      BEFORE.map((before) => ({ name: `${name}, ${height} high, after ${before}`, noise, before })),
    ),
  ],
  run: (job, { seeds }) => ("process" in job ? onNull(NULLS_AND_WALKS[job.process]!) : onDrawn(job, seeds)),
  report(scored) {
    const nulls = scored.flatMap(({ job, result }) => ("process" in job ? [{ job, result }] : []));
    const drawn = scored.flatMap(({ job, result }) => ("noise" in job ? [{ job, result }] : []));
    const ratio = ({ job, result }: (typeof nulls)[number]) =>
      result.announced / promised(NULLS_AND_WALKS[job.process]!.n);
    const recall = ({ drawn, found }: Counts) => found / drawn;
    return {
      tables: [
        tableOf(`Shapes where there are none, ${ROWS} rows`, nulls, [
          left("process", ({ job }) => job.name),
          right("promised", ({ job }) => decimals(promised(NULLS_AND_WALKS[job.process]!.n), 0)),
          right("announced", ({ result }) => String(result.announced)),
          right("of them spikes", ({ result }) => String(result.spikes)),
          right("per promised", (of) => decimals(ratio(of), 2)),
        ]),
        tableOf("Shapes drawn into noise", drawn, [
          left("noise", ({ job }) => NOISES[job.noise]!.name),
          right("rows before", ({ job }) => String(job.before)),
          right("height, steps", ({ job }) => String(NOISES[job.noise]!.height)),
          right("spikes found", ({ result }) => decimals(recall(result.spike), 2)),
          right("others found", ({ result }) => decimals(recall(result.other), 2)),
          right("precision", ({ result }) => decimals(result.near / result.all, 2)),
          right("found without", ({ result }) => decimals(recall(result.chance), 3)),
        ]),
      ],
      figures: [
        {
          name: "shapes per promised shape, largest",
          value: Math.max(...nulls.map(ratio)),
          target: { atMost: 1 },
        },
        { name: "spikes found, mean", value: meanOf(drawn.map(({ result }) => recall(result.spike))) },
        { name: "other shapes found, mean", value: meanOf(drawn.map(({ result }) => recall(result.other))) },
      ],
    };
  },
};

/** Shapes of n channels that chance may draw. */
function promised(n: number): number {
  const paths = STRIDES.reduce((sum, stride) => sum + ROWS / (SHAPE_POINTS * stride), 0);
  return n * paths * (1 - defaultSettings().patterns.confidence);
}

function onNull(process: NullProcess): Result {
  const variates = new Variates(1, "shapes");
  const next = process.start(variates);
  const result = { ...nothing(), announced: 0, spikes: 0 };
  const watch = watcher(process.n, variates, ({ shape }) => {
    result.announced++;
    if (isSpike(shape)) result.spikes++;
  });
  for (let t = 0; t < ROWS; t++) watch(next);
  return result;
}

/** Each shape `runs` times, every second time upside down. */
function onDrawn({ noise, before }: Drawn, runs: number): Result {
  const result = { ...nothing(), near: 0, all: 0 };
  const variates = new Variates(1, "shapes");
  for (const { names, template } of DRAWN) {
    for (let run = 0; run < runs; run++) {
      const side = run % 2;
      const at = before + variates.whole(40);
      const isNear = (found: PatternsSignal): boolean =>
        Math.abs(found.timeUs / 1e6 - at - SHAPE_POINTS) <= NEAR;
      const drawn = drawnInto(NOISES[noise]!, side === 0 ? template : template.map((y) => -y), at, variates);
      const counts = isSpike(names[0]) ? result.spike : result.other;
      counts.drawn++;
      if (drawn.some((found) => isNear(found) && found.shape === names[side])) counts.found++;
      result.near += drawn.filter(isNear).length;
      result.all += drawn.length;
      result.chance.drawn++;
      if (drawnInto(NOISES[noise]!, null, at, variates).some(isNear)) result.chance.found++;
    }
  }
  return result;
}

/** What is found within the shortest paths of noise with a shape at a row. */
function drawnInto(
  { phi, height, step }: (typeof NOISES)[number],
  template: Float64Array | null,
  at: number,
  variates: Variates,
): PatternsSignal[] {
  const all: PatternsSignal[] = [];
  const watch = watcher(1, variates, (found) => {
    if (SHORTEST.includes(found.rows)) all.push(found);
  });
  const range = template === null ? 1 : Math.max(...template) - Math.min(...template);
  let value = 0;
  for (let t = 0; t < at + 2 * SHAPE_POINTS; t++) {
    value = phi * value + step(variates);
    const place = Math.max(0, Math.min(SHAPE_POINTS - 1, t - at));
    const shape = template === null ? 0 : (height * (template[place]! - template[0]!)) / range;
    watch((x) => {
      x[0] = value + shape;
    });
  }
  return all;
}

/** The detector alone, a row a second: give it what fills the next row. */
function watcher(
  n: number,
  variates: Variates,
  heard: (found: PatternsSignal) => void,
): (fill: (x: Float64Array) => void) => void {
  const actor = new StandaloneActor(patterns, defaultSettings(), groupOfSeconds(n), () => variates.uniform());
  actor.signal = (signal) => heard(signal as PatternsSignal);
  const batch = oneRowBatch(n);
  return (fill) => {
    fill(batch.rowValue);
    actor.now += 1e6;
    batch.rowTime[0] = actor.now;
    actor.update(batch);
  };
}

function isSpike(name: string): boolean {
  return name === "spike" || name === "dip";
}

function nothing(): Result {
  const none = (): Counts => ({ drawn: 0, found: 0 });
  return { announced: 0, spikes: 0, spike: none(), other: none(), near: 0, all: 0, chance: none() };
}
