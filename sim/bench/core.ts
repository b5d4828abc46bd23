import type { BenchRow } from "./row.ts";
export async function benchCore(): Promise<BenchRow[]> { return []; }
