/** Other processes of a benchmark, on the runtime that runs this one. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ownProgram } from "../../actors/workers/own-program.ts";

/** Root of the checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

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
export function startScript(path: string, args: readonly string[], stdio: StdioOptions): ChildProcess {
  const [command, ...own] = ownProgram();
  const flags = path.endsWith(".ts") || "Deno" in globalThis ? own.slice(0, -1) : [];
  return spawn(command, [...flags, path, ...args], { stdio });
}

export function exited(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once("exit", () => resolve()));
}
