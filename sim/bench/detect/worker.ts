/** A process that scores seeds: a line {scenario, form?, seed} in, a line with the scores or the error out. */
import process from "node:process";
import { createInterface } from "node:readline";
import { type DetectCase, scoreSeed } from "./case.ts";

for await (const line of createInterface({ input: process.stdin })) {
  const { seed, ...each } = JSON.parse(line) as DetectCase & { seed: number };
  let answer: unknown;
  try {
    answer = { scores: scoreSeed(each, seed) };
  } catch (error) {
    answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
