/**
 * Lets promise reactions run to their end between two events of the queue.
 *
 * Shipped code awaits, so after each event its reactions must have run before the next one acts: else the number of hops that an
 * `await` takes in an engine would show in the order of the world. Two ways, the same result:
 *
 *   drain()   a microtask checkpoint, called by us: 20 ns when nothing waits. V8 has it as an intrinsic (Node), Deno's core as a function.
 *             It works only outside of microtasks, so the world's loop runs in a macrotask.
 *   hop()     a turn of the event loop, before which the runtime runs all microtasks: 1.5 µs. For runtimes without the first.
 *
 * Reactions may queue further reactions without end: that hangs, as it would in the real process.
 */
import { setFlagsFromString } from "node:v8";

/** Null where the runtime has none. */
export const drain: (() => void) | null = ofDeno() ?? ofV8();

export function hop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function ofDeno(): (() => void) | null {
  const deno = (globalThis as { Deno?: Record<symbol, unknown> & { internal?: symbol } }).Deno;
  if (deno?.internal === undefined) return null;
  const { core } = deno[deno.internal] as { core?: { runMicrotasks?: () => void } };
  return core?.runMicrotasks ?? null;
}

function ofV8(): (() => void) | null {
  if ("Deno" in globalThis) return null;
  try {
    // Read by the parser alone, whenever it meets a function; so it stays on for this process.
    setFlagsFromString("--allow-natives-syntax");
    return new Function("%PerformMicrotaskCheckpoint()") as () => void;
  } catch {
    return null;
  }
}
