/**
 * What would have happened: a recording branched at a place, run again with other settings or inputs, and compared event by event.
 *
 *     const request = readCommand("askWhatIf", json).body;            // throws an error that names the field
 *     const result = await runWhatIf(journal, request, { signal });
 *
 * A process that serves people calls `runWhatIfInWorker`: a branch uses a core for seconds.
 *
 * W1  A branch in which nothing is different is the original, bit for bit: same blocks, same events, same state.
 * W2  The same request on the same recording gives the same branch on every runtime.
 * W3  A faulty request is refused before anything is written; a run that fails leaves nothing. Without `to` nothing is written.
 * W4  The recording is only read. It may be a journal in memory, or one that is being written: its content at the start counts.
 */
import type { CoreDefinitions } from "../../../actors/core/mod.ts";
import { openRecording, SYSTEM } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { inWorkers, type Work } from "../../../actors/workers/mod.ts";
import { type ParsedWhatIfRequest, readCommand, type WhatIfRequest } from "../../../protocol/commands.ts";
import { createdFromParent } from "../parent.ts";
import { BranchRecording, checkFree } from "./branch-recording.ts";
import { type BranchObserver, BranchRun } from "./branch-run.ts";
import { planBranch } from "./plan.ts";
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
  const parsed = readCommand("askWhatIf", request).body;
  if (options.to) checkFree(options.to);
  if (typeof source !== "string") return branch(source, parsed, options);
  const journal = await openRecording(source);
  try {
    return await branch(journal, parsed, { recording: source, ...options });
  } finally {
    await journal.close();
  }
}

async function branch(
  journal: Journal,
  request: ParsedWhatIfRequest,
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

/** `recording`: its folder. Rejects with the reason of `signal` when that aborts. */
export async function runWhatIfInWorker(
  recording: string,
  request: WhatIfRequest,
  { signal }: { signal?: AbortSignal } = {},
): Promise<WhatIfResult> {
  const options = { alwaysSpawn: true, ...(signal ? { signal } : {}) };
  const [result] = await inWorkers("whatif", whatIfWork, recording, [request], options);
  return result!;
}

export const whatIfWork: Work<string, WhatIfRequest, WhatIfResult> = (recording, request) =>
  runWhatIf(recording, request);
