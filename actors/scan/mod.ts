/** The public face of scans, for those who run them on simulated machines. */
export { ScanCoordinator, type ScanThread, type ScanThreadListener } from "./coordinator.ts";
export { QueueEnd, type QueueEndOptions } from "./coordinator-end.ts";
export { parseRule } from "./rules/rule.ts";
export type { Scan } from "./scan.ts";
export { EnteredScan, endInterrupted } from "./scan-log.ts";
export type { Universe } from "./universe/universe.ts";
export { WorkerEnd, type WorkerEndOptions } from "./worker-end.ts";
