/**
 * A copy of the working tree in which one source at a time is changed, and the test files that run in it.
 *
 *   working tree ─copy─► .tools/mutation/PID/JOB/tree, node_modules and ../shared linked
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Runtime } from "../../.ci/runtime.mjs";
import { runProcess } from "../support/run-process.ts";

/** A mutant may make a test slower without changing what it finds. */
const TIMES_SLOWER = 4;
/** Starting a process on a busy machine. */
const START_S = 10;
/** No test file may take longer unchanged. */
const CONTROL_S = 150;

export type Verdict = "passes" | "fails" | "late";

export class TreeCopy {
  private readonly tree: string;
  private readonly folder: string;
  private readonly runtime: Runtime;
  /** Seconds of each test file on the unchanged tree; null: it fails there, or is skipped, and can find nothing. */
  private readonly controls: Map<string, number | null>;

  private readonly signal: AbortSignal | undefined;

  constructor(root: string, folder: string, paths: readonly string[], run: SharedRun) {
    this.folder = folder;
    this.tree = join(folder, "tree");
    this.runtime = run.runtime;
    this.controls = run.controls;
    this.signal = run.signal;
    for (const path of paths) {
      mkdirSync(dirname(join(this.tree, path)), { recursive: true });
      cpSync(join(root, path), join(this.tree, path));
    }
    symlinkSync(join(root, "node_modules"), join(this.tree, "node_modules"));
    const shared = join(root, "..", "shared");
    if (existsSync(shared)) symlinkSync(shared, join(folder, "shared"));
  }

  /** The first of the test files that fails while `path` has this text, or null. */
  async firstToFail(path: string, text: string, tests: readonly string[]): Promise<Catch | null> {
    const file = join(this.tree, path);
    const before = readFileSync(file);
    let tried = 0;
    for (const test of tests) {
      if (this.signal?.aborted) return null;
      const usualS = await this.control(test);
      if (usualS === null) continue;
      tried++;
      writeFileSync(file, text);
      const verdict = await this.run(test, START_S + TIMES_SLOWER * usualS);
      writeFileSync(file, before);
      if (verdict !== "passes") return { test, hangs: verdict === "late", tried };
    }
    return null;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Each test file runs once without a mutant: one that fails then would "catch" everything. */
  private async control(test: string): Promise<number | null> {
    const known = this.controls.get(test);
    if (known !== undefined) return known;
    const startedMs = performance.now();
    const verdict = await this.run(test, CONTROL_S);
    const seconds = verdict === "passes" ? (performance.now() - startedMs) / 1000 : null;
    this.controls.set(test, seconds);
    return seconds;
  }

  private async run(test: string, timeoutS: number): Promise<Verdict> {
    const runner = join(this.tree, "tests", "support", "run-file.ts");
    const { code, late } = await runProcess([...this.runtime.command, runner, test], timeoutS, {}, this.tree);
    return late ? "late" : code === 0 ? "passes" : "fails";
  }
}

/** What the copies of one run have in common. */
export interface SharedRun {
  readonly runtime: Runtime;
  readonly controls: Map<string, number | null>;
  /** Ends the run: no further test file starts. */
  readonly signal: AbortSignal | undefined;
}

export interface Catch {
  readonly test: string;
  /** The test did not end in time. */
  readonly hangs: boolean;
  /** Test files that ran, this one included. */
  readonly tried: number;
}
