import type { BenchRow } from "./row.ts";
export async function benchRecovery(): Promise<BenchRow[]> { return []; }
