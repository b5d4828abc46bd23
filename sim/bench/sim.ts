/** The simulator with all checkers: events per second of a core and speed relative to real time, compared with plain replay of a similar log. */
import { createMemoryJournal, Partition } from "../../actors/mod.ts";
import { createScratchFrame } from "../../protocol/frame.ts";
import { SIMULATED_SYSTEM, simulatedSettings } from "../cluster/definitions.ts";
import { run } from "../cluster/run.ts";
import { replay } from "../recordings/replay/replay.ts";
import { check, cpuSeconds } from "./measure.ts";
import type { BenchRow } from "./row.ts";

const WARM_SEEDS = 3;
const SEEDS = 10;
/** Frames of the replayed log: as many as in some dozens of simulated worlds. */
const REPLAYED_FRAMES = 20_000;
const CHANNELS = 4;

export async function benchSim(): Promise<BenchRow[]> {
  const inputsPerSecond = await replaySpeed();
  const rows: BenchRow[] = [];
  for (const scenario of ["standard", "single"] as const) {
    for (let seed = 1; seed <= WARM_SEEDS; seed++) await run({ seed, scenario });
    let events = 0;
    let simulatedUs = 0;
    const started = cpuSeconds();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = await run({ seed, scenario });
      check(result.violation === null, `no broken rule in seed ${seed} of ${scenario}`);
      events += result.events;
      simulatedUs += result.simulatedUs;
    }
    const seconds = cpuSeconds() - started;
    rows.push(
      {
        name: `sim, ${scenario}, all checkers on`,
        value: events / seconds,
        unit: "events/s",
        target: 300_000,
        ratioTo: "plain replay, inputs/s",
        ratio: events / seconds / inputsPerSecond,
        note: `${SEEDS} seeds, ${Math.round(events / SEEDS)} events and ${Math.round((seconds / SEEDS) * 1000)} ms of a core each`,
      },
      {
        name: `sim, ${scenario}, simulated time`,
        value: simulatedUs / 1e6 / seconds,
        unit: "× real time",
        target: 500,
      },
    );
  }
  return rows;
}

/** Inputs per second of a replay with verification; frames are as small as the simulator's. */
async function replaySpeed(): Promise<number> {
  let nowUs = 1e15;
  const journal = createMemoryJournal({});
  const partition = await Partition.open({
    session: "bench",
    partition: "p0",
    journal,
    clock: { nowUs: () => nowUs, monotonicMs: () => nowUs / 1000, after: () => () => {}, soon: setImmediate },
    settings: simulatedSettings(1),
    definitions: SIMULATED_SYSTEM,
    versions: {},
    recording: null,
    log: () => {},
  });
  const frame = { ...createScratchFrame(), group: "g", source: "walk", count: CHANNELS };
  let ended: () => void = () => {};
  partition.startFeeds([
    {
      source: "walk",
      kind: "live",
      async run(sink) {
        sink.channels({
          type: "channels",
          source: "walk",
          group: "g",
          channels: Array.from({ length: CHANNELS }, (_, k) => ({ name: `c${k}`, title: `c${k}`, unit: "" })),
          sampling: "rows",
          everyUs: 250_000,
          innovation: "difference",
        });
        for (let k = 1; k <= REPLAYED_FRAMES; k++) {
          nowUs += 250_000;
          frame.sequence = k;
          for (let c = 0; c < CHANNELS; c++) {
            frame.time[c] = nowUs;
            frame.channel[c] = c;
            frame.value[c] = ((k * (c + 3) * 7919) % 997) / 100;
          }
          sink.frame(frame);
          await Promise.resolve();
        }
        return new Promise((resolve) => {
          ended = resolve;
        });
      },
      async stop() {
        ended();
      },
    },
  ]);
  await new Promise((resolve) => setImmediate(resolve));
  while (partition.core.sequence < REPLAYED_FRAMES) await new Promise((resolve) => setImmediate(resolve));
  const started = cpuSeconds();
  const report = await replay(journal, SIMULATED_SYSTEM, { verify: true });
  const seconds = cpuSeconds() - started;
  check(!report.difference, "a replay without differences");
  await partition.close();
  return report.inputs / seconds;
}
