/** Runs both lanes of a branch. */
import type { Journal } from "../../actors/ports/journal.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import type { WhatIfRequest } from "./request.ts";
import type { EventDifference, WhatIfResult } from "./result.ts";

export interface WhatIfOptions {
  /** Name of the parent, for the branch; default: its folder, or "memory". */
  recording?: string;
  /** Folder of the branch recording; must not be there yet. Absent or null: nothing is written. */
  to?: string | null;
  signal?: AbortSignal;
  progress?(progress: { inputs: number; of: number; timeUs: number }): void;
  /** Told as soon as it is decided, in order of time. */
  difference?(difference: EventDifference, original: EventMessage | null, branch: EventMessage | null): void;
}

/** `source`: a journal, or the folder of a recording. */
export async function runWhatIf(
  _source: Journal | string,
  _request: WhatIfRequest,
  _options: WhatIfOptions = {},
): Promise<WhatIfResult> {
  throw new Error("Cannot branch yet");
}
