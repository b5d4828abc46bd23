/** What the machine of a threshold keeps (threshold-machine.ts). */
import type { Threshold } from "../../../protocol/alert-commands.ts";

export interface ThresholdInput extends Record<string, unknown> {
  readonly threshold: Threshold;
  /** Who set it, and when, logical µs. */
  readonly by: string;
  readonly setUs: number;
}

export interface ThresholdContext extends ThresholdInput {
  /** Since when the value is beyond the level, and since when the alert fires, µs; null: it does not, or did not yet. */
  readonly sinceUs: number | null;
  readonly firedUs: number | null;
  readonly resolvedUs: number | null;
  /** The value that decided last. */
  readonly value: number | null;
  readonly label: string;
  readonly unit: string;
  readonly acknowledged: { readonly by: string; readonly atUs: number; readonly note: string } | null;
  readonly assigned: { readonly by: string; readonly to: string } | null;
  readonly snoozedUntilUs: number | null;
  /** It has said that it has no value. */
  readonly isReported: boolean;
}
