/** The simulator with all checkers: events per second of a core and speed relative to real time, compared with plain replay of a similar log. */
import { createMemoryJournal, Partition } from "../../actors/mod.ts";
import { createScratchFrame } from "../../protocol/frame.ts";
import { SIMULATED_SYSTEM, simulatedSettings } from "../cluster/definitions.ts";
import { run } from "../cluster/run.ts";
import { replay } from "../recordings/replay/replay.ts";
import { check, cpuSeconds, median } from "./measure.ts";
import { type BenchRow, compared, limited } from "./row.ts";
import { inTurns } from "./turns.ts";

/** Of one turn. */
const SEEDS = 4;
/** Frames of the replayed log: as many as in some dozens of simulated worlds. */
const REPLAYED_FRAMES = 20_000;
const CHANNELS = 4;

/** A checked simulation may cost so many times the replay of an input. */
const REPLAY_TIMES = 4;

export async function benchSim(): Promise<BenchRow[]> {
  const replayed = await createReplay();
  const { standard, single, replaying } = await inTurns({
    standard: simulationTurn("standard"),
    single: simulationTurn("single"),
    replaying: replayed.turn,
  });
  await replayed.close();
  const peers = { "plain replay, inputs/s": replaying };
  const rowsOf = (scenario: string, runs: SimulationRun[]) => [
    compared(
      {
        name: `sim, ${scenario}, all checkers on`,
        unit: "events/s",
        runs: runs.map(({ events }) => events),
        note: `${SEEDS} seeds a run; target: 40,000, and 1/${REPLAY_TIMES} of plain replay`,
      },
      peers,
      { atLeast: Math.max(40_000, median(replaying) / REPLAY_TIMES) },
    ),
    limited(
      { name: `sim, ${scenario}, simulated time`, unit: "× real time", runs: runs.map(({ speed }) => speed) },
      { atLeast: 500 },
    ),
  ];
  return [...rowsOf("standard", standard), ...rowsOf("single", single)];
}

/** Per second of a core. */
interface SimulationRun {
  events: number;
  /** Simulated seconds. */
  speed: number;
}

/** A contender: the next seeds. */
function simulationTurn(scenario: "standard" | "single"): () => Promise<SimulationRun> {
  let seed = 0;
  return async () => {
    let [events, simulatedUs] = [0, 0];
    const started = cpuSeconds();
    for (let k = 0; k < SEEDS; k++) {
      const result = await run({ seed: ++seed, scenario });
      check(result.violation === null, `no broken rule in seed ${seed} of ${scenario}`);
      events += result.events;
      simulatedUs += result.simulatedUs;
    }
    const seconds = cpuSeconds() - started;
    return { events: events / seconds, speed: simulatedUs / 1e6 / seconds };
  };
}

/** A contender: inputs per second of a replay with verification; frames are as small as the simulator's. */
async function createReplay(): Promise<{ turn(): Promise<number>; close(): Promise<void> }> {
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
  return {
    async turn() {
      const started = cpuSeconds();
      const report = await replay(journal, SIMULATED_SYSTEM, { verify: true });
      const seconds = cpuSeconds() - started;
      check(!report.difference, "a replay without differences");
      return report.inputs / seconds;
    },
    close: () => partition.close(),
  };
}
