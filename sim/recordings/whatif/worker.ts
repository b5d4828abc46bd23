/** The hidden sub-command by which this program helps another process of itself (workers.ts). */

import { type Work, workOnInput } from "../../../actors/workers/mod.ts";
import { causalityWork } from "./causality.ts";
import { sweepWork } from "./sweep.ts";
import { whatIfWork } from "./whatif.ts";

const KINDS = { whatif: whatIfWork, sweep: sweepWork, causality: causalityWork };

export function workerCommand(): Promise<number> {
  return workOnInput(KINDS as unknown as Record<string, Work<never, never, unknown>>);
}
