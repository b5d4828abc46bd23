/**
 * Cost of the detectors on one core: n = 16 channels, rows in frames of 256 samples, each detector alone and all together, beside the row
 * assembler that they need; ten thousand detectors of one channel; and density matrices for the trajectory detector, beside a bare loop.
 *
 * Time is CPU time. Each run checks that its detector did its work.
 */
import process from "node:process";
import { StandaloneActor } from "../../actors/core/standalone-actor.ts";
import { anomaly } from "../../actors/detectors/anomaly/detector.ts";
import { changes } from "../../actors/detectors/changes/detector.ts";
import { collapse } from "../../actors/detectors/collapse/detector.ts";
import { entanglement } from "../../actors/detectors/entanglement/detector.ts";
import { estimator } from "../../actors/detectors/estimator/detector.ts";
import { interference } from "../../actors/detectors/interference/detector.ts";
import { measurementEffect } from "../../actors/detectors/measurement-effect/detector.ts";
import { opportunity } from "../../actors/detectors/opportunity/detector.ts";
import { patterns } from "../../actors/detectors/patterns/detector.ts";
import { prediction } from "../../actors/detectors/prediction/detector.ts";
import { risk } from "../../actors/detectors/risk/detector.ts";
import { RowAssembler } from "../../actors/detectors/rows/row-assembler.ts";
import { trajectory } from "../../actors/detectors/trajectory/detector.ts";
import { trend } from "../../actors/detectors/trend/detector.ts";
import { RowReader } from "../../actors/filters/row-reader.ts";
import type { ActorDefinition } from "../../actors/ports/detector.ts";
import { float64Bytes } from "../../protocol/columns.ts";
import type { DensityMatrix } from "../../protocol/messages.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { check, cpuSeconds, median } from "./measure.ts";
import { type BenchRow, compared, limited } from "./row.ts";
import { normals, ROW_US, rowsGroup, uniforms, walkFrames } from "./samples.ts";
import { BARE_LOOP, bareLoop, inTurns } from "./turns.ts";

export const DETECTORS: Readonly<Record<string, ActorDefinition>> = {
  estimator,
  collapse,
  anomaly,
  changes,
  prediction,
  trend,
  patterns,
  measurementEffect,
  entanglement,
  interference,
};
/** Of prices, and off by default: each alone, with returns from row to row. */
const OF_PRICES: Readonly<Record<string, ActorDefinition>> = { risk, opportunity };

const CHANNELS = 16;
const FRAME_SAMPLES = 256;
/** Frames of one turn. */
const FRAMES = 400;
/** States of one turn. */
const STATES = 5000;

/** Samples per second of the row assembler, of each detector after it, and of all together. */
export async function benchDetectors(): Promise<BenchRow[]> {
  const names = Object.keys(DETECTORS);
  const ofPrices = Object.keys(OF_PRICES);
  const unit = "samples/s";
  const contenders: Record<string, () => number> = {
    [BARE_LOOP]: bareLoop,
    "row assembler": samplesPerSecond([]),
    ...Object.fromEntries(names.map((name) => [name, samplesPerSecond([name])])),
    ...Object.fromEntries(ofPrices.map((name) => [name, samplesPerSecond([name])])),
    all: samplesPerSecond(names),
  };
  const runs = await inTurns(contenders);
  const beside = (peer: string) => ({ [peer]: runs[peer]! });
  return [
    compared({ name: "row assembler, n=16", unit, runs: runs["row assembler"]! }, beside(BARE_LOOP), {
      atLeast: 66e6,
    }),
    ...[...names, ...ofPrices].map((name) =>
      compared({ name: `row assembler + ${name}, n=16`, unit, runs: runs[name]! }, beside("row assembler")),
    ),
    compared(
      { name: "all detectors, n=16, frames of 256", unit, runs: runs["all"]! },
      beside("row assembler"),
      { atLeast: 1.5e6 },
    ),
    limited(
      {
        name: "all detectors, rows of n=16",
        unit: "rows/s",
        runs: runs["all"]!.map((rate) => rate / CHANNELS),
      },
      { atLeast: 150_000 },
    ),
    perRow("collapse", runs["collapse"]!),
    perSample("anomaly", runs["anomaly"]!),
    perSample("changes", runs["changes"]!),
    perSample("trend", runs["trend"]!),
    ...(await benchAllocation(names)),
    await benchUnivariate(),
    ...(await benchTrajectory()),
  ];
}

