/** Computes until its stdin ends, for tests beside a busy machine (run.ts). */
import process from "node:process";

/** So long it computes before it looks whether to end. */
const TURN_MS = 50;

process.stdin.on("end", () => process.exit()).resume();
compute();

function compute() {
  const end = Date.now() + TURN_MS;
  while (Date.now() < end);
  setImmediate(compute);
}
