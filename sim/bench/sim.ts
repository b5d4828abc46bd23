/** The simulator with all checkers: events per second of a core and speed relative to real time, compared with plain replay of a similar log. */
import { createMemoryJournal, Partition } from "../../actors/mod.ts";
import { createScratchFrame } from "../../protocol/frame.ts";
import { simulatedSettings, systemOf } from "../cluster/definitions.ts";
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

/** With the cheap detectors, which most worlds run, and with all of them (sim/cluster/definitions.ts); each beside a replay with the same ones. */
const DETECTORS = { "cheap detectors": false, "all detectors": true } as const;
const SCENARIOS = ["standard", "single"] as const;

export async function benchSim(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [detectors, allDetectors] of Object.entries(DETECTORS)) {
    const replayed = await createReplay(allDetectors);
    const { replaying, ...simulated } = await inTurns({
      standard: simulationTurn("standard", allDetectors),
      single: simulationTurn("single", allDetectors),
      replaying: replayed.turn,
    });
    await replayed.close();
    for (const scenario of SCENARIOS)
      rows.push(...rowsOf(`sim, ${scenario}, ${detectors}`, simulated[scenario], replaying));
  }
  return rows;
}

function rowsOf(name: string, runs: SimulationRun[], replaying: number[]): BenchRow[] {
  return [
    compared(
      {
        name: `${name}, all checkers on`,
        unit: "events/s",
        runs: runs.map(({ events }) => events),
        note: `${SEEDS} seeds a run; target: 40,000, and 1/${REPLAY_TIMES} of plain replay`,
      },
      { "plain replay, inputs/s": replaying },
      { atLeast: Math.max(40_000, median(replaying) / REPLAY_TIMES) },
    ),
    limited(
      { name: `${name}, simulated time`, unit: "× real time", runs: runs.map(({ speed }) => speed) },
      { atLeast: 500 },
    ),
  ];
}

/** Per second of a core. */
interface SimulationRun {
  events: number;
  /** Simulated seconds. */
  speed: number;
}

/** A contender: the next seeds. */
function simulationTurn(
  scenario: "standard" | "single",
  allDetectors: boolean,
): () => Promise<SimulationRun> {
  let seed = 0;
  return async () => {
    let [events, simulatedUs] = [0, 0];
    const started = cpuSeconds();
    for (let k = 0; k < SEEDS; k++) {
      const result = await run({ seed: ++seed, scenario, override: { allDetectors } });
      check(result.violation === null, `no broken rule in seed ${seed} of ${scenario}`);
      events += result.events;
      simulatedUs += result.simulatedUs;
    }
    const seconds = cpuSeconds() - started;
    return { events: events / seconds, speed: simulatedUs / 1e6 / seconds };
  };
}

/** A contender: inputs per second of a replay with verification; frames are as small as the simulator's. */
async function createReplay(
  allDetectors: boolean,
): Promise<{ turn(): Promise<number>; close(): Promise<void> }> {
  const definitions = systemOf({ allDetectors });
  let nowUs = 1e15;
  const journal = createMemoryJournal({});
  const partition = await Partition.open({
    session: "bench",
    partition: "p0",
    journal,
    clock: { nowUs: () => nowUs, monotonicMs: () => nowUs / 1000, after: () => () => {}, soon: setImmediate },
    settings: simulatedSettings(1),
    definitions,
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
      const report = await replay(journal, definitions, { verify: true });
      const seconds = cpuSeconds() - started;
      check(!report.difference, "a replay without differences");
      return report.inputs / seconds;
    },
    close: () => partition.close(),
  };
}
