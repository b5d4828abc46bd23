/** The public face of actors/feeds/ beyond actors/mod.ts: synthetic feeds, feeds divided among partitions, and feeds published on a bus. */
export { DELIVERY_MS, publishFeed } from "./bus-publisher.ts";
export { divideFeeds } from "./division.ts";
export { type ProcessRate, type ProcessUse, ratesBetween, readProcesses } from "./host/processes.ts";
export { createSynthFeed, RECORDED_START_US } from "./synth.ts";
export type { SynthChoice, SynthWorlds } from "./synth-world.ts";
export { type MarkRow, marksOf } from "./table/marks.ts";
