/**
 * What people may do to a session beside looking: plain requests in, plain answers out. Each is there or not, by the kind of session.
 *
 *   page, program ──POST /api/…──► gateway (who may, what shape) ──► controls ──► session
 *
 * What cannot be done as asked rejects with a CommandError that says what was wanted. `author` is who asks, as the gateway knows.
 */
import type { ConfigChanged, Severity } from "../../protocol/messages.ts";

export interface SessionControls {
  readonly replay?: ReplayControls;
  readonly inject?: InjectControls;
  readonly whatIf?: WhatIfControls;
  readonly settings?: SettingsControls;
}

/** A recorded session that is played. */
export interface ReplayControls {
  status(): ReplayStatus;
  /** The events of the whole recording, as far as they are known by now. */
  marks(): readonly ReplayMark[];
  /** At the end: from the beginning again. */
  play(): Promise<void>;
  pause(): Promise<void>;
  /** Resolves when the session stands there. */
  seek(place: { readonly timeUs: number } | { readonly sequence: number }): Promise<void>;
  setSpeed(speed: number | "max"): Promise<void>;
}

export interface ReplayStatus {
  readonly state: "paused" | "playing" | "seeking" | "ended" | "failed";
  /** Why it failed, "" otherwise. */
  readonly reason: string;
  readonly speed: number | "max";
  /** Where the session stands. */
  readonly timeUs: number;
  readonly sequence: number;
  /** What there is to go to. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly recording: string | null;
}

export interface ReplayMark {
  readonly sequence: number;
  readonly timeUs: number;
  readonly severity: Severity;
  readonly kind: string;
  readonly title: string;
}

export interface InjectControls {
  /** What can be laid over the session's channels. */
  scenarios(): readonly InjectableScenario[];
  start(request: unknown, author: string): Promise<unknown>;
}

export interface InjectableScenario {
  readonly name: string;
  readonly title: string;
  readonly family: string;
}

export interface WhatIfControls {
  /** Ends with an AbortError when `signal` says so. */
  run(request: unknown, signal: AbortSignal): Promise<unknown>;
}

export interface SettingsControls {
  /** As they are now, by section. */
  current(): Readonly<Record<string, unknown>>;
  change(path: string, value: ConfigChanged["value"], author: string): Promise<void>;
}
