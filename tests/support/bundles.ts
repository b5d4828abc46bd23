/** Test files and the scripts that they start, as bundles where the runner of the tests has made some (bundle-tests.ts), else from their sources. */
import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT, type Runtime } from "../../.ci/runtime.mjs";

/** Programs of tests that run in processes of their own, besides the program itself. */
export const SCRIPTS = [
  "tests/journal/killed-writer.ts",
  "tests/journal/opener.ts",
  "tests/journal/retention-killed.ts",
  "tests/support/run-file.ts",
  "tests/support/run.ts",
  "tests/worlds/worlds-hashes.ts",
] as const;

export type Script = (typeof SCRIPTS)[number];

const RUN_FILE: Script = "tests/support/run-file.ts";

/** Where the bundles are of the run that this process is part of; empty in a process that was started by hand: it runs sources. */
export const BUNDLES = process.env["EIGENWATCH_TEST_BUNDLES"] ?? "";

/** How `runtime` runs a script. */
export function scriptCommand(runtime: Runtime, script: Script): string[] {
  const bundle = bundleOf(script, BUNDLES);
  return bundle === null ? [...runtime.command, join(ROOT, script)] : [...runtime.builtCommand, bundle];
}

/** How `runtime` runs a test file, given relative to the root of a checkout, where bundles of it are in the folder. */
export function testCommand(runtime: Runtime, file: string, folder = BUNDLES, root = ROOT): string[] {
  const [runner, bundle] = [bundleOf(RUN_FILE, folder), bundleOf(file, folder)];
  if (runner === null || bundle === null) return [...runtime.command, join(root, RUN_FILE), file];
  return [...runtime.builtCommand, runner, bundle, file];
}

function bundleOf(file: string, folder: string): string | null {
  const path = join(folder, file.replace(/\.tsx?$/, ".mjs"));
  return folder !== "" && existsSync(path) ? path : null;
}

/** A text with the places of the sources instead of those in bundles. */
export function atSources(text: string): string {
  const maps = new Map<string, SourceMap | null>();
  return text.replace(
    /(file:\/\/\S+?\.mjs):(\d+):(\d+)/g,
    (place, url: string, line: string, column: string) => {
      const path = fileURLToPath(url);
      if (!maps.has(path)) maps.set(path, mapOf(path));
      const found = maps.get(path)?.findEntry(Number(line) - 1, Number(column) - 1);
      if (found === undefined || !("originalSource" in found)) return place;
      const source = relative(ROOT, join(dirname(path), found.originalSource));
      return `${source}:${found.originalLine + 1}:${found.originalColumn + 1}`;
    },
  );
}

function mapOf(path: string): SourceMap | null {
  const map = `${path}.map`;
  return existsSync(map) ? new SourceMap(JSON.parse(readFileSync(map, "utf8"))) : null;
}
