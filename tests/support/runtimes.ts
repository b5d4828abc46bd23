/**
 * The runtimes that must agree bit for bit, for tests that start the program on each of them:
 *
 *     for (const runtime of runtimes()) { const [path, ...args] = runtime.command; spawn(path, [...args, "main.ts", "replay", …]) }
 *
 * A missing runtime is reported through `skip()`, so that no matrix shrinks silently.
 */
import type { Runtime } from "../../.ci/runtime.mjs";
import { findDeno, findNode, findNode24 } from "../../.ci/runtime.mjs";
import { skip } from "./skip.ts";

export type { Runtime };

/** The system's Node, Node 24 and Deno, as far as they are installed. */
export function runtimes(): Runtime[] {
  const node = findNode();
  const found = [node, node?.name === "node24" ? null : findNode24(), findDeno()].filter(
    (runtime) => runtime !== null,
  );
  if (node === null) skip("no Node: install Node 20.15 or later");
  if (!found.some(({ name }) => name === "node24")) skip("no Node 24: node .ci/test-runtimes.mjs fetches it");
  if (!found.some(({ kind }) => kind === "deno")) skip("no Deno: node .ci/test-runtimes.mjs fetches it");
  return found;
}
