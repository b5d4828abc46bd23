/**
 * What is said over HTTP about doing something to a session beside looking at it: JSON, no messages of the socket. docs/gateway.md has the paths.
 */
import type { EventMessage, Severity } from "./messages.ts";

/** Where a recorded session stands. */
export interface ReplayStatus {
  readonly state: "paused" | "playing" | "seeking" | "ended" | "failed";
  /** Why it failed, "" otherwise. */
  readonly reason: string;
  readonly speed: number | "max";
  readonly timeUs: number;
  readonly sequence: number;
  /** What there is to go to. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly recording: string | null;
}

/** An event of the whole recording, for the bar it is scrubbed by. */
export interface ReplayMark {
  readonly sequence: number;
  /** Sequence of the input that it follows from. */
  readonly input: number;
  readonly timeUs: number;
  readonly severity: Severity;
  readonly kind: string;
  readonly title: string;
}

/** Those that are known by now, in order. */
export interface ReplayMarks {
  readonly marks: readonly ReplayMark[];
  /** False while the recording is still being read. */
  readonly complete: boolean;
}

/** A scenario that can be laid over streams that are there. */
export interface InjectableScenario {
  readonly name: string;
  readonly title: string;
  readonly family: string;
}

/** An injection that is under way, as the event that told of its begin has it: an older page of events than a client reads. */
export type InjectionUnderWay = Pick<EventMessage, "group" | "channels" | "detail">;

/** One event of the original, one of the branch, or a pair that is the same event. */
export interface LaneDifference {
  readonly type: "same" | "moved" | "changed" | "gone" | "new";
  /** Ids, each of its own lane. */
  readonly original?: string;
  readonly branch?: string;
  /** Time of the branch's minus that of the original's, µs. */
  readonly byUs?: number;
  /** What differs beside the time. */
  readonly fields?: readonly string[];
}

/** Both lanes of a question what would have happened. */
export interface WhatIfAnswer {
  readonly atUs: number;
  readonly sequence: number;
  readonly untilUs: number;
  readonly original: readonly EventMessage[];
  readonly events: readonly EventMessage[];
  /** In order of time, the same ones included. */
  readonly differences: readonly LaneDifference[];
  readonly counts: Readonly<Record<LaneDifference["type"], number>>;
}
