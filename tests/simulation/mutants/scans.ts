/** Bugs of scans: of the queue that other processes evaluate from, and of the log. */
import type { Mutant } from "./mutant.ts";

const COORDINATOR = "actors/scan/coordinator.ts";
const COORDINATOR_END = "actors/scan/coordinator-end.ts";
const WORKER_END = "actors/scan/worker-end.ts";
const SCAN_LOG = "actors/scan/scan-log.ts";

export const SCAN_MUTANTS: readonly Mutant[] = [
  {
    name: "scan-answer-counted-twice",
    bug: "The second answer to a batch is taken for that to the next one.",
    file: COORDINATOR_END,
    find: "this.leave();\n    this.listener.answered(answers, true);",
    replace: "this.listener.answered(answers, true);",
  },
  {
    name: "scan-item-lost-with-thread",
    bug: "Items of a thread that ends are not handed out again.",
    file: COORDINATOR,
    find: "scan?.giveBack(this.items.slice(this.answered), culprit, reason, isLate);",
    replace: "",
  },
  {
    name: "scan-added-items-lost-with-thread",
    bug: "Items that a thread gets while it is at its last ones are not noted: its results of them belong to no item.",
    file: COORDINATOR,
    find: "this.items.push(...items);",
    replace: "",
  },
  {
    name: "scan-job-lost-with-answer",
    bug: "A job is done although its answer did not arrive.",
    file: WORKER_END,
    find: "else job.giveBack();",
    replace: "else job.done();",
  },
  {
    name: "scan-told-before-durable",
    bug: "Whoever follows a scan is told results that are not in the log yet.",
    file: SCAN_LOG,
    find: '(await this.entered(() => log.enter("scanResult", fact, by))) ? outcomes.length : 0;',
    replace: '(log.enter("scanResult", fact, by).catch(() => {}), outcomes.length);',
  },
  {
    name: "scan-outcomes-renumbered",
    bug: "Each input with outcomes of a scan numbers them from 1.",
    file: SCAN_LOG,
    find: "first: this.released + 1, outcomes",
    replace: "first: 1, outcomes",
  },
  {
    name: "scan-left-open",
    bug: "A scan that was under way at a crash never ends.",
    file: SCAN_LOG,
    find: "end === null && isOf(requested.scan, of)",
    replace: "end === null && of !== undefined",
  },
];
