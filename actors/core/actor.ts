/**
 * One supervised actor: its numeric part, its machine, its random stream, and what happens when one of them throws.
 *
 *   running ──throws──► restarted (fresh part, fresh machine) ──more than RESTARTS_MAX in RESTART_WINDOW_US──► stopped
 *
 * K1  Signals reach the machine in order, after `update` has returned; what a machine asks for is done before the next signal.
 * K2  A throwing actor is replaced by a fresh one; the input that broke it is named in an event and is not tried again.
 * K3  The intensity of restarts is counted in logical time, so a replay stops the same actor at the same input.
 */

import type { Input } from "../../protocol/messages.ts";
import type { Settings } from "../../protocol/settings.ts";
import type {
  ActorDefinition,
  Announcement,
  Batch,
  Detector,
  DetectorContext,
  Fields,
  Group,
  Signal,
} from "../ports/detector.ts";
import { type MachineAction, MachineHost, type SavedMachine } from "./host.ts";
import { RandomStream } from "./random.ts";
import type { Timers } from "./timers.ts";

/** Restarts an actor may need within the window before it is stopped for good: more means the cause is not the input. */
export const RESTARTS_MAX = 3;
export const RESTART_WINDOW_US = 60_000_000;

/** Signals one input may cause in one actor: a machine and a part that keep answering each other are a bug. */
const SIGNALS_MAX = 10_000;

/** What a cell needs of the core around it. */
export interface ActorHost {
  readonly timers: Timers;
  readonly settings: Settings;
  /** Published states go to nobody. */
  readonly unread: boolean;
  announce(cell: Actor, announcement: Announcement): void;
}

export interface SavedActor {
  key: string;
  machine: SavedMachine;
  stopped: boolean;
  restarts: number[];
  random: Uint32Array;
  fields: Fields;
}

export class Actor implements DetectorContext {
  readonly key: string;
  readonly definition: ActorDefinition;
  readonly group: Group;
  now = 0;
  sequence = 0;
  /** When what the machine is told now is true for: the time of its announcements. */
  signalUs = 0;
  part!: Detector;
  machine!: MachineHost;
  stopped = false;
  private restarts: number[] = [];
  private stream!: RandomStream;
  private signals: Signal[] = [];
  private readonly host: ActorHost;

  constructor(definition: ActorDefinition, group: Group, host: ActorHost) {
    this.key = `${group.name}/${definition.name}`;
    this.definition = definition;
    this.group = group;
    this.host = host;
  }

  /** Makes part and machine afresh and runs the machine's first actions. */
  start(now: number, sequence: number): void {
    this.now = this.signalUs = now;
    this.sequence = sequence;
    this.stream = new RandomStream(this.host.settings.seed, this.key);
    this.part = this.definition.createDetector(this.host.settings, this.group);
    this.machine = new MachineHost(
      this.definition.machine,
      this.definition.machineInput(this.host.settings, this.group),
    );
    this.perform(this.machine.takeActions());
  }

  /** True while frames go to the part. */
  get admitsData(): boolean {
    return !this.stopped && this.machine.admitsData;
  }

  update(batch: Batch, now: number, sequence: number): void {
    this.now = now;
    this.sequence = sequence;
    try {
      this.part.update(batch, this);
      if (this.signals.length > 0) this.deliver();
    } catch (error) {
      this.fail(error);
    }
  }

  input(input: Input, now: number, sequence: number): void {
    if (this.stopped || !this.part.onInput) return;
    this.now = now;
    this.sequence = sequence;
    try {
      this.part.onInput(input, this);
      if (this.signals.length > 0) this.deliver();
    } catch (error) {
      this.fail(error);
    }
  }

