/** The program that runs, as a command to run it once more beside: from the sources and from the built file alike. */
import process from "node:process";

export function ownProgram(): [string, ...string[]] {
  const script = process.argv[1] ?? "";
  if ("Deno" in globalThis) return [process.execPath, "run", "-A", script];
  // A debugger can hold one process only.
  const flags = process.execArgv.filter((flag) => !flag.startsWith("--inspect"));
  return [process.execPath, ...flags, script];
}