/** `rates`: samples per second of the row assembler and the detector. */
function perRow(name: string, rates: readonly number[]): BenchRow {
  const runs = rates.map((rate) => (CHANNELS * 1e6) / rate);
  return limited({ name: `row assembler + ${name}, a row of n=16`, unit: "µs/row", runs }, { atMost: 10 });
}

function perSample(name: string, rates: readonly number[]): BenchRow {
  const runs = rates.map((rate) => 1e9 / rate);
  return limited(
    { name: `row assembler + ${name}, a sample of n=16`, unit: "ns/sample", runs },
    { atMost: 200 },
  );
}

/** A number that V8 boxes has 12 to 16 bytes: less is none per row. */
const BOXED_BYTES = 12;

/** Rows so far apart that each is judged for itself, µs. */
const SECOND_US = 1_000_000;

/** Bytes that a row leaves on the heap, of the row assembler and each detector: rows a second apart, of which none is averaged with others. */
async function benchAllocation(names: readonly string[]): Promise<BenchRow[]> {
  const turns = await inTurns(Object.fromEntries(names.map((name) => [name, bytesPerRow(name)])));
  return names.map((name) =>
    limited(
      { name: `row assembler + ${name}, allocation, n=16`, unit: "bytes/row", runs: turns[name]! },
      { atMost: BOXED_BYTES },
    ),
  );
}

/** Readings of the heap in one turn. */
const READINGS = 40;
const FRAMES_BETWEEN = 20;

/** A contender: the median growth of the heap. Readings between which memory was collected are left out. */
function bytesPerRow(name: string): () => number {
  const rows = createRows([name], SECOND_US);
  const rowsBetween = (FRAMES_BETWEEN * FRAME_SAMPLES) / CHANNELS;
  return () => {
    const grown: number[] = [];
    let before = process.memoryUsage().heapUsed;
    for (let k = 0; k < READINGS; k++) {
      for (let frame = 0; frame < FRAMES_BETWEEN; frame++) rows.next();
      const after = process.memoryUsage().heapUsed;
      if (after >= before) grown.push((after - before) / rowsBetween);
      before = process.memoryUsage().heapUsed;
    }
    check(grown.length > READINGS / 2, "fewer collections than readings", `${grown.length} readings`);
    return median(grown);
  };
}

const UNIVARIATE = 10_000;
/** More detectors than caches hold, and few enough for any machine. */
const UNIVARIATE_MADE = 1000;
const UNIVARIATE_SECONDS = 30;

/** Share of a core that many anomaly detectors of one channel take, each with a row a second. */
async function benchUnivariate(): Promise<BenchRow> {
  const group = { ...rowsGroup(1), everyUs: 1e6 };
  const settings = parseSettings({});
  const readers = Array.from({ length: UNIVARIATE_MADE }, () => new RowReader(anomaly, settings, group));
  const normal = normals(uniforms(), 4);
  const noise = Float64Array.from({ length: 8191 }, normal);
  const row = new Float64Array(1);
  let second = 0;
  const { percent } = await inTurns({
    percent() {
      const began = cpuSeconds();
      for (let k = 0; k < UNIVARIATE_SECONDS; k++, second++)
        for (let d = 0; d < UNIVARIATE_MADE; d++) {
          row[0] = noise[(second + 17 * d) % noise.length]!;
          readers[d]!.push(second * 1e6, row);
        }
      const seconds = cpuSeconds() - began;
      return (100 * seconds * UNIVARIATE) / (UNIVARIATE_MADE * UNIVARIATE_SECONDS);
    },
  });
  check(
    readers.every(({ machine }) => machine.value !== "warming"),
    "every detector to warm up",
  );
  return limited(
    {
      name: `${UNIVARIATE.toLocaleString("en-US")} univariate detectors at 1 Hz`,
      unit: "% of a core",
      runs: percent,
      note: `${UNIVARIATE_MADE.toLocaleString("en-US")} measured`,
    },
    { atMost: 5 },
  );
}

