/** A what-if in another process, so that this one has its core for other things. Nothing is written. */

import { inWorkers, type Work } from "../../../actors/workers/pool.ts";
import type { WhatIfRequest } from "./request.ts";
import type { WhatIfResult } from "./result.ts";
import { runWhatIf } from "./whatif.ts";

/** `recording`: its folder. Ends with the reason of `signal` when that says so. */
export async function runWhatIfInWorker(
  recording: string,
  request: WhatIfRequest,
  { signal }: { signal?: AbortSignal } = {},
): Promise<WhatIfResult> {
  const options = { apart: true, ...(signal ? { signal } : {}) };
  const [result] = await inWorkers("whatif", whatIfWork, recording, [request], options);
  return result!;
}

export const whatIfWork: Work<string, WhatIfRequest, WhatIfResult> = (recording, request) =>
  runWhatIf(recording, request);
