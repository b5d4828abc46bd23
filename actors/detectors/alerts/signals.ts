/** What the detector of alerts, the machines of its thresholds and its own machine say to each other. */
import type { Severity } from "../../../protocol/messages.ts";
import type { Signal } from "../../ports/detector.ts";

/** A value as the threshold found it, with what people call the channel or measure. */
interface Found extends Signal {
  readonly value: number;
  readonly label: string;
  readonly unit: string;
}

/** To the machine of one threshold. */
export type ThresholdSignal =
  /** The first value of its channel or measure. */
  | (Signal & { readonly type: "seen" })
  /** There are states of its group, but without its measure. `has`: the measures that there are. */
  | (Signal & { readonly type: "missing"; readonly has: string })
  /** Beyond the level, after a value that was not. */
  | (Found & { readonly type: "beyond" })
  /** Beyond the level for as long as is asked. */
  | (Found & { readonly type: "dwelt" })
  /** No longer beyond the level, or beyond the level that clears. */
  | (Found & { readonly type: "back" })
  | (Signal & { readonly type: "acknowledged"; readonly by: string; readonly note: string })
  | (Signal & { readonly type: "assigned"; readonly by: string; readonly to: string })
  /** Until `timeUs` or before: not snoozed. */
  | (Signal & { readonly type: "snoozed"; readonly by: string; readonly untilUs: number })
  /** The threshold is removed, or set anew. */
  | (Signal & { readonly type: "withdrawn"; readonly reason: string })
  | (Signal & { readonly type: "timer.unseen" })
  | (Signal & { readonly type: "timer.snooze" });

/** An alert fires, or still does when it is no longer snoozed. */
export interface Fired extends Signal {
  readonly type: "fired";
  readonly id: string;
  readonly group: string;
  /** "" for a measure. */
  readonly channel: string;
  readonly severity: Severity;
  /** One plain sentence. */
  readonly title: string;
  readonly value: number;
  readonly level: number;
  /** Since when the value is beyond the level, µs. */
  readonly sinceUs: number;
  readonly isSnoozed: boolean;
  /** It was told before. */
  readonly isAgain: boolean;
}

/** To the machine of all alerts. */
export type AlertsSignal =
  | Fired
  | (Signal & { readonly type: "ended"; readonly id: string; readonly title: string; readonly value: number })
  /** A person has set or removed a threshold, or could not. */
  | (Signal & {
      readonly type: "changed";
      readonly kind: "threshold.set" | "threshold.removed" | "threshold.refused";
      readonly id: string;
      readonly group: string;
      readonly channel: string;
      readonly title: string;
      readonly by: string;
      readonly severity: Severity;
    })
  | (Signal & {
      readonly type: "incident";
      readonly number: number;
      readonly group: string;
      readonly channels: readonly string[];
      readonly severity: Severity;
    })
  | (Signal & { readonly type: "incidentOver"; readonly number: number })
  /** Incidents began anew. */
  | (Signal & { readonly type: "incidentsForgotten" })
  | (Signal & { readonly type: "allowed"; readonly perDay: number; readonly windowUs: number })
  | (Signal & { readonly type: "timer.due" });
