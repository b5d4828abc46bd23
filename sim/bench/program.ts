/** Other processes of a benchmark, on the runtime that runs this one. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ownProgram } from "../../actors/workers/own-program.ts";
import { EigenwatchError } from "../../protocol/errors.ts";

/** Root of the checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUNDLE = join(ROOT, "dist", "eigenwatch.mjs");

export function runtimeName(): string {
  const deno = (globalThis as { Deno?: { version: { deno: string } } }).Deno;
  return deno ? `Deno ${deno.version.deno}` : `Node ${process.versions.node}`;
}

/** Starts the program from its sources with these arguments. */
export function startProgram(args: readonly string[], stdio: StdioOptions): ChildProcess {
  const [command, ...own] = ownProgram();
  return spawn(command, [...own, ...args], { stdio });
}

/** Starts another script instead. What makes a runtime read TypeScript is left out for JavaScript. */
export function startScript(
  path: string,
  args: readonly string[],
  stdio: StdioOptions,
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const [command, ...own] = ownProgram();
  const flags = path.endsWith(".ts") || "Deno" in globalThis ? own.slice(0, -1) : [];
  return spawn(command, [...flags, path, ...args], { stdio, env: { ...process.env, ...environment } });
}

/** Starts the built program, which is ready sooner. Throws where it was not built. */
export function startBuilt(
  args: readonly string[],
  stdio: StdioOptions,
  environment?: Readonly<Record<string, string>>,
): ChildProcess {
  if (existsSync(BUNDLE)) return startScript(BUNDLE, args, stdio, environment);
  throw new EigenwatchError({
    action: "run the built program",
    value: `${BUNDLE} is missing`,
    expected: "`npm run build` before",
    kind: "unavailable",
  });
}

/**
 * Command and arguments of the built program where there is one, else of its sources: a node that starts from its sources takes seconds of a
 * processor, and the take-over beside it waits for them.
 */
export function builtProgram(): string[] {
  const [runtime, ...args] = ownProgram();
  if (!existsSync(BUNDLE)) return [runtime, ...args];
  return "Deno" in globalThis ? [runtime, "run", "-A", BUNDLE] : [runtime, BUNDLE];
}

/** The address of a program that was started with --json, once it listens. Throws when it ends before. */
export async function urlOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const { what, url } = JSON.parse(line) as Record<string, unknown>;
    if (what !== "listening") continue;
    child.stdout!.resume();
    return String(url);
  }
  throw new EigenwatchError({
    action: "start the built program",
    value: "it has ended",
    expected: "a line with its address",
    kind: "failed",
  });
}

export function exited(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

/** Resolves when the signal has ended the process. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = exited(child);
  child.kill(signal);
  await gone;
}
