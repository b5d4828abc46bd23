/** Reads unpacked reference files. Null if the checkout has no reference data. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { shared } from "../support/shared.ts";

export function referenceJson<T>(name: string): T | null {
  const path = shared(name);
  return path === null ? null : (JSON.parse(gunzipSync(readFileSync(path)).toString()) as T);
}

export function referenceText(name: string): string | null {
  const path = shared(name);
  if (path === null) return null;
  const bytes = readFileSync(path);
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
}
