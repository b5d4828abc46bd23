/**
 * The injections that the log has begun and not ended: the notices of their begins, oldest first.
 *
 *   injection.started ──► open ──injection.ended, or the next session──► gone
 *
 * N1  An injection lives in the process that disturbs the frames. It ends with its session, whatever the log says.
 */
import { INJECTION_ENDED, INJECTION_STARTED } from "../../protocol/controls.ts";
import type { OperatorNotice } from "../../protocol/messages.ts";

/** The notice that began an injection. */
export type OpenInjection = Omit<OperatorNotice, "type">;

export class OpenInjections {
  private open: OpenInjection[] = [];

  /** A notice of the log; those of other kinds change nothing. */
  note({ type: _, ...notice }: OperatorNotice): void {
    if (notice.kind === INJECTION_STARTED) this.open = [...this.open, notice];
    if (notice.kind !== INJECTION_ENDED) return;
    const ended = keyOf(notice);
    const begun = this.open.find((each) => keyOf(each) === ended);
    this.open = this.open.filter((each) => each !== begun);
  }

  /** Another session begins. */
  clear(): void {
    this.open = [];
  }

  save(): readonly OpenInjection[] {
    return this.open;
  }

  restore(saved: readonly OpenInjection[]): void {
    this.open = [...saved];
  }
}

/** Begin and end of an injection agree in this. */
function keyOf({ group, channels, detail }: OpenInjection): string {
  return JSON.stringify([group, channels, Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
