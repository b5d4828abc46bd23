/**
 * One actor driven by hand: detector and machine as the core drives them, with events and signals kept for assertions.
 *
 *     const actor = new ActorHarness(definition, settings, group);
 *     actor.feed(frame);
 *     assert.equal(actor.kinds(), ["collapse.calibrated"]);
 */
import { initialTransition, transition } from "xstate";
import { RowAssembler } from "../../actors/detectors/rows/row-assembler.ts";
import type {
  ActorDefinition,
  Announced,
  Announcement,
  Detector,
  DetectorContext,
  Group,
  Signal,
} from "../../actors/ports/detector.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Input } from "../../protocol/messages.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { uniforms } from "./random-streams.ts";
import { frameOfRows } from "./rows.ts";

export interface HeardEvent extends Announcement {
  timeUs: number;
}

export class ActorHarness implements DetectorContext {
  now = 0;
  sequence = 0;
  readonly partition = "p0";
  /** As the last opening of the session said. */
  partitions: number;
  readonly events: HeardEvent[] = [];
  readonly signals: Signal[] = [];
  readonly timers = new Map<string, number>();
  readonly detector: Detector;
  private readonly assembler: RowAssembler;
  private readonly definition: ActorDefinition;
  private readonly draw = uniforms(1);
  private snapshot: ReturnType<typeof initialTransition>[0];

  constructor(definition: ActorDefinition, settings: unknown, group: Group, partitions = 1) {
    const parsed = parseSettings(settings);
    this.partitions = partitions;
    this.definition = definition;
    this.detector = definition.createDetector(parsed, group);
    this.assembler = new RowAssembler(group);
    const [snapshot, actions] = initialTransition(
      definition.machine,
      definition.machineInput(parsed, group, partitions),
    );
    this.snapshot = snapshot;
    this.perform(actions);
  }

  feed(frame: Frame): void {
    this.sequence++;
    if (frame.count > 0) this.now = Math.max(this.now, frame.time[frame.count - 1]!);
    this.detector.update!(this.assembler.consume(frame), this);
  }

  /** Rows of a row-sampled group, all channels in order, at `time(k)`. */
  rows(values: readonly ArrayLike<number>[], time: (k: number) => number): void {
    for (let k = 0; k < values.length; k++) this.feed(frameOfRows([values[k]!], [time(k)]));
  }

  input(input: Input, timeUs: number): void {
    this.now = timeUs;
    this.sequence++;
    this.detector.onInput?.(input, this);
  }

  /** An announcement of an actor of a group, at its time. Timers due before it have fired, unless one input brings this and those before. */
  hear(announced: Announced, isSameInput = false): void {
    if (!isSameInput) this.fireTimers(announced.event.timeUs);
    this.sequence++;
    this.detector.onAnnouncement?.(announced, this);
  }

  /** The state that the detector publishes at a time, or null. */
  publish(timeUs = this.now): unknown {
    this.now = timeUs;
    return this.detector.publish?.(this) ?? null;
  }

  /** Lets logical time reach `timeUs` and fires what is due, in order of time. */
  fireTimers(timeUs: number): void {
    for (let next = this.nextTimer(timeUs); next !== undefined; next = this.nextTimer(timeUs)) {
      const [id, due] = next;
      this.timers.delete(id);
      this.now = Math.max(this.now, due);
      this.signal({ type: `timer.${id}`, timeUs: due });
    }
    this.now = timeUs;
  }

  private nextTimer(timeUs: number): [id: string, due: number] | undefined {
    return [...this.timers].filter(([, due]) => due <= timeUs).sort((a, b) => a[1] - b[1])[0];
  }

  kinds(): string[] {
    return this.events.map((event) => event.kind);
  }

  get state(): string {
    return String(this.snapshot.value);
  }

  get machine(): DetectorContext["machine"] {
    return this.snapshot;
  }

  random(): number {
    return this.draw();
  }

  signal(signal: Signal): void {
    this.signals.push(signal);
    const [next, actions] = transition(this.definition.machine, this.snapshot, signal);
    this.snapshot = next;
    this.perform(actions);
  }

  private perform(actions: readonly { type: string; params?: unknown }[]): void {
    for (const action of actions) {
      const params = action.params as Record<string, unknown>;
      if (action.type === "announce") {
        this.events.push({ timeUs: this.now, ...(params as unknown as Announcement) });
      } else if (action.type === "timer.start") {
        this.timers.set(String(params["id"]), this.now + Number(params["delayUs"]));
      } else if (action.type === "timer.cancel") this.timers.delete(String(params["id"]));
      else throw new Error(`unknown action ${action.type}`);
    }
  }
}
