/** A small table for the program: walks that move together, and much faster in the second half. */
import { writeFileSync } from "node:fs";
import { normals } from "./random-streams.ts";

/** 2023-11-14T22:13:20Z. */
export const START_S = 1_700_000_000;

/** Factor of the second half: large enough for every detector. */
const FASTER = 6;

/** A wide CSV, one row a second. Half of each step is common to all columns. */
export function walkCsv(rows: number, columns = 3): string {
  const names = Array.from({ length: columns }, (_, k) => `c${k + 1}`);
  const normal = normals(7);
  const values = names.map(() => 0);
  let text = `time,${names.join(",")}\n`;
  for (let row = 0; row < rows; row++) {
    const scale = row < rows / 2 ? 1 : FASTER;
    const common = normal();
    for (let k = 0; k < columns; k++) values[k]! += scale * (common + normal());
    text += `${START_S + row},${values.map((value) => value.toFixed(6)).join(",")}\n`;
  }
  return text;
}

/** Writes the table and returns its path. */
export function walkFile(path: string, rows: number, columns = 3): string {
  writeFileSync(path, walkCsv(rows, columns));
  return path;
}
