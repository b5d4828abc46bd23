/** What commands (commands.ts) answer. It travels as JSON; docs/gateway.md lists the HTTP paths. */
import type { Threshold } from "./alert-commands.ts";
import type { EventMessage, Severity } from "./messages.ts";

/** The place and the state of a recorded session. */
export interface ReplayStatus {
  readonly state: "paused" | "playing" | "seeking" | "ended" | "failed";
  /** Why it failed, "" otherwise. */
  readonly reason: string;
  readonly speed: number | "max";
  readonly timeUs: number;
  readonly sequence: number;
  /** The range of the recording that `seek` accepts; of several partitions the times of all, the sequences of the one that was asked. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly recording: string | null;
}

/** An event of the recording, as the seek bar shows it. */
export interface ReplayMark {
  /** Of a recording of several partitions: the one that its numbers are of. */
  readonly partition?: string;
  readonly sequence: number;
  /** Sequence of the input that it follows from. */
  readonly input: number;
  readonly timeUs: number;
  readonly severity: Severity;
  readonly kind: string;
  readonly title: string;
}

/** The events read so far, in order. */
export interface ReplayMarks {
  readonly marks: readonly ReplayMark[];
  /** False while the recording is still being read. */
  readonly complete: boolean;
}

/** A recording that the gateway may open, as its head, its indexes and its newest segment say. Times are logical µs. */
export interface ListedRecording {
  /** Of its folder. */
  readonly name: string;
  /** Of the first data; null: it cannot be read. */
  readonly fromUs: number | null;
  /** Of the last input; null: it cannot be read. */
  readonly toUs: number | null;
  /** Declared at its beginning, without those of the program's own health; null: its beginning is gone, or cannot be read. */
  readonly channels: number | null;
  /** Of segments and snapshots. */
  readonly bytes: number;
  readonly partitions: number;
  /** A process writes it. */
  readonly isLive: boolean;
  /** All its partitions have a seal; `verify` says whether that holds. */
  readonly isSealed: boolean;
  /** Damage is known without reading all of it. */
  readonly isDamaged: boolean;
  /** Why it cannot be opened, "" when it can. */
  readonly problem: string;
}

/** The newest first. */
export interface RecordingList {
  readonly recordings: readonly ListedRecording[];
  /** How many older ones are not listed. */
  readonly more: number;
}

/** A scenario that can be laid over recorded or live streams. */
export interface InjectableScenario {
  readonly name: string;
  readonly title: string;
  readonly family: string;
}

/** What an injection changes. */
export interface StartedInjection {
  readonly scenario: string;
  readonly strength: number;
  readonly group: string;
  readonly channels: readonly string[];
  readonly seed: number;
  /** It changes samples with fromUs ≤ time < untilUs. */
  readonly fromUs: number;
  readonly untilUs: number;
}

/** Kinds of the notices, and so of the events, that mark the begin and the end of an injection. */
export const INJECTION_STARTED = "injection.started";
export const INJECTION_ENDED = "injection.ended";

/** An injection that has not ended, with the fields of its `injection.started` event: that event may be older than those a page has read. */
export type InjectionUnderWay = Pick<EventMessage, "group" | "channels" | "detail">;

/** An event of the original lane, one of the branch, or a pair that counts as the same event. */
export interface LaneDifference {
  readonly type: "same" | "moved" | "changed" | "gone" | "new";
  /** Ids in their own lanes. */
  readonly original?: string;
  readonly branch?: string;
  /** Time in the branch minus time in the original, µs. */
  readonly byUs?: number;
  /** Fields other than the time that differ. */
  readonly fields?: readonly string[];
}

/** Both lanes of a what-if: the recording as it was, and the branch. */
export interface WhatIfAnswer {
  readonly atUs: number;
  readonly sequence: number;
  readonly untilUs: number;
  readonly original: readonly EventMessage[];
  readonly events: readonly EventMessage[];
  /** In order of time, unchanged events included. */
  readonly differences: readonly LaneDifference[];
  readonly counts: Readonly<Record<LaneDifference["type"], number>>;
}

/** What people did about an alert or an incident; null: nothing. Times are logical µs. */
export interface Care {
  readonly acknowledged: { readonly by: string; readonly atUs: number; readonly note: string } | null;
  readonly assigned: { readonly by: string; readonly to: string } | null;
  readonly snoozedUntilUs: number | null;
}

/** The alert of a threshold. Times are logical µs; null: not, or not yet. */
export interface AlertStatus extends Care {
  readonly threshold: Threshold;
  readonly setBy: string;
  readonly setUs: number;
  /** `waiting`: its channel or measure has had no value yet. */
  readonly state: "waiting" | "inactive" | "pending" | "firing" | "resolved";
  /** The value that decided last. */
  readonly value: number | null;
  /** Since when it is beyond the level. */
  readonly sinceUs: number | null;
  readonly firedUs: number | null;
  readonly resolvedUs: number | null;
  /** What became of it while it fires: people were told, it joined what they know of, it is held back by the budget, or snoozed. */
  readonly fate: "told" | "joined" | "held" | "snoozed" | null;
  /** What it is taken to be about: an incident, or the alert that fired first. */
  readonly cause: string | null;
}

/** An incident that people were told of and that is not over. */
export interface IncidentStatus extends Care {
  /** PARTITION/NUMBER. */
  readonly id: string;
  /** `eased`: quiet, and watched until it stays so. */
  readonly state: "open" | "eased";
  readonly severity: Severity;
  readonly group: string;
  readonly channels: readonly string[];
  readonly sinceUs: number;
}

/** How far a session has come, for whoever waits for it. */
export interface SessionStanding {
  readonly feeds: readonly { readonly source: string; readonly status: string; readonly detail: string }[];
  readonly groups: readonly GroupStanding[];
  /** Incidents that are open. */
  readonly incidents: number;
}

export interface GroupStanding {
  readonly group: string;
  /** It has not learnt yet what is usual. */
  readonly isLearning: boolean;
  /** Samples of a channel since the owner of its partition has it: a new owner counts from zero. */
  readonly rows: number;
}

/** Entries of a shared document, by root and id. */
export type DocumentEntries = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The shared document of a recorded session, as it was at the end. */
export interface RecordedDocument {
  readonly entries: DocumentEntries;
}

/** Thresholds in the order in which they were set, incidents, the oldest first, and the budget of alerts. */
export interface AlertsStatus {
  readonly alerts: readonly AlertStatus[];
  /** Absent from an owner of an earlier version. */
  readonly incidents?: readonly IncidentStatus[];
  readonly perDay: number;
  /** Alerts that were held back and not told since. */
  readonly heldBack: number;
}

/** Samples of a program that are in the log. */
export interface PushedSamples {
  readonly source: string;
  readonly group: string;
  /** As the program gave it. */
  readonly sequence?: number;
  readonly rows: number;
  /** Samples of all rows. */
  readonly accepted: number;
  /** They came before, and counted then. */
  readonly repeated: boolean;
}

/** How far a program that numbers its pushes has come. */
export interface PushedPlace {
  readonly source: string;
  readonly group: string;
  /** The last number in the log, 0 for none. */
  readonly sequence: number;
}
