/**
 * What a user waits for and keeps: the time from the start of the program to its address, beside a bare start of the runtime and the sources, and
 * the size of an installation for use, beside one for development.
 */
import type { ChildProcess, StdioOptions } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, inTemporaryFolder } from "./measure.ts";
import { end, exited, ROOT, startBuilt, startProgram, startScript, urlOf } from "./program.ts";
import { type BenchRow, compared } from "./row.ts";
import { inTurns } from "./turns.ts";

const READY_MS = 300;
const INSTALLED_MB = 60;

const UP = ["--feed", "walk?channels=16&rate=100", "--port", "0", "--json"];

export async function benchStart(): Promise<BenchRow[]> {
  return [await readyRow(), installedRow()];
}

/** `npm start` runs the built program after a look at what is installed and built. */
function readyRow(): Promise<BenchRow> {
  return inTemporaryFolder(async (folder) => {
    const nothing = join(folder, "nothing.mjs");
    writeFileSync(nothing, "");
    const task = join(ROOT, ".ci", "task.mjs");
    const { start, built, sources, bare } = await inTurns(
      {
        start: () => readyMs((stdio) => startScript(task, ["start", ...UP], stdio)),
        built: () => readyMs((stdio) => startBuilt(["up", ...UP], stdio)),
        sources: () => readyMs((stdio) => startProgram(["up", ...UP], stdio)),
        bare: () => endedMs(() => startScript(nothing, [], "ignore")),
      },
      { warmUpMs: 0 },
    );
    return compared(
      { name: "start: what `npm start` runs → its address", unit: "ms", runs: start },
      { "the built program alone": built, "its sources": sources, "a script that does nothing": bare },
      { atMost: READY_MS },
    );
  });
}

async function readyMs(start: (stdio: StdioOptions) => ChildProcess): Promise<number> {
  const startedMs = performance.now();
  const child = start(["ignore", "pipe", "inherit"]);
  await urlOf(child);
  const ms = performance.now() - startedMs;
  await end(child, "SIGINT");
  return ms;
}

async function endedMs(start: () => ChildProcess): Promise<number> {
  const startedMs = performance.now();
  await exited(start());
  return performance.now() - startedMs;
}

interface LockEntry {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

/** What is here of the packages of package-lock.json. npm leaves out the binaries of TypeScript with TypeScript (.ci/install.mjs). */
function installedRow(): BenchRow {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockEntry>;
  };
  const here = Object.entries(packages).filter(([path]) => path !== "" && existsSync(join(ROOT, path)));
  const isForUse = ([path, { dev, devOptional }]: (typeof here)[number]) =>
    dev !== true && devOptional !== true && !path.includes("/@typescript/");
  const forUse = here.filter(isForUse);
  check(forUse.length > 0 && forUse.length < here.length, "a checkout with the packages for development");
  const [use, all] = [sizeOf(forUse), sizeOf(here)];
  return compared(
    {
      name: "start: packages of an installation for use, bytes of their files",
      unit: "MB",
      runs: [use.bytes / 1e6],
      note: `${forUse.length} packages; in blocks of this disk ${(use.onDisk / 1e6).toFixed(1)} MB`,
    },
    { "of one for development": [all.bytes / 1e6] },
    { atMost: INSTALLED_MB },
  );
}

interface Size {
  bytes: number;
  onDisk: number;
}

function sizeOf(packages: readonly (readonly [path: string, LockEntry])[]): Size {
  const size = { bytes: 0, onDisk: 0 };
  for (const [path] of packages) addSize(join(ROOT, path), size);
  return size;
}

/** Packages in node_modules of another one have entries of their own. */
function addSize(path: string, size: Size): void {
  const found = lstatSync(path);
  size.onDisk += 512 * found.blocks;
  if (!found.isDirectory()) size.bytes += found.size;
  else for (const name of readdirSync(path)) if (name !== "node_modules") addSize(join(path, name), size);
}
