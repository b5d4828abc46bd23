/** Speed of each synthetic world, and of an injection into a walk, beside a bare loop. */

import { RECORDED_START_US } from "../../actors/feeds/synth.ts";
import { Walk } from "../../actors/feeds/walk.ts";
import { createFrame } from "../../protocol/frame.ts";
import type { Channels } from "../../protocol/messages.ts";
import { createOverlay } from "../worlds/overlay.ts";
import { injectableNames, SCENARIOS } from "../worlds/scenarios.ts";
import { createRun } from "../worlds/worlds.ts";
import { check } from "./measure.ts";
import { type BenchRow, compared } from "./row.ts";
import { BARE_LOOP, bareLoop, inTurns, perSecond, TURN_MS } from "./turns.ts";

export async function benchWorlds(): Promise<BenchRow[]> {
  const { [BARE_LOOP]: loop, ...runs } = await inTurns({
    ...Object.fromEntries(SCENARIOS.map(({ name }) => [`world ${name}`, worldTurn(name)])),
    ...Object.fromEntries(
      injectableNames().map((name) => [`injection of ${name} into walks`, overlayTurn(name)]),
    ),
    [BARE_LOOP]: bareLoop,
  } as Record<string, () => number>);
  return Object.entries(runs).map(([name, runs]) =>
    compared({ name, unit: "samples/s", runs }, { [BARE_LOOP]: loop! }),
  );
}

/** A contender: whole runs of the world, each with another seed. */
function worldTurn(name: string): () => number {
  let seed = 1;
  return () => {
    let samples = 0;
    const before = performance.now();
    while (performance.now() - before < TURN_MS) samples += samplesOfRun(name, seed++);
    return (1000 * samples) / (performance.now() - before);
  };
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

function overlayTurn(scenario: string): () => number {
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
  const overlay = createOverlay({
    scenario,
    strength: 1,
    seed: 1,
    declaration,
    author: { author: "bench" },
    ...window,
  });
  const walk = new Walk(CHANNELS, 1, 0, 1000);
  const frame = createFrame("walk", "walk", 256);
  return perSecond(() => {
    walk.fill(frame, 256);
    overlay.apply(frame);
  }, 256);
}
