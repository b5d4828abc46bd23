/**
 * Cost of the detectors on one core: n = 16 channels, rows in frames of 256 samples, each detector alone and all together; and density
 * matrices for the trajectory detector.
 *
 * Time is CPU time. Each figure is the best of several rounds. Each run checks that its detector did its work.
 */
import { StandaloneActor } from "../../actors/core/standalone-actor.ts";
import { anomaly } from "../../actors/detectors/anomaly/detector.ts";
import { collapse } from "../../actors/detectors/collapse/detector.ts";
import { estimator } from "../../actors/detectors/estimator/detector.ts";
import { RowAssembler } from "../../actors/detectors/rows/row-assembler.ts";
import { trajectory } from "../../actors/detectors/trajectory/detector.ts";
import type { ActorDefinition, Group } from "../../actors/ports/detector.ts";
import { float64Bytes } from "../../protocol/columns.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { DensityMatrix } from "../../protocol/messages.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { check, cpuSeconds } from "./measure.ts";
import type { BenchRow } from "./row.ts";

const DEFINITIONS: Record<string, ActorDefinition> = { estimator, collapse, anomaly };
const NAMES = Object.keys(DEFINITIONS);

const CHANNELS = 16;
const FRAME_SAMPLES = 256;
const FRAMES = 200;
const ROUNDS = 12;
const STATES = 5000;
const ROW_US = 1000;

/** Samples per second of the row assembler, of each detector after it, and of all together. */
export function benchDetectors(): BenchRow[] {
  const frames = walk();
  const rows: BenchRow[] = [];
  const assembler = samplesPerSecond(frames, []);
  rows.push({ name: "row assembler, n=16", value: assembler, unit: "samples/s", target: 66_000_000 });
  for (const name of NAMES) {
    const value = samplesPerSecond(frames, [name]);
    rows.push({
      name: `row assembler + ${name}, n=16`,
      value,
      unit: "samples/s",
      ratioTo: "row assembler",
      ratio: value / assembler,
    });
  }
  const all = samplesPerSecond(frames, NAMES);
  rows.push({
    name: "all detectors, n=16, frames of 256",
    value: all,
    unit: "samples/s",
    target: 1_500_000,
    ratioTo: "row assembler",
    ratio: all / assembler,
  });
  for (const n of [2, 16]) {
    rows.push({ name: `trajectory, density matrices n=${n}`, value: statesPerSecond(n), unit: "states/s" });
  }
  return rows;
}

/** States per second of the trajectory detector alone; it publishes after every hundredth. */
function statesPerSecond(n: number): number {
  const group = { ...benchGroup(), n, channels: benchGroup().channels.slice(0, n), states: true };
  const actor = new StandaloneActor(trajectory, parseSettings({}), group, uniforms());
  // Two similar mixtures, so that bounds decide, as they usually do.
  const inputs = [0, 0.01].map((off): DensityMatrix => {
    const re = new Float64Array(n * n);
    for (let i = 0; i < n; i++) re[i * (n + 1)] = i === 0 ? 0.9 - off : (0.1 + off) / (n - 1);
    const im = float64Bytes(new Float64Array(n * n));
    const of = { group: "bench", source: "bench", sequence: 0, timeUs: 0 };
    return { type: "densityMatrix", ...of, n, re: float64Bytes(re), im };
  });
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const began = cpuSeconds();
    for (let k = 0; k < STATES; k++) {
      actor.now += 1000;
      actor.input(inputs[k % 2]!);
      if (k % 100 === 0) actor.publish();
    }
    best = Math.min(best, cpuSeconds() - began);
  }
  check(actor.detector.fields["scalars"]![0] === ROUNDS * STATES, "trajectory to count its states");
  return STATES / best;
}

function samplesPerSecond(frames: readonly Frame[], names: readonly string[]): number {
  const settings = parseSettings({});
  const group = benchGroup();
  const actors = names.map((name) => new StandaloneActor(DEFINITIONS[name]!, settings, group, uniforms()));
  const assembler = new RowAssembler(group);
  let best = Number.POSITIVE_INFINITY;
  let time = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const began = cpuSeconds();
    for (const frame of frames) {
      for (let k = 0; k < FRAME_SAMPLES; k++) frame.time[k] = time + Math.floor(k / CHANNELS) * ROW_US;
      time += (FRAME_SAMPLES / CHANNELS) * ROW_US;
      const batch = assembler.consume(frame);
      for (const actor of actors) {
        actor.now = time;
        actor.update(batch);
      }
    }
    best = Math.min(best, cpuSeconds() - began);
  }
  const rows = (ROUNDS * FRAMES * FRAME_SAMPLES) / CHANNELS;
  check(assembler.counts().rows === rows, `${rows} rows, not ${assembler.counts().rows}`);
  check(
    actors.every(({ machine }) => machine.value !== "warming"),
    "every detector to warm up",
  );
  return (FRAMES * FRAME_SAMPLES) / best;
}

/** Numerical Recipes' linear congruential generator. */
function uniforms(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

function benchGroup(): Group {
  return {
    name: "bench",
    n: CHANNELS,
    channels: Array.from({ length: CHANNELS }, (_, c) => ({ name: `c${c}`, title: "", unit: "" })),
    sampling: "rows",
    everyUs: ROW_US,
    innovation: "difference",
  };
}

/** A walk of 16 channels with a common part. */
function walk(): Frame[] {
  const uniform = uniforms();
  const gauss = () => uniform() + uniform() + uniform() + uniform() - 2;
  const level = new Float64Array(CHANNELS).fill(100);
  return Array.from({ length: FRAMES }, () => {
    const value = new Float64Array(FRAME_SAMPLES);
    for (let r = 0; r < FRAME_SAMPLES / CHANNELS; r++) {
      const common = 0.5 * gauss();
      for (let c = 0; c < CHANNELS; c++) {
        level[c] = level[c]! + 0.01 * (common + gauss());
        value[r * CHANNELS + c] = level[c]!;
      }
    }
    return {
      type: "frame",
      group: "bench",
      source: "bench",
      sequence: 0,
      count: FRAME_SAMPLES,
      time: new Float64Array(FRAME_SAMPLES),
      channel: Uint16Array.from({ length: FRAME_SAMPLES }, (_, k) => k % CHANNELS),
      value,
      size: null,
    };
  });
}
