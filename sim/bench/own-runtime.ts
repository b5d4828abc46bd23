/** How to run another TypeScript file of ours on the runtime that runs this one. */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

export function ownRuntime(): string[] {
  if ("Deno" in globalThis) return [process.execPath, "run", "-A"];
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  const native = major > 22 || (major === 22 && minor >= 18);
  return native ? [process.execPath] : [process.execPath, "--import", "tsx"];
}

export function runtimeName(): string {
  const deno = (globalThis as { Deno?: { version: { deno: string } } }).Deno;
  return deno ? `Deno ${deno.version.deno}` : `Node ${process.versions.node}`;
}

/** Starts a file beside `base` (import.meta.url) with a line-wise JSON conversation over its stdin and stdout. */
export function startBeside(base: string, file: string, args: string[]): ChildProcess {
  const [command, ...flags] = ownRuntime();
  const path = fileURLToPath(new URL(file, base));
  return spawn(command!, [...flags, path, ...args], { stdio: ["pipe", "pipe", "inherit"] });
}
