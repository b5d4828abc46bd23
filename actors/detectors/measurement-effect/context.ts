/** What the machine of the effect of marked events keeps (machine.ts). */
import type { Marked } from "./signals.ts";

export type Mark = Pick<Marked, "id" | "mark" | "title" | "channels" | "atUs">;

export interface TypeEvidence {
  readonly mark: string;
  /** Events with a p-value, and ln of the product of their e-values. */
  readonly events: number;
  readonly evidence: number;
  readonly isFound: boolean;
}

export interface EffectContext {
  readonly group: string;
  /** The state is that of a quantum system, not an estimate. */
  readonly isDirect: boolean;
  readonly share: number;
  /** By their times. */
  readonly pending: readonly Mark[];
  /** Time of the last one that waits no more. */
  readonly lastUs: number;
  /** In the order of their first events. */
  readonly types: readonly TypeEvidence[];
}
