/**
 * What people may do to a session beside looking: plain requests in, plain answers out. Each is there or not, by the kind of session.
 *
 *   page, program ──POST /api/…──► gateway (who may, what shape) ──► controls ──► session
 *
 * What cannot be done as asked rejects with a CommandError that says what was expected. `author` is who asks, as the gateway knows.
 */
import type {
  InjectableScenario,
  InjectionUnderWay,
  ReplayMarks,
  ReplayStatus,
  WhatIfAnswer,
} from "../../protocol/controls.ts";
import type { ConfigChanged } from "../../protocol/messages.ts";

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
  marks(): ReplayMarks;
  /** At the end: from the beginning again. */
  play(): Promise<void>;
  pause(): Promise<void>;
  /** Resolves when the session stands there. */
  seek(place: { readonly timeUs: number } | { readonly sequence: number }): Promise<void>;
  setSpeed(speed: number | "max"): Promise<void>;
}

export interface InjectControls {
  /** What can be laid over the session's channels. */
  scenarios(): readonly InjectableScenario[];
  start(request: unknown, author: string): Promise<unknown>;
  underWay(): readonly InjectionUnderWay[];
}

export interface WhatIfControls {
  /** What a branch can be disturbed by. */
  scenarios(): readonly InjectableScenario[];
  /** Ends with an AbortError when `signal` says so. */
  run(request: unknown, signal: AbortSignal): Promise<WhatIfAnswer>;
}

export interface SettingsControls {
  /** As they are now, by section. */
  current(): Readonly<Record<string, unknown>>;
  change(path: string, value: ConfigChanged["value"], author: string): Promise<void>;
}
