/**
 * One actor driven by hand: part and machine as the core would drive them, with events and signals kept for looking at.
 *
 *     const actor = new ActorHarness(definition, settings, group);
 *     actor.feed(frame);
 *     assert.equal(actor.kinds(), ["collapse.calibrated"]);
 */
import { initialTransition, transition } from "xstate";
import { RowAssembler } from "../../actors/detectors/rows/row-assembler.ts";
import type {
  ActorDefinition,
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
  readonly events: HeardEvent[] = [];
  readonly signals: Signal[] = [];
  readonly timers = new Map<string, number>();
  readonly part: Detector;
  readonly front: RowAssembler;
  private readonly definition: ActorDefinition;
  private readonly draw = uniforms(1);
  private snapshot: ReturnType<typeof initialTransition>[0];
  private queue: Signal[] = [];

  constructor(definition: ActorDefinition, settings: unknown, group: Group) {
    const parsed = parseSettings(settings);
    this.definition = definition;
    this.part = definition.createDetector(parsed, group);
    this.front = new RowAssembler(group);
    const [snapshot, actions] = initialTransition(definition.machine, definition.machineInput(parsed, group));
    this.snapshot = snapshot;
    this.perform(actions);
  }

  feed(frame: Frame): void {
    this.sequence++;
    if (frame.count > 0) this.now = Math.max(this.now, frame.time[frame.count - 1]!);
    this.part.update(this.front.consume(frame), this);
    this.deliver();
  }

  /** Rows of a row-sampled group, all channels in order, at `time(k)`. */
  rows(values: readonly ArrayLike<number>[], time: (k: number) => number): void {
    for (let k = 0; k < values.length; k++) this.feed(frameOfRows([values[k]!], [time(k)]));
  }

  input(input: Input, timeUs: number): void {
    this.now = timeUs;
    this.sequence++;
    this.part.onInput?.(input, this);
    this.deliver();
  }

  /** Lets logical time reach `timeUs` and fires what is due. */
  fireTimers(timeUs: number): void {
    this.now = timeUs;
    for (const [id, due] of [...this.timers]) {
      if (due > timeUs) continue;
      this.timers.delete(id);
      this.send({ type: `timer.${id}`, timeUs: due });
    }
  }

  kinds(): string[] {
    return this.events.map((event) => event.kind);
  }

  get state(): string {
    return String(this.snapshot.value);
  }

  signal(signal: Signal): void {
    this.queue.push(signal);
  }

  random(): number {
    return this.draw();
  }

  send(signal: Signal): void {
    this.signals.push(signal);
    const [next, actions] = transition(this.definition.machine, this.snapshot, signal);
    this.snapshot = next;
    this.perform(actions);
  }

  private deliver(): void {
    while (this.queue.length > 0) this.send(this.queue.shift()!);
  }

  private perform(actions: readonly { type: string; params?: unknown }[]): void {
    for (const action of actions) {
      const params = action.params as Record<string, unknown>;
      if (action.type === "announce") {
        this.events.push({ timeUs: this.now, ...(params as unknown as Announcement) });
      } else if (action.type === "kernel") this.part.act?.(String(params["do"]), params, this);
      else if (action.type === "timer.start") {
        this.timers.set(String(params["id"]), this.now + Number(params["delayUs"]));
      } else if (action.type === "timer.cancel") this.timers.delete(String(params["id"]));
    }
  }
}
