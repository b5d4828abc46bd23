/**
 * The parts of an actor: things of which it follows several at a time, each with a machine of its own.
 *
 *   detector ──signal(key, …)──► machine of the part ──tell──► machine of the actor
 *
 * Y1  A part outlives its actor: when that is replaced by a fresh one, each part begins anew with the input it was added with.
 */
import type { AnyStateMachine } from "xstate";
import type { PartState } from "../ports/detector.ts";
import { MachineHost, type SavedMachine } from "./machine-host.ts";

export interface SavedPart {
  readonly key: string;
  readonly input: Record<string, unknown>;
  readonly machine: SavedMachine;
}

export class Part implements PartState {
  readonly input: Record<string, unknown>;
  machine: MachineHost;

  constructor(definition: AnyStateMachine, input: Record<string, unknown>, saved?: SavedMachine) {
    this.input = input;
    this.machine = new MachineHost(definition, input, saved);
  }

  get value(): string {
    return this.machine.value;
  }

  get context(): unknown {
    return this.machine.context;
  }
}

/** In the order in which they were added. */
export class Parts extends Map<string, Part> {
  private readonly definition: AnyStateMachine;

  constructor(definition: AnyStateMachine) {
    super();
    this.definition = definition;
  }

  add(key: string, input: Record<string, unknown>): Part {
    const part = new Part(this.definition, input);
    this.set(key, part);
    return part;
  }

  save(): SavedPart[] {
    return Array.from(this, ([key, { input, machine }]) => ({ key, input, machine: machine.save() }));
  }

  restore(saved: readonly SavedPart[]): void {
    this.clear();
    for (const { key, input, machine } of saved) this.set(key, new Part(this.definition, input, machine));
  }
}