  timer(id: string, dueUs: number, sequence: number): void {
    if (this.stopped) return;
    this.now = dueUs;
    this.sequence = sequence;
    try {
      this.signal({ type: `timer.${id}`, timeUs: dueUs });
      this.deliver();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The part's state for publication, or null when there is none. */
  publish(now: number, sequence: number): unknown {
    if (this.stopped || !this.part.publish) return null;
    this.now = now;
    this.sequence = sequence;
    try {
      return this.part.publish(this);
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  signal(signal: Signal): void {
    this.signals.push(signal);
  }

  random(): number {
    return this.stream.next();
  }

  get unread(): boolean {
    return this.host.unread;
  }

  get randomState(): Uint32Array {
    return this.stream.state;
  }

  save(): SavedActor {
    return {
      key: this.key,
      machine: this.machine.save(),
      stopped: this.stopped,
      restarts: [...this.restarts],
      random: this.stream.state,
      fields: this.part.fields,
    };
  }

  /** Control state as plain JSON: what of `save` is not an array. */
  control(): unknown {
    return { machine: this.machine.save(), stopped: this.stopped, restarts: this.restarts };
  }

  restore(saved: SavedActor): void {
    this.stream = new RandomStream(0, "");
    this.stream.state.set(saved.random);
    this.stopped = saved.stopped;
    this.restarts = [...saved.restarts];
    this.part = this.definition.createDetector(this.host.settings, this.group);
    copyFields(this.key, saved.fields, this.part.fields);
    this.machine = new MachineHost(
      this.definition.machine,
      this.definition.machineInput(this.host.settings, this.group),
      saved.machine,
    );
  }

  private deliver(): void {
    for (let i = 0; i < this.signals.length; i++) {
      if (i >= SIGNALS_MAX) throw new Error(`actor ${this.key} signals itself without end`);
      const signal = this.signals[i]!;
      // Within one frame rows have times of their own; none is later than the input.
      this.signalUs = Math.min(signal.timeUs, this.now);
      this.perform(this.machine.send(signal));
    }
    this.signals = [];
  }

  private perform(actions: MachineAction[]): void {
    for (const action of actions) {
      const params = action.params;
      switch (action.type) {
        case "announce":
          this.host.announce(this, params as unknown as Announcement);
          break;
        case "kernel":
          if (!this.part.act)
            throw new Error(`part of ${this.key} has no actions, machine asks for ${String(params["do"])}`);
          this.part.act(String(params["do"]), params, this);
          break;
        case "timer.start":
          this.host.timers.start(this.key, String(params["id"]), this.now + Number(params["delayUs"]));
          break;
        case "timer.cancel":
          this.host.timers.cancel(this.key, String(params["id"]));
          break;
        default:
          throw new Error(`machine of ${this.key} asks for unknown action ${action.type}`);
      }
    }
  }

  private fail(error: unknown): void {
    this.signals = [];
    this.signalUs = this.now;
    const reason = error instanceof Error ? error.message : String(error);
    this.host.timers.cancelAll(this.key);
    this.restarts = [...this.restarts.filter((at) => at > this.now - RESTART_WINDOW_US), this.now];
    this.stopped = this.restarts.length > RESTARTS_MAX;
    this.host.announce(this, {
      kind: this.stopped ? "actor.stopped" : "actor.restarted",
      severity: this.stopped ? "critical" : "warning",
      title: this.stopped
        ? `${this.definition.name} keeps failing and was stopped`
        : `${this.definition.name} failed on input ${this.sequence} and was restarted`,
      detail: { reason, input: this.sequence, restarts: this.restarts.length },
    });
    if (!this.stopped) this.start(this.now, this.sequence);
  }
}

/** Copies saved arrays back into live ones; a snapshot with other fields or lengths is of another version. */
export function copyFields(actor: string, from: Fields, to: Fields): void {
  const expected = Object.keys(to);
  for (const name of new Set([...Object.keys(from), ...expected])) {
    const source = from[name];
    const target = to[name];
    if (!source || !target || source.length !== target.length || source.constructor !== target.constructor) {
      throw new SnapshotMismatch(actor, name, describe(source), describe(target));
    }
    target.set(source as never);
  }
}

export class SnapshotMismatch extends Error {
  override readonly name = "SnapshotMismatch";
  constructor(actor: string, field: string, found: string, expected: string) {
    super(`Cannot restore ${actor}: field ${field} is ${found} in the snapshot; expected ${expected}`);
  }
}

function describe(array: Fields[string] | undefined): string {
  return array ? `${array.constructor.name}(${array.length})` : "absent";
}
