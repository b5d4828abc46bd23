import type { BenchRow } from "./row.ts";
export async function benchLatency(): Promise<BenchRow[]> { return []; }
