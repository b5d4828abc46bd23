/**
 * A copy of the working tree in which one source at a time is changed, and the test files that run in it.
 *
 *   working tree ─copy─► tree ─change─► bundles of the nearest tests ─► one after the other until one fails
 *                                  └──► the built program, before the first test that starts it
 *
 * All is in .tools/mutation/PID/JOB; node_modules and ../shared are linked. Bundles start in a tenth of the time of the sources.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PROGRAM } from "../../.ci/build.mjs";
import type { Runtime } from "../../.ci/runtime.mjs";
import { bundleTests } from "../support/bundle-tests.ts";
import { testCommand } from "../support/bundles.ts";
import { runProcess } from "../support/run-process.ts";
import type { TestFile } from "./test-files.ts";

/** A mutant may make a test slower without changing what it finds. */
const TIMES_SLOWER = 4;
/** Starting a process on a busy machine. */
const START_S = 10;
/** No test file may take longer unchanged. */
const CONTROL_S = 150;
/** The page and the program, on a busy machine. */
const BUILD_S = 60;

export type Verdict = "passes" | "fails" | "late";

export class TreeCopy {
  private readonly tree: string;
  private readonly folder: string;
  private readonly runtime: Runtime;
  /** Seconds of each test file on the unchanged tree; null: it fails there, or is skipped, and can find nothing. */
  private readonly controls: Map<string, number | null>;
  /** Ends the run. */
  private readonly signal: AbortSignal | undefined;
  /** The text of the built program is that of the tree as it is now. */
  private isBuilt = false;

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
  async firstToFail(path: string, text: string, tests: readonly TestFile[]): Promise<Catch | null> {
    await this.controlAll(tests);
    const able = tests.filter((test) => (this.controls.get(test.path) ?? null) !== null);
    const file = join(this.tree, path);
    const before = readFileSync(file);
    writeFileSync(file, text);
    try {
      await this.bundle(able);
      for (const [k, test] of able.entries()) {
        if (this.signal?.aborted) return null;
        const verdict = await this.run(test, START_S + TIMES_SLOWER * this.controls.get(test.path)!);
        if (verdict !== "passes") return { test: test.path, hangs: verdict === "late", tried: k + 1 };
      }
      return null;
    } finally {
      writeFileSync(file, before);
    }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Each test file runs once without a mutant: one that fails then would "catch" everything. */
  private async controlAll(tests: readonly TestFile[]): Promise<void> {
    const unknown = tests.filter(({ path }) => !this.controls.has(path));
    if (unknown.length === 0) return;
    await this.bundle(unknown);
    for (const test of unknown) {
      if (this.signal?.aborted) return;
      const startedMs = performance.now();
      const verdict = await this.run(test, CONTROL_S);
      const seconds = (performance.now() - startedMs) / 1000;
      this.controls.set(test.path, verdict === "passes" ? seconds : null);
    }
  }

  /** Bundles tests of the tree as it is now. */
  private async bundle(tests: readonly TestFile[]): Promise<void> {
    this.isBuilt = false;
    rmSync(this.bundles, { recursive: true, force: true });
    if (tests.length === 0) return;
    await bundleTests(
      tests.map(({ path }) => path),
      this.bundles,
      this.tree,
    );
  }

  private async run(test: TestFile, timeoutS: number): Promise<Verdict> {
    if (test.startsProgram && !this.isBuilt) await this.build();
    const command = testCommand(this.runtime, test.path, this.bundles, this.tree);
    const env = {
      EIGENWATCH_TEST_BUNDLES: this.bundles,
      EIGENWATCH_TEST_PROGRAM: test.startsProgram ? join(this.tree, PROGRAM) : "",
      EIGENWATCH_TEST_STOP: "1",
    };
    const { code, late } = await runProcess(command, timeoutS, env, this.tree);
    return late ? "late" : code === 0 ? "passes" : "fails";
  }

  /** Builds the page and the program of the tree as it is now. */
  private async build(): Promise<void> {
    const command = [...this.runtime.builtCommand, join(this.tree, ".ci", "build.mjs"), "--quiet"];
    const { code, output } = await runProcess(command, BUILD_S, {}, this.tree);
    if (code !== 0) throw new Error(`Cannot build a mutant: ${output}`);
    this.isBuilt = true;
  }

  private get bundles(): string {
    return join(this.folder, "bundles");
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
