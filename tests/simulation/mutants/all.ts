/**
 * Deliberate bugs: what the checkers and faults of the simulated world must find.
 *
 * Each is a patch of shipped source, applied while the simulator is bundled (build.ts): no seam for it stands in shipped code.
 *
 * M1  `find` stands exactly once in `file`; the patched text differs and still compiles.
 * M2  Each changes what somebody outside can see under some fault: a bug that nobody can ever notice is none.
 * M3  The list was written before the checkers, so that no checker is made for a bug it knows. Patches were fitted to code that came
 *     later; a bug that turned out to change nothing was replaced.
 */
import { CLUSTER_MUTANTS } from "./cluster.ts";
import { CORE_MUTANTS } from "./core.ts";
import { GATEWAY_MUTANTS } from "./gateway.ts";
import { JOURNAL_MUTANTS } from "./journal.ts";
import type { Mutant } from "./mutant.ts";
import { PARTITION_MUTANTS } from "./partition.ts";

export type { Mutant };

export const MUTANTS: readonly Mutant[] = [
  ...CORE_MUTANTS,
  ...PARTITION_MUTANTS,
  ...JOURNAL_MUTANTS,
  ...GATEWAY_MUTANTS,
  ...CLUSTER_MUTANTS,
];
