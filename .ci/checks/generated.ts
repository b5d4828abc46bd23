/** Documents that are made from the program are up to date. */
import type { Finding } from "./source.ts";

/** `actual`: the text of the file, null where there is none. */
export function checkGenerated(path: string, expected: string, actual: string | null): Finding[] {
  if (actual === expected) return [];
  const message = (what: string) => `${what}: run npm run docs`;
  if (actual === null) return [{ path, line: 1, message: message("does not exist") }];
  const lines = actual.split("\n");
  const first = expected.split("\n").findIndex((line, index) => line !== lines[index]);
  return [{ path, line: Math.max(0, first) + 1, message: message("is out of date") }];
}
