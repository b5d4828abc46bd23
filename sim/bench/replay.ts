import type { BenchRow } from "./row.ts";
export async function benchReplay(): Promise<BenchRow[]> { return []; }
