/** A process of its own that does the plain loop of `bench scan`: as many at once as there are cores show what the machine gives. */
import process from "node:process";
import { loadUniverse } from "../../actors/scan/universe/load.ts";
import type { Universe } from "../../actors/scan/universe/universe.ts";
import { answerRequests } from "./child.ts";
import { plainLoops } from "./scan-loop.ts";

const [file] = process.argv.slice(2);
let universe: Universe;

answerRequests({
  async load() {
    ({ universe } = await loadUniverse(file!));
  },
  loops: () => plainLoops(universe),
});
