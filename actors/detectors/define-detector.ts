/**
 * Defines an actor by its machine and its detector. The types ensure that the detector sends only signals that the machine knows and reads
 * only states that the machine has.
 */
import type { AnyStateMachine, ContextFrom, InputFrom } from "xstate";
import type { CommandName } from "../../protocol/commands.ts";
import type { SessionFactName } from "../../protocol/session-facts.ts";
import type { Settings } from "../../protocol/settings.ts";
import type { ActorDefinition, Detector, Group } from "../ports/detector.ts";

interface Definition<Machine extends AnyStateMachine, Made extends Detector<Machine>> {
  readonly name: string;
  readonly version: number;
  readonly machine: Machine;
  readonly commands?: readonly (CommandName | SessionFactName)[];
  readonly part?: AnyStateMachine;
  readonly listens?: boolean;
  readonly follows?: string;
  readonly adapts?: boolean;
  readonly reads?: readonly (keyof Settings)[];
  leaves?(context: ContextFrom<Machine>): unknown;
  enabled(settings: Settings, group: Group): boolean;
  createDetector(settings: Settings, group: Group): Made;
  machineInput(
    settings: Settings,
    group: Group,
    partitions: number,
  ): InputFrom<Machine> & Record<string, unknown>;
}

export function defineDetector<Machine extends AnyStateMachine, Made extends Detector<Machine>>(
  definition: Definition<Machine, Made>,
): ActorDefinition<Made> {
  return definition as ActorDefinition<Made>;
}
