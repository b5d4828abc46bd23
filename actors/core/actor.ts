/**
 * One supervised actor: its detector, its machine and its random stream. An actor that throws is replaced by a fresh one.
 *
 *   running ──throws──► restarted (fresh detector, fresh machine) ──more than RESTARTS_MAX in RESTART_WINDOW_US──► stopped
 *
 * K1  A signal changes the machine at once. The machine's actions are performed in order after the detector has returned.
 * K2  A throwing actor is replaced by a fresh one, which gets what the definition says that it leaves. An event names the input at which it failed; that input is not applied again.
 * K3  Restarts are counted in logical time, so a replay stops the same actor at the same input.
 * K4  An actor whose detector cannot be made is stopped, and everything else goes on. It begins anew with other settings or another group.
 */
import { errorText } from "../../protocol/errors.ts";
import type { Channels, Input } from "../../protocol/messages.ts";
import type { Settings } from "../../protocol/settings.ts";
import type {
  ActorDefinition,
  Announced,
  Announcement,
  Batch,
  Detector,
  DetectorContext,
  EditedDocument,
  Group,
  GroupState,
  Level,
  Measures,
  PartState,
  PartsContext,
  Signal,
  UsualRanges,
} from "../ports/detector.ts";
import type { LogicalTimers } from "./logical-timers.ts";
import { type MachineAction, MachineHost } from "./machine-host.ts";
import { Parts } from "./parts.ts";
import { RandomStream } from "./random.ts";
import { checkVersion, copyFields, type SavedActor } from "./snapshot.ts";

/** Restarts allowed within the window. An actor that fails more often is stopped, because the cause is not a single input. */
export const RESTARTS_MAX = 3;
const RESTART_WINDOW_US = 60_000_000;

/** What an actor uses of its core. */
export interface ActorHost {
  readonly partition: string;
  /** How many share the session. */
  readonly partitions: number;
  readonly timers: LogicalTimers;
  readonly settings: Settings;
  /** No client reads published states. */
  readonly unread: boolean;
  declarationOf(group: string): Channels | undefined;
  /** The levels that actors of the session watch channels of a group for. */
  levelsOf(group: string): readonly Level[];
  /** `timeUs`: the logical time that the announcement refers to. */
  announce(actor: Actor, timeUs: number, announcement: Announcement): void;
  edited(change: EditedDocument): void;
}

export class Actor implements DetectorContext, PartsContext {
  readonly key: string;
  readonly definition: ActorDefinition;
  readonly group: Group;
  now = 0;
  sequence = 0;
  detector!: Detector;
  machine!: MachineHost;
  stopped = false;
  private restarts: number[] = [];
  private stream!: RandomStream;
  readonly parts?: PartsContext;
  private readonly own: Parts | null;
  /** Actions that the machines requested while the detector works, each with the logical time it refers to; `of`: a part, "" for the actor itself. */
  private asked: { of: string; timeUs: number; action: MachineAction }[] = [];
  private readonly host: ActorHost;
  /** Of an actor before it, until it starts. */
  left: unknown;

  constructor(definition: ActorDefinition, group: Group, host: ActorHost) {
    this.key = `${group.name}/${definition.name}`;
    this.definition = definition;
    this.group = group;
    this.host = host;
    this.own = definition.part === undefined ? null : new Parts(definition.part);
    if (this.own !== null) this.parts = this;
  }

  /** Creates detector and machine and performs the machine's first actions. Parts that there are begin anew. */
  start(now: number, sequence: number): void {
    this.now = now;
    this.sequence = sequence;
    this.stream = new RandomStream(this.host.settings.seed, this.key);
    this.make();
    const input = this.definition.machineInput(this.host.settings, this.group, this.host.partitions);
    const left = this.left === undefined ? {} : { left: this.left };
    this.left = undefined;
    this.machine = new MachineHost(this.definition.machine, { ...input, ...left });
    if (this.stopped) return;
    for (const action of this.machine.takeActions()) this.perform("", now, action);
    const parts = this.own?.save() ?? [];
    for (const { key, input } of parts) this.addPart(key, input);
    this.performAsked();
  }

  private make(): void {
    try {
      this.detector = this.definition.createDetector(this.host.settings, this.group);
    } catch (error) {
      this.detector = NO_DETECTOR;
      this.stopped = true;
      this.announceFailure(error, "cannot be made and is stopped");
    }
  }

  /** Takes over the parts of the actor that it replaces, to begin anew with them, and what that one leaves. */
  inherit(old: Actor): void {
    this.own?.restore(old.own?.save() ?? []);
    this.left = old.legacy();
  }

  /** What it leaves to the next actor of its name; undefined: nothing. */
  legacy(): unknown {
    return this.definition.leaves?.(this.machine.context);
  }

