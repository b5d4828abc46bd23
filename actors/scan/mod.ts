/** The public face of scans, for those who run them on simulated machines, and over what-if branches. */
export { ScanCoordinator, type ScanThread, type ScanThreadListener } from "./coordinator.ts";
export { QueueEnd, type QueueEndOptions } from "./coordinator-end.ts";
export { readJob } from "./queue-messages.ts";
export { computeFeatures, evaluateFeatures } from "./rules/evaluate.ts";
export { namesOfValues, parseRule } from "./rules/rule.ts";
export type { SymbolView } from "./rules/symbol-view.ts";
export type { Scan } from "./scan.ts";
export { EnteredScan, endInterrupted } from "./scan-log.ts";
export type { SettingsScans } from "./settings-scans.ts";
export { sharedColumn, type Universe, type UniverseData } from "./universe/universe.ts";
export type { EvaluatedItem, ScanTask } from "./work.ts";
export { JOB_ATTEMPTS, WorkerEnd, type WorkerEndOptions } from "./worker-end.ts";
