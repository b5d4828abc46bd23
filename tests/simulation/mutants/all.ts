/**
 * Deliberate bugs that the simulator must catch.
 *
 * Each is a patch of shipped source, applied while the simulator is bundled (build.ts): shipped code contains no hooks for it.
 *
 * M1  `file` contains `find` exactly once; the patched text differs and still compiles.
 * M2  Under some fault each bug changes something that is visible from outside: an invisible change is no bug.
 * M3  The list was written before the checkers, so no checker was made for a known bug. Patches are adapted when the code changes; a
 *     bug that turned out to change nothing was replaced.
 */
import { CLUSTER_MUTANTS } from "./cluster.ts";
import { CORE_MUTANTS } from "./core.ts";
import { GATEWAY_MUTANTS } from "./gateway.ts";
import { JOURNAL_MUTANTS } from "./journal.ts";
import type { Mutant } from "./mutant.ts";
import { PARTITION_MUTANTS } from "./partition.ts";
import { ROOM_MUTANTS } from "./rooms.ts";
import { SCAN_MUTANTS } from "./scans.ts";

export type { Mutant };

export const MUTANTS: readonly Mutant[] = [
  ...CORE_MUTANTS,
  ...PARTITION_MUTANTS,
  ...JOURNAL_MUTANTS,
  ...GATEWAY_MUTANTS,
  ...CLUSTER_MUTANTS,
  ...ROOM_MUTANTS,
  ...SCAN_MUTANTS,
];
