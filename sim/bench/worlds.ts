/** Speed of each synthetic world, and of an injection into a walk. */

import { RECORDED_START_US } from "../../actors/feeds/synth.ts";
import { Walk } from "../../actors/feeds/walk.ts";
import { createFrame } from "../../protocol/frame.ts";
import type { Channels } from "../../protocol/messages.ts";
import { createOverlay } from "../worlds/overlay.ts";
import { injectableNames, SCENARIOS } from "../worlds/scenarios.ts";
import { createRun } from "../worlds/worlds.ts";
import { check } from "./measure.ts";
import type { BenchRow } from "./row.ts";

/** Runs are repeated for at least this long. */
const LEAST_MS = 300;

export function benchWorlds(): BenchRow[] {
  return [...SCENARIOS.map(({ name }) => benchWorld(name)), ...injectableNames().map(benchOverlay)];
}

function benchWorld(name: string): BenchRow {
  let samples = 0;
  let seed = 1;
  samplesOfRun(name, seed++);
  const before = performance.now();
  while (performance.now() - before < LEAST_MS) samples += samplesOfRun(name, seed++);
  const seconds = (performance.now() - before) / 1000;
  return { name: `world ${name}`, value: samples / seconds, unit: "samples/s" };
}

function samplesOfRun(name: string, seed: number): number {
  const run = createRun(name, { seed, strength: 1, group: name }, RECORDED_START_US);
  let samples = 0;
  for (let piece = run.next(); piece !== null; piece = run.next())
    samples +=
      piece.type === "frame"
        ? piece.count
        : piece.type === "measurementRecord"
          ? piece.current.length / 8
          : 1;
  check(samples > 0 && run.truth.length > 0, `samples and something to find in ${name} with seed ${seed}`);
  return samples;
}

const CHANNELS = 16;

function benchOverlay(scenario: string): BenchRow {
  const declaration: Channels = {
    type: "channels",
    group: "walk",
    source: "walk",
    channels: Array.from({ length: CHANNELS }, (_, k) => ({ name: `c${k}`, title: "", unit: "" })),
    sampling: "rows",
    everyUs: 1000,
    innovation: "difference",
  };
  const window = { fromUs: 20_000, untilUs: Number.MAX_SAFE_INTEGER };
  const overlay = createOverlay({ scenario, strength: 1, seed: 1, declaration, author: "bench", ...window });
  const walk = new Walk(CHANNELS, 1, 0, 1000);
  const frame = createFrame("walk", "walk", 256);
  let samples = 0;
  const before = performance.now();
  while (performance.now() - before < LEAST_MS)
    for (let k = 0; k < 100; k++) {
      walk.fill(frame, 256);
      overlay.apply(frame);
      samples += 256;
    }
  const seconds = (performance.now() - before) / 1000;
  return { name: `injection of ${scenario} into walks`, value: samples / seconds, unit: "samples/s" };
}
