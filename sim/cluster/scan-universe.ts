/** What scans of simulated machines are about. */
import type { Universe } from "../../actors/scan/mod.ts";
import type { Observed } from "./checkers/checker.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export const UNIVERSE_NAME = "simulated";

const SYMBOLS = 24;

/** Symbols of one row: only their names and numbers count. */
export const UNIVERSE: Universe = {
  name: UNIVERSE_NAME,
  data: {
    symbols: Array.from({ length: SYMBOLS }, (_, k) => `S${k}`),
    offsets: Int32Array.from({ length: SYMBOLS + 1 }, (_, k) => k),
    timeUs: new Float64Array(SYMBOLS),
    columns: {},
    market: null,
  },
  defects: new Map(),
};

/** Tells the checkers of a fault that met whoever was at these items. */
export function hindered(
  world: SimulatedCluster,
  how: Observed<"scanHindered">["how"],
  items: readonly number[],
): void {
  const symbols = items.map((item) => UNIVERSE.data.symbols[item]!);
  world.observe({ kind: "scanHindered", atUs: world.nowUs, how, symbols });
}
