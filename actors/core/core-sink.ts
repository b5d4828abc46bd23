/** What a core calls while it applies an input: the receiver of its outputs, and a probe that measures its actors. */
import type { EventMessage, StateMessage } from "../../protocol/messages.ts";
import type { EditedDocument } from "../ports/detector.ts";
import type { Actor } from "./actor.ts";

/** Receives the outputs of a core. */
export interface CoreSink {
  event(event: EventMessage): void;
  state(state: StateMessage): void;
  /** True when `state` does nothing: detectors may then skip building the message. */
  readonly unread?: boolean;
  /** The shared document was changed. */
  edited?(change: EditedDocument): void;
  /** `gauges` has new metrics. */
  metrics(timeUs: number): void;
}

/** Ignores all outputs: for callers that read only the state of the core. */
export const SILENT: CoreSink = { unread: true, event() {}, state() {}, metrics() {} };

/** Called before and after an actor works. */
export interface CoreProbe {
  enter(actor: Actor): void;
  leave(actor: Actor): void;
}
