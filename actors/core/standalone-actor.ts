/** One actor without a core, for filters and benchmarks. Its machine processes the detector's signals; its events are discarded. */
import type { Input } from "../../protocol/messages.ts";
import type { Settings } from "../../protocol/settings.ts";
import type { ActorDefinition, Batch, Detector, DetectorContext, Group, Signal } from "../ports/detector.ts";
import { MachineHost } from "./machine-host.ts";

export class StandaloneActor<Made extends Detector = Detector> implements DetectorContext {
  now = 0;
  sequence = 0;
  readonly partition = "";
  readonly partitions = 1;
  readonly detector: Made;
  readonly machine: MachineHost;
  readonly random: () => number;

  /** `random`: uniform on [0, 1). */
  constructor(definition: ActorDefinition<Made>, settings: Settings, group: Group, random: () => number) {
    this.detector = definition.createDetector(settings, group);
    this.machine = new MachineHost(
      definition.machine,
      definition.machineInput(settings, group, this.partitions),
    );
    this.random = random;
  }

  update(batch: Batch): void {
    const detector: Detector = this.detector;
    detector.update?.(batch, this);
  }

  input(input: Input): void {
    const detector: Detector = this.detector;
    detector.onInput?.(input, this);
  }

  publish(): unknown {
    const detector: Detector = this.detector;
    return detector.publish?.(this) ?? null;
  }

  signal(signal: Signal): void {
    this.machine.send(signal);
  }
}
