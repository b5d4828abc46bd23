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

/** Bundles of the unchanged tree, and those of a mutant. */
type Kind = "control" | "mutant";

export type Verdict = "passes" | "fails" | "late";

export class TreeCopy {
  private readonly tree: string;
  private readonly folder: string;
  private readonly runtime: Runtime;
  /** Seconds of each test file on the unchanged tree; null: it fails there, or is skipped, and can find nothing. */
  private readonly controls: Map<string, number | null>;
  /** Ends the run. */
  private readonly signal: AbortSignal | undefined;
  /** Of which tree the built program is; null: of none, or of a mutant before. */
  private built: Kind | null = null;
  /** The test files whose bundles of the unchanged tree are there. */
  private controlled: readonly TestFile[] = [];

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
    const file = join(this.tree, path);
    const before = readFileSync(file);
    let tried = 0;
    if (this.built === "mutant") this.built = null;
    for (const test of tests) {
      if (this.signal?.aborted) return null;
      const usualS = await this.control(test, tests);
      if (usualS === null) continue;
      writeFileSync(file, text);
      try {
        if (tried++ === 0) await this.bundle("mutant", tests);
        const verdict = await this.run(test, "mutant", START_S + TIMES_SLOWER * usualS);
        if (verdict !== "passes") return { test: test.path, hangs: verdict === "late", tried };
      } finally {
        writeFileSync(file, before);
      }
    }
    return null;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Each test file runs once without a mutant: one that fails then would "catch" everything. `tests` are bundled with it. */
  private async control(test: TestFile, tests: readonly TestFile[]): Promise<number | null> {
    const known = this.controls.get(test.path);
    if (known !== undefined) return known;
    if (!this.controlled.some(({ path }) => path === test.path)) {
      this.controlled = tests.filter(({ path }) => !this.controls.has(path));
      await this.bundle("control", this.controlled);
    }
    const startedMs = performance.now();
    const verdict = await this.run(test, "control", CONTROL_S);
    const seconds = verdict === "passes" ? (performance.now() - startedMs) / 1000 : null;
    this.controls.set(test.path, seconds);
    return seconds;
  }

  /** Bundles tests of the tree as it is now. */
  private async bundle(kind: Kind, tests: readonly TestFile[]): Promise<void> {
    const folder = join(this.folder, kind);
    rmSync(folder, { recursive: true, force: true });
    await bundleTests(
      tests.map(({ path }) => path),
      folder,
      this.tree,
    );
  }

  private async run(test: TestFile, kind: Kind, timeoutS: number): Promise<Verdict> {
    if (test.startsProgram && this.built !== kind) await this.build(kind);
    const folder = join(this.folder, kind);
    const command = testCommand(this.runtime, test.path, folder, this.tree);
    const env = {
      EIGENWATCH_TEST_BUNDLES: folder,
      EIGENWATCH_TEST_PROGRAM: test.startsProgram ? join(this.tree, PROGRAM) : "",
      EIGENWATCH_TEST_STOP: "1",
    };
    const { code, late } = await runProcess(command, timeoutS, env, this.tree);
    return late ? "late" : code === 0 ? "passes" : "fails";
  }

  /** Builds the page and the program of the tree as it is now. */
  private async build(kind: Kind): Promise<void> {
    const command = [...this.runtime.builtCommand, join(this.tree, ".ci", "build.mjs"), "--quiet"];
    const { code, output } = await runProcess(command, BUILD_S, {}, this.tree);
    if (code !== 0) throw new Error(`Cannot build a mutant: ${output}`);
    this.built = kind;
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
