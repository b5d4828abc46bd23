/**
 * What would have happened: the plan of a branch, its recording, and the run of both lanes.
 *
 * W1  A branch in which nothing is different is the original, bit for bit: same blocks, same events, same state.
 * W2  The same request on the same recording gives the same branch on every runtime.
 * W3  What is wrong with the request is said before anything is written; a run that fails leaves nothing.
 * W4  The recording is read only, and may be one that is being written: what is there at the start counts.
 */
import type { CoreDefinitions } from "../../../actors/core/core.ts";
import { askedAsync, openRecording, SYSTEM } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { createdFromParent } from "../parent.ts";
import { said } from "../readable.ts";
import { BranchRecording, checkFree } from "./branch-recording.ts";
import { type BranchObserver, BranchRun } from "./branch-run.ts";
import { planBranch } from "./plan.ts";
import { type ParsedRequest, parseWhatIfRequest, type WhatIfRequest } from "./request.ts";
import type { WhatIfResult } from "./result.ts";

export interface WhatIfOptions extends BranchObserver {
  /** Name of the parent, for the branch; default: its folder, or "memory". */
  recording?: string;
  /** Folder of the branch recording; must not be there yet. Absent or null: nothing is written. */
  to?: string | null;
  /** Default: the actors of this program. */
  definitions?: CoreDefinitions;
}

/** `source`: a journal, or the folder of a recording. */
export async function runWhatIf(
  source: Journal | string,
  request: WhatIfRequest,
  options: WhatIfOptions = {},
): Promise<WhatIfResult> {
  const parsed = parseWhatIfRequest(request);
  if (options.to) checkFree(options.to);
  if (typeof source !== "string") return said(() => branch(source, parsed, options));
  const journal = await askedAsync(() => openRecording(source));
  try {
    return await said(() => branch(journal, parsed, { recording: source, ...options }));
  } finally {
    await journal.close();
  }
}

async function branch(
  journal: Journal,
  request: ParsedRequest,
  options: WhatIfOptions,
): Promise<WhatIfResult> {
  const definitions = options.definitions ?? SYSTEM;
  const plan = await planBranch(journal, definitions, request, options.recording ?? "memory");
  const recording = options.to
    ? await BranchRecording.create(
        options.to,
        plan.parent.partition,
        createdFromParent((journal as { createdFrom?: unknown }).createdFrom, plan.parent),
        plan.base,
      )
    : null;
  try {
    return await new BranchRun(journal, definitions, plan, recording, options).run();
  } catch (error) {
    await recording?.discard();
    throw error;
  }
}
