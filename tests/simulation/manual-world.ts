/** A simulated world that the test drives: time passes when the test says so, and without faults every message arrives. */
import { Checkers } from "../../sim/cluster/checkers/mod.ts";
import { drawOptions, type WorldOptions } from "../../sim/cluster/options.ts";
import { SimulatedCluster } from "../../sim/cluster/simulated-cluster.ts";

export type Families = Pick<WorldOptions, "network" | "bus" | "disk" | "node" | "feed" | "client">;

/** Options without faults; `change` adds faults by family. */
export function calmOptions(
  change: { [Family in keyof Families]?: Partial<Families[Family]> } = {},
): WorldOptions {
  const drawn = drawOptions(1, "standard", undefined);
  const zero = <Family extends object>(family: Family): Family =>
    Object.fromEntries(Object.keys(family).map((name) => [name, 0])) as Family;
  return {
    ...drawn,
    network: {
      ...zero(drawn.network),
      latencyUs: 100,
      partitionMsMax: 5_000,
      tailMsMax: 1_000,
      ...change.network,
    },
    bus: { ...zero(drawn.bus), dedupeWindowMs: 120_000, syncEveryMs: 1_000, ...change.bus },
    disk: { ...zero(drawn.disk), writeUs: 20, syncUs: 100, ...change.disk },
    node: { ...zero(drawn.node), pauseMsMax: 1_000, restartMsMax: 1_000, ...change.node },
    feed: { ...zero(drawn.feed), ...change.feed },
    client: { ...zero(drawn.client), ...change.client },
  };
}

export function manualWorld(
  options = calmOptions(),
  only: ReadonlySet<string> | null = null,
): SimulatedCluster {
  const checkers = new Checkers({ aheadMaxUs: 1e7 });
  return new SimulatedCluster({ seed: 1, options, recorded: null, only, checkers, write: null });
}

/** Lets `ms` of the world's time pass; promise reactions run after each event. */
export async function pass(world: SimulatedCluster, ms: number): Promise<void> {
  const untilUs = world.nowUs + ms * 1000;
  await turn();
  for (let entry = world.queue.next(untilUs); entry !== null; entry = world.queue.next(untilUs)) {
    entry.act!();
    await turn();
  }
  world.queue.nowUs = Math.max(world.queue.nowUs, untilUs);
}

/** Lets time pass, a little in each turn of the event loop, while a test awaits the world. The returned function stops it. */
export function flow(world: SimulatedCluster): () => void {
  let flowing = true;
  let busy = false;
  const step = async (): Promise<void> => {
    if (!flowing) return;
    if (!busy) {
      busy = true;
      await pass(world, 0.1);
      busy = false;
    }
    setImmediate(() => void step());
  };
  setImmediate(() => void step());
  return () => {
    flowing = false;
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