async function benchTrajectory(): Promise<BenchRow[]> {
  const turns = { two: statesPerSecond(2), sixteen: statesPerSecond(16) };
  const { loop, two, sixteen } = await inTurns({ loop: bareLoop, ...turns });
  const row = (n: number, runs: number[]) =>
    compared({ name: `trajectory, density matrices n=${n}`, unit: "states/s", runs }, { [BARE_LOOP]: loop });
  return [row(2, two), row(16, sixteen)];
}

/** A contender: states per second of the trajectory detector alone; it publishes after every hundredth. */
function statesPerSecond(n: number): () => number {
  const group = { ...rowsGroup(n), states: true };
  const actor = new StandaloneActor(trajectory, parseSettings({}), group, uniforms());
  // Two similar mixtures, so that bounds decide, as they usually do.
  const inputs = [0, 0.01].map((off): DensityMatrix => {
    const re = new Float64Array(n * n);
    for (let i = 0; i < n; i++) re[i * (n + 1)] = i === 0 ? 0.9 - off : (0.1 + off) / (n - 1);
    const im = float64Bytes(new Float64Array(n * n));
    const of = { group: "bench", source: "bench", sequence: 0, timeUs: 0 };
    return { type: "densityMatrix", ...of, n, re: float64Bytes(re), im };
  });
  let states = 0;
  return () => {
    const began = cpuSeconds();
    for (let k = 0; k < STATES; k++) {
      actor.now += 1000;
      actor.input(inputs[k % 2]!);
      if (k % 100 === 0) actor.publish();
    }
    const seconds = cpuSeconds() - began;
    states += STATES;
    check(actor.detector.fields["scalars"]![0] === states, "trajectory to count its states");
    return STATES / seconds;
  };
}

/** A contender: samples per second of the row assembler and these detectors, by CPU time. */
function samplesPerSecond(names: readonly string[]): () => number {
  const rows = createRows(names);
  let frames = 0;
  return () => {
    const began = cpuSeconds();
    for (let k = 0; k < FRAMES; k++) rows.next();
    const seconds = cpuSeconds() - began;
    frames += FRAMES;
    rows.checkAfter(frames);
    return (FRAMES * FRAME_SAMPLES) / seconds;
  };
}

/** 2026: a time of day is too large for a small integer of V8, as times of live rows are. */
const START_US = 1_767_225_600_000_000;

/** A walk through the row assembler and these detectors, frame by frame, without end, with rows `rowUs` apart. */
export function createRows(
  names: readonly string[],
  rowUs = ROW_US,
): { next(): void; checkAfter(frames: number): void } {
  const group = { ...rowsGroup(CHANNELS), everyUs: rowUs };
  const channels = group.channels.map(({ name }) => name).join(",");
  // Sixteen venues of one asset.
  const rates = group.channels.map(({ name }) => `${name}=A/B@v${name}`).join(",");
  const settings = parseSettings({
    risk: { channels },
    opportunity: { channels, rates, transfers: "*=1" },
  });
  const frames = walkFrames(200, FRAME_SAMPLES, CHANNELS);
  const actors = names.map(
    (name) => new StandaloneActor((DETECTORS[name] ?? OF_PRICES[name])!, settings, group, uniforms()),
  );
  const assembler = new RowAssembler(group);
  let [next, time] = [0, START_US];
  return {
    next() {
      const frame = frames[next]!;
      next = (next + 1) % frames.length;
      for (let k = 0; k < FRAME_SAMPLES; k++) frame.time[k] = time + Math.floor(k / CHANNELS) * rowUs;
      time += (FRAME_SAMPLES / CHANNELS) * rowUs;
      const batch = assembler.consume(frame);
      for (const actor of actors) {
        actor.now = time;
        actor.update(batch);
      }
    },
    checkAfter(frames) {
      const rows = (frames * FRAME_SAMPLES) / CHANNELS;
      check(assembler.counts().rows === rows, `${rows} rows`, `${assembler.counts().rows} rows`);
      check(
        actors.every(({ machine }) => machine.value !== "warming"),
        "every detector to warm up",
      );
    },
  };
}
