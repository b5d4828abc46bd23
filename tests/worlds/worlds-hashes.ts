/** Prints the hash of a run of every scenario: what the runtimes are compared by. */
import { SCENARIOS } from "../../sim/worlds/scenarios.ts";
import { createWorld, worldHash } from "./worlds.ts";

for (const { name, usualDurationUs, family } of SCENARIOS) {
  const forms = family === "quantum" ? (["record", "vector", "density"] as const) : [undefined];
  for (const form of forms) {
    const options = { seed: 20_240_501, durationUs: usualDurationUs / 16, strength: 1.5 };
    const run = createWorld(name, form === undefined ? options : { ...options, form });
    console.log(`${name} ${form ?? ""} ${worldHash(run)}`);
  }
}