  /** True when the actor processes rows. */
  get takesRows(): boolean {
    return !this.stopped && this.detector.update !== undefined;
  }

  update(batch: Batch, now: number, sequence: number): void {
    this.now = now;
    this.sequence = sequence;
    try {
      this.detector.update!(batch, this);
      if (this.asked.length > 0) this.performAsked();
    } catch (error) {
      this.fail(error);
    }
  }

  input(input: Input, now: number, sequence: number): void {
    if (this.stopped || !this.detector.onInput) return;
    this.now = now;
    this.sequence = sequence;
    try {
      this.detector.onInput(input, this);
      this.performAsked();
    } catch (error) {
      this.fail(error);
    }
  }

  /** What an actor of a group announced. */
  hear(announced: Announced, now: number, sequence: number): void {
    if (this.stopped || !this.detector.onAnnouncement) return;
    this.now = now;
    this.sequence = sequence;
    try {
      this.detector.onAnnouncement(announced, this);
      this.performAsked();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Whether it reads the rows, or the measures, of a group. */
  watches(group: string, what: "rows" | "measures"): boolean {
    return !this.stopped && this.detector.watches?.(group, what, this) === true;
  }

  /** The levels that it watches channels of a group for. */
  levelsOf(group: string): readonly Level[] {
    return this.stopped ? [] : (this.detector.levels?.(group, this) ?? []);
  }

  /** The rows of a group that it watches. */
  rowsOf(group: Channels, batch: Batch, now: number, sequence: number): void {
    this.now = now;
    this.sequence = sequence;
    try {
      this.detector.onRows?.(batch, group, this);
      if (this.asked.length > 0) this.performAsked();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The measures of a state of a group that it watches. */
  measuresOf(group: Channels, measures: Measures, now: number, sequence: number): void {
    this.now = now;
    this.sequence = sequence;
    try {
      this.detector.onMeasures?.(measures, group, this);
      this.performAsked();
    } catch (error) {
      this.fail(error);
    }
  }

  timer(id: string, dueUs: number, sequence: number): void {
    if (this.stopped) return;
    this.now = dueUs;
    this.sequence = sequence;
    try {
      const [part, ofPart] = splitTimer(id);
      if (ofPart === null) this.signal({ type: `timer.${id}`, timeUs: dueUs });
      else this.signalPart(part, { type: `timer.${ofPart}`, timeUs: dueUs });
      this.performAsked();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The detector's state for publication, or null when there is none. */
  publish(now: number, sequence: number): unknown {
    if (this.stopped || !this.detector.publish) return null;
    this.now = now;
    this.sequence = sequence;
    try {
      return this.detector.publish(this);
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  /**
   * Adds its measures to those of a state of its group. One that throws is not restarted, for no replica may change by a state that others do not
   * build: a measure says so.
   */
  addMeasures(measures: Record<string, number>, state: GroupState): void {
    if (this.stopped) return;
    try {
      this.detector.addMeasures?.(measures, state);
    } catch {
      measures[`${this.definition.name}.failed`] = 1;
    }
  }

  /** The usual range of each channel, or null when it knows none. */
  usual(): UsualRanges | null {
    return this.stopped ? null : (this.detector.usual?.(this) ?? null);
  }

  // ---- DetectorContext ------------------------------------------------------------------------------------------

  signal(signal: Signal): void {
    // Rows of one frame have times of their own. None may be later than the input.
    const timeUs = Math.min(signal.timeUs, this.now);
    for (const action of this.machine.send(signal)) this.asked.push({ of: "", timeUs, action });
  }

  part(key: string): PartState | undefined {
    return this.own?.get(key);
  }

  partKeys(): Iterable<string> {
    return this.own?.keys() ?? [];
  }

  partStates(): Iterable<PartState> {
    return this.own?.values() ?? [];
  }

  addPart(key: string, input: Record<string, unknown>): void {
    if (this.own === null) throw new Error(`${this.key} adds the part ${key}, but its definition has none`);
    this.cancelTimersOf(key);
    this.take(key, this.now, this.own.add(key, input).machine.takeActions());
  }

  removePart(key: string): void {
    this.cancelTimersOf(key);
    this.own?.delete(key);
  }

  signalPart(key: string, signal: Signal): void {
    const part = this.own?.get(key);
    if (part !== undefined) this.take(key, Math.min(signal.timeUs, this.now), part.machine.send(signal));
  }

  declarationOf(group: string): Channels | undefined {
    return this.host.declarationOf(group);
  }

  /** What a part tells its actor is heard at once, all else is done when the detector has returned. */
  private take(key: string, timeUs: number, actions: readonly MachineAction[]): void {
    for (const action of actions) {
      if (action.type === "tell") this.signal({ ...(action.params as { type: string }), timeUs });
      else this.asked.push({ of: key, timeUs, action });
    }
  }

  private cancelTimersOf(key: string): void {
    this.host.timers.cancelMatching(
      this.key,
      (id) => splitTimer(id)[1] !== null && splitTimer(id)[0] === key,
    );
  }

  levels(): readonly Level[] {
    return this.host.levelsOf(this.group.name);
  }

  edited(change: EditedDocument): void {
    this.host.edited(change);
  }

  random(): number {
    return this.stream.next();
  }

  get unread(): boolean {
    return this.host.unread;
  }

  get partition(): string {
    return this.host.partition;
  }

  get partitions(): number {
    return this.host.partitions;
  }

  // ---- registered state -----------------------------------------------------------------------------------------

  get randomState(): Uint32Array {
    return this.stream.state;
  }

  save(): SavedActor {
    return {
      key: this.key,
      version: this.definition.version,
      machine: this.machine.save(),
      stopped: this.stopped,
      restarts: [...this.restarts],
      random: this.stream.state,
      fields: this.detector.fields,
      ...(this.detector.kept === undefined ? {} : { kept: this.detector.kept.save() }),
      ...(this.own === null ? {} : { parts: this.own.save() }),
    };
  }

  /** The state outside typed arrays, as plain JSON. */
  control(): unknown {
    const own = { machine: this.machine.save(), stopped: this.stopped, restarts: this.restarts };
    return this.own === null ? own : { ...own, parts: this.own.save() };
  }

  restore(saved: SavedActor): void {
    checkVersion(this.key, saved.version, this.definition.version);
    this.stream = new RandomStream(0, "");
    this.stream.state.set(saved.random);
    this.stopped = saved.stopped;
    this.restarts = [...saved.restarts];
    this.detector = this.madeAgain();
    copyFields(this.key, saved.fields, this.detector.fields);
    if (saved.kept !== undefined) this.detector.kept?.restore(saved.kept);
    this.machine = new MachineHost(
      this.definition.machine,
      this.definition.machineInput(this.host.settings, this.group, this.host.partitions),
      saved.machine,
    );
    this.own?.restore(saved.parts ?? []);
  }

  private madeAgain(): Detector {
    try {
      return this.definition.createDetector(this.host.settings, this.group);
    } catch (error) {
      if (this.stopped) return NO_DETECTOR;
      throw error;
    }
  }

  // ---- actions of the machine, and failures ---------------------------------------------------------------------

  private performAsked(): void {
    for (const { of, timeUs, action } of this.asked) this.perform(of, timeUs, action);
    this.asked = [];
  }

  private perform(part: string, timeUs: number, { type, params }: MachineAction): void {
    const id = part === "" ? String(params["id"]) : timerOf(part, String(params["id"]));
    switch (type) {
      case "announce":
        this.host.announce(this, timeUs, params as unknown as Announcement);
        break;
      case "timer.start":
        this.host.timers.start(this.key, id, this.now + Number(params["delayUs"]));
        break;
      case "timer.cancel":
        this.host.timers.cancel(this.key, id);
        break;
      default:
        throw new Error(`machine of ${this.key} requests the unknown action ${type}`);
    }
  }

  private fail(error: unknown): void {
    this.asked = [];
    this.host.timers.cancelAll(this.key);
    this.restarts = [...this.restarts.filter((at) => at > this.now - RESTART_WINDOW_US), this.now];
    this.stopped = this.restarts.length > RESTARTS_MAX;
    this.announceFailure(
      error,
      this.stopped ? "keeps failing and was stopped" : `failed on input ${this.sequence} and was restarted`,
    );
    if (this.stopped) return;
    this.left = this.legacy();
    this.start(this.now, this.sequence);
  }

  private announceFailure(error: unknown, what: string): void {
    this.host.announce(this, this.now, {
      kind: this.stopped ? "actor.stopped" : "actor.restarted",
      severity: this.stopped ? "critical" : "warning",
      title: `${this.definition.name} ${what}`,
      detail: { reason: errorText(error), input: this.sequence, restarts: this.restarts.length },
    });
  }
}

/** Of an actor whose detector cannot be made. */
const NO_DETECTOR: Detector = { fields: {} };

/** Timers of parts have the part's key before their id. Ids of machines have no line breaks. */
const SEPARATOR = "\n";

function timerOf(part: string, id: string): string {
  return part + SEPARATOR + id;
}

/** The part and its timer; a timer of the actor itself has no second one. */
function splitTimer(id: string): [part: string, ofPart: string | null] {
  const at = id.indexOf(SEPARATOR);
  return at < 0 ? ["", null] : [id.slice(0, at), id.slice(at + 1)];
}
