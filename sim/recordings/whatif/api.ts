/**
 * What would have happened: a recording branched at a point, run again with other settings or inputs, compared event by event.
 *
 *     const request = parseWhatIfRequest(json);            // throws CommandError that says what is wrong
 *     const result = await runWhatIf(journal, request, { signal });
 *
 * A process that serves people asks another one, `runWhatIfInWorker`: a branch takes a core for seconds.
 *
 * The recording may be one that is still being written, or a journal in memory. Nothing is written without `to`.
 */
export { runWhatIfInWorker } from "./in-worker.ts";
export { parseWhatIfRequest, type WhatIfRequest, whatIfRequestSchema } from "./request.ts";
export type { BranchParent, EventDifference, WhatIfResult } from "./result.ts";
export { runWhatIf, type WhatIfOptions } from "./whatif.ts";
