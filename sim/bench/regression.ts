/**
 * Did code of the hot path become slower? Ratios to bare loops, compared with those committed in regression.json. Ratios differ between
 * runtimes: each has its own.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import { check } from "./measure.ts";
import { runtimeName } from "./program.ts";
import { measureRatio, PAIRS } from "./regression-pairs.ts";
import { type BenchRow, limited } from "./row.ts";

/** Slower by this factor fails: a disturbed machine shows up to 1.2. */
const FACTOR = 1.5;

/** Ratios to be committed are measured so often. */
const COMMIT_ATTEMPTS = 4;

const FILE = fileURLToPath(new URL("./regression.json", import.meta.url));
const AGAIN = fileURLToPath(new URL("./regression-again.ts", import.meta.url));

/** Ratios by runtime ("Node 20") and name. */
type Committed = Record<string, Record<string, number>>;

export async function benchRegression({ commit }: { commit?: true | undefined }): Promise<BenchRow[]> {
  const committed = JSON.parse(readFileSync(FILE, "utf8")) as Committed;
  const runtime = /^\w+ \d+/.exec(runtimeName())![0];
  const before = commit ? {} : (committed[runtime] ?? {});
  const ratios: Record<string, number> = {};
  for (const name of Object.keys(PAIRS)) {
    const limit = limitOf(before[name]);
    ratios[name] = measureRatio(name, limit, commit ? COMMIT_ATTEMPTS : 1);
    if (ratios[name] > limit) ratios[name] = Math.min(ratios[name], await measureElsewhere(name, limit));
  }
  if (commit) {
    committed[runtime] = Object.fromEntries(
      Object.entries(ratios).map(([name, ratio]) => [name, Number(ratio.toPrecision(3))]),
    );
    writeFileSync(FILE, `${JSON.stringify(committed, null, 2)}\n`);
  }
  checkRatios(ratios, before);
  return Object.entries(ratios).map(([name, ratio]) => rowOf(name, ratio, before[name]));
}

function limitOf(committed = Number.POSITIVE_INFINITY): number {
  return committed * FACTOR;
}

/** The engine may have compiled a piece of code badly, for good: another process begins anew. */
async function measureElsewhere(name: string, limit: number): Promise<number> {
  const child = new Child(AGAIN, []);
  try {
    return await child.ask<number>("ratio", { name, limit });
  } finally {
    await child.stop();
  }
}

/** Fails with the names of the ratios that are beyond the factor, or no longer measured. */
export function checkRatios(
  ratios: Readonly<Record<string, number>>,
  committed: Readonly<Record<string, number>>,
): void {
  const slower = Object.keys(committed).filter((name) => !(ratios[name]! <= limitOf(committed[name])));
  check(
    slower.length === 0,
    `at most ${FACTOR} × the ratios of sim/bench/regression.json (\`bench regression --commit\` writes new ones)`,
    slower.map((name) => `${name} ${ratios[name]?.toPrecision(3)}, committed ${committed[name]}`).join("; "),
  );
}

function rowOf(name: string, ratio: number, committed: number | undefined): BenchRow {
  const figure = { name: `regression: ${name}`, unit: "× bare", runs: [ratio] };
  if (committed === undefined)
    return { name: figure.name, unit: figure.unit, value: ratio, calibration: true, note: "none committed" };
  const change = ratio / committed;
  const stale = change < 1 / FACTOR ? ": faster, commit the new ratio" : "";
  return limited(
    { ...figure, note: `${change.toFixed(2)} × the committed${stale}` },
    { atMost: committed * FACTOR },
  );
}
