/** A core of a few definitions, with what it puts out kept for assertions: opened, with one group of channels. */
import { setup } from "xstate";
import { Core, type CoreDefinitions } from "../../actors/core/core.ts";
import type { ActorDefinition, Detector, Signal } from "../../actors/ports/detector.ts";
import type { EventMessage, Input, OperatorNotice, StateMessage } from "../../protocol/messages.ts";
import { channels, opened } from "../support/inputs.ts";

export interface ToyCore {
  core: Core;
  events: EventMessage[];
  states: Omit<StateMessage, "type">[];
  /** Times at which it reported metrics. */
  metrics: number[];
  /** Applies an input at its logical time. */
  apply(timeUs: number, input: Input): void;
  kinds(): string[];
}

/** `made`: how the core comes to be; default: opened at time 0, with a group "g" of `n` channels. */
export function toyCore(
  definitions: Partial<CoreDefinitions>,
  { n = 1, settings = {}, from }: { n?: number; settings?: object; from?: Uint8Array } = {},
): ToyCore {
  const events: EventMessage[] = [];
  const states: ToyCore["states"] = [];
  const metrics: number[] = [];
  const sink = {
    event: (event: EventMessage) => void events.push(event),
    state: (state: StateMessage) => void states.push(state),
    metrics: (timeUs: number) => void metrics.push(timeUs),
  };
  const all = { group: [], session: [], ...definitions };
  const core = from === undefined ? new Core(all, sink) : Core.restore(from, all, sink);
  const apply = (timeUs: number, input: Input) => core.apply(core.sequence + 1, timeUs, input);
  if (from === undefined) for (const input of [opened(settings), channels(n)]) apply(0, input);
  return { core, events, states, metrics, apply, kinds: () => events.map(({ kind }) => kind) };
}

/** A definition whose detector and machine are given; the machine has one state "on". */
export function toy(
  name: string,
  createDetector: () => Detector,
  more: Partial<ActorDefinition> = {},
): ActorDefinition {
  return {
    name,
    version: 1,
    machine: machineOf({ on: {} }),
    enabled: () => true,
    machineInput: () => ({}),
    createDetector,
    ...more,
  };
}

type States = Record<string, { tags?: string[]; entry?: object; on?: Record<string, object | string> }>;

/** A machine with these states, the first of which is its initial one. */
export function machineOf(states: States): ActorDefinition["machine"] {
  const actions = { announce: () => {}, "timer.start": () => {}, "timer.cancel": () => {} };
  const made = setup({ types: { events: {} as Signal }, actions });
  return made.createMachine({
    initial: Object.keys(states)[0],
    states,
  } as never) as unknown as ActorDefinition["machine"];
}

export function notice(kind: string, more: Partial<OperatorNotice> = {}): OperatorNotice {
  return {
    type: "notice",
    kind,
    severity: "info",
    group: "",
    channels: [],
    title: kind,
    detail: {},
    author: "ana",
    ...more,
  };
}
