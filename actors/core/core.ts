/**
 * The core of one partition: a pure, synchronous fold over the log of inputs.
 *
 *   input ─► timers due before it ─► router ─┬─ frame, record ─► front end of its group ─► actors of the group
 *                                            ├─ state ─────────► the group's actors for states that are given whole
 *                                            └─ other ─────────► actors of the session
 *                                                             │
 *                             events · states · metrics ◄─────┘
 *
 * R1  Same settings and inputs, same outputs and same state, bit for bit, on every runtime.
 * R2  Logical time never goes back; timers fire before the first input that reaches them, ordered by (due, creation).
 * R3  Nothing is dropped here: shedding happens before the log.
 * R4  All state is registered: what `registered` does not yield does not exist for hash and snapshot.
 * R5  Event sequences are 1, 2, 3 …; ids are `partition/inputSequence/k`.
 */

import type { Frame } from "../../protocol/frame.ts";
import type {
  Channels,
  ConfigChanged,
  DensityMatrix,
  EventMessage,
  Input,
  MeasurementRecord,
  QuantumInput,
  SessionOpened,
  StateMessage,
  StateVector,
} from "../../protocol/messages.ts";
import { applySetting, parseSettings, type Settings } from "../../protocol/settings.ts";
import { RowAssembler } from "../detectors/rows/row-assembler.ts";
import type { ActorDefinition, Announcement, Batch, Group, TypedArray } from "../ports/detector.ts";
import { Actor, type ActorHost, copyFields } from "./actor.ts";
import { StateHash } from "./hash.ts";
import { recordAsFrame } from "./record-frame.ts";
import { readSnapshot, type SavedCore, writeSnapshot } from "./snapshot.ts";
import { Timers } from "./timers.ts";

/** Where outputs go while an input is applied. */
export interface CoreSink {
  event(event: EventMessage): void;
  state(state: StateMessage): void;
  /** True when `state` does nothing: states are then decided on, but not all of them are made. */
  readonly unread?: boolean;
  /** New metrics are to be had from `gauges`. */
  metrics(timeUs: number): void;
}

/** Where nobody listens. */
export const SILENT: CoreSink = { unread: true, event() {}, state() {}, metrics() {} };

export interface CoreDefinitions {
  /** Actors that every group of channels gets. */
  group: readonly ActorDefinition[];
  /** Actors of the session: they hear every input but data. */
  session: readonly ActorDefinition[];
}

/** Told before and after an actor works, so that the runtime can measure it; nothing flows back. */
export interface CoreProbe {
  enter(actor: Actor): void;
  leave(actor: Actor): void;
}

/** In degraded mode metrics leave at most this often: people and charts need no more. */
const DEGRADED_METRICS_EVERY_US = 1_000;

interface ChannelGroup {
  readonly declaration: Channels;
  readonly front: RowAssembler;
  readonly cells: readonly Actor[];
  /** States were given for it: it has the actors for them, and no others. */
  readonly states: boolean;
  nextPublishUs: number;
}

/** One piece of registered state, named for people. */
export interface Registered {
  actor: string;
  field: string;
  value: TypedArray | string;
}

export class Core implements ActorHost {
  readonly timers = new Timers();
  settings: Settings = parseSettings({});
  /** Sequence and logical time of the last input. */
  sequence = 0;
  now = 0;
  eventSequence = 0;
  samples = 0;
  probe: CoreProbe | null = null;

  /** May be replaced between inputs. */
  sink: CoreSink;

  private readonly definitions: CoreDefinitions;
  private opened: SessionOpened | null = null;
  private readonly groupsByName = new Map<string, ChannelGroup>();
  private sessionCells: Actor[] = [];
  /** Highest sequence seen of each source. */
  private readonly highWater = new Map<string, { sequence: number }>();
  /** The source of the last frame and its entry: mostly the next one's, too. */
  private lastSource = "";
  private lastMark = { sequence: 0 };
  private latestGauges: Record<string, number> = {};
  private nextMetricsUs = 0;
  private announcedInInput = 0;

  constructor(definitions: CoreDefinitions, sink: CoreSink) {
    this.definitions = definitions;
    this.sink = sink;
  }

  /** Applies the next input of the log. `timeUs` is its logical time, which the sequencer has made monotone. */
  apply(sequence: number, timeUs: number, input: Input): void {
    if (sequence !== this.sequence + 1) throw new Error(`R3 input ${sequence} follows ${this.sequence}`);
    if (timeUs < this.now) throw new Error(`R2 input ${sequence} at ${timeUs} follows ${this.now}`);
    this.sequence = sequence;
    this.announcedInInput = 0;
    if (timeUs >= this.timers.nextDueUs) this.fireTimers(timeUs);
    this.now = timeUs;
    switch (input.type) {
      case "frame":
        this.frame(input);
        break;
      case "densityMatrix":
      case "stateVector":
        this.state(input);
        break;
      case "measurementRecord":
        this.record(input);
        break;
      default:
        this.other(input);
    }
  }

  /** Last sequence seen of a source, 0 for an unknown one. */
  lastSequenceOf(source: string): number {
    return this.highWater.get(source)?.sequence ?? 0;
  }

  declarations(): Channels[] {
    return Array.from(this.groupsByName.values(), (group) => group.declaration);
  }

  declarationOf(group: string): Channels | undefined {
    return this.groupsByName.get(group)?.declaration;
  }

  /** Channels of a group, 0 when it is not declared. */
  channelsOf(group: string): number {
    return this.groupsByName.get(group)?.declaration.channels.length ?? 0;
  }

  /** Whether the group is given states whole: it has no samples that could be changed. */
  hasStates(group: string): boolean {
    return this.groupsByName.get(group)?.states ?? false;
  }

  get unread(): boolean {
    return this.sink.unread === true;
  }

  get partition(): string {
    return this.opened?.partition ?? "";
  }

  get session(): SessionOpened | null {
    return this.opened;
  }

  /** What the monitor shows: the runtime's last measurements and the core's own counters. */
  gauges(): Record<string, number> {
    return {
      ...this.latestGauges,
      inputs: this.sequence,
      samples: this.samples,
      events: this.eventSequence,
      groups: this.groupsByName.size,
      degraded: this.degraded ? 1 : 0,
    };
  }

  // ---- announcements of actors (ActorHost) ---------------------------------------------------------------------

  announce(cell: Actor, announcement: Announcement): void {
    this.emit(cell.definition.name, cell.group.name, cell.signalUs, announcement);
  }

  private emit(actor: string, group: string, timeUs: number, a: Announcement): void {
    this.eventSequence++;
    this.announcedInInput++;
    this.sink.event({
      type: "event",
      sequence: this.eventSequence,
      id: `${this.partition}/${this.sequence}/${this.announcedInInput}`,
      timeUs,
      kind: a.kind,
      severity: a.severity,
      actor,
      group,
      channels: [...(a.channels ?? [])],
      title: shorten(a.title),
      detail: sayable(a.detail ?? {}),
    });
  }

  // ---- inputs -------------------------------------------------------------------------------------------------

  private frame(frame: Frame): void {
    const group = this.groupsByName.get(frame.group);
    if (!group) throw new Error(`frame of undeclared group ${frame.group} passed the sequencer`);
    if (frame.sequence > 0) this.markOf(frame.source).sequence = frame.sequence;
    this.samples += frame.count;
    const { cells } = group;
    // With all actors switched off nobody wants rows.
    if (cells.length > 0) this.work(group, cells, frame);
    this.show(group);
  }

  /** A measured current is a frame of the channel that its operator names. */
  private record(record: MeasurementRecord): void {
    const declaration = this.declarationOf(record.group);
    const channel = declaration?.channels.findIndex(({ name }) => name === record.operator) ?? -1;
    if (channel < 0) throw new Error(`record of undeclared channel ${record.operator} passed the sequencer`);
    this.frame(recordAsFrame(record, channel));
  }

  private state(input: DensityMatrix | StateVector): void {
    const group = this.groupOfStates(input.group);
    if (input.sequence > 0) this.markOf(input.source).sequence = input.sequence;
    // A state is a sample of each of its modes: snapshots are due by samples.
    this.samples += input.n;
    for (const cell of group.cells) {
      this.probe?.enter(cell);
      cell.input(input, this.now, this.sequence);
      this.probe?.leave(cell);
    }
    this.show(group);
  }

  private show(group: ChannelGroup): void {
    if (this.now >= group.nextPublishUs) this.publish(group);
    if (this.now >= this.nextMetricsUs) this.metrics();
  }

  private markOf(source: string): { sequence: number } {
    if (source === this.lastSource) return this.lastMark;
    const mark = this.highWater.get(source) ?? { sequence: 0 };
    this.highWater.set(source, mark);
    this.lastSource = source;
    this.lastMark = mark;
    return mark;
  }

  private work(group: ChannelGroup, cells: readonly Actor[], frame: Frame): void {
    const batch = this.assemble(group, frame);
    if (batch === null) return;
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!;
      if (!cell.admitsData) continue;
      if (this.probe) {
        this.probe.enter(cell);
        cell.update(batch, this.now, this.sequence);
        this.probe.leave(cell);
      } else cell.update(batch, this.now, this.sequence);
    }
  }

  /** The group's rows of this frame; a front end that throws is replaced like an actor, and the frame set aside. */
  private assemble(group: ChannelGroup, frame: Frame): Batch | null {
    try {
      return group.front.consume(frame);
    } catch (error) {
      const { group: name } = group.declaration;
      this.groupsByName.set(name, { ...group, front: this.makeGroup(group.declaration).front });
      this.emit("front", name, this.now, {
        kind: "actor.restarted",
        severity: "warning",
        title: `the front end of ${name} failed on input ${this.sequence} and was restarted`,
        detail: { reason: error instanceof Error ? error.message : String(error), input: this.sequence },
      });
      return null;
    }
  }

  private other(input: Exclude<Input, Frame | QuantumInput>): void {
    switch (input.type) {
      case "sessionOpened":
        this.open(input);
        break;
      case "channels":
        this.declareGroup(input);
        break;
      case "configChanged":
        this.configure(input);
        break;
      case "measurement":
        this.latestGauges = input.gauges;
        this.metrics();
        break;
      case "notice":
        this.emit("runtime", input.group, this.now, {
          kind: input.kind,
          severity: input.severity,
          title: input.title,
          channels: input.channels,
          detail: { ...input.detail, author: input.author },
        });
        break;
      case "feedStatus":
      case "shed":
      case "tick":
        break;
      default:
        unreachable(input);
    }
    for (const cell of this.sessionCells) cell.input(input, this.now, this.sequence);
  }

  private open(opened: SessionOpened): void {
    const settings = parseSettings(opened.settings);
    const changed = this.opened !== null && JSON.stringify(settings) !== JSON.stringify(this.settings);
    this.settings = settings;
    if (this.opened === null) {
      this.opened = opened;
      this.sessionCells = this.makeCells(this.definitions.session, SESSION_GROUP);
      for (const cell of this.sessionCells) cell.start(this.now, this.sequence);
    } else {
      this.opened = opened;
      if (changed) this.restartActors(() => true);
    }
  }

  private declareGroup(declaration: Channels): void {
    const known = this.groupsByName.get(declaration.group);
    if (known) {
      if (sameChannels(known.declaration, declaration)) return;
      for (const cell of known.cells) this.timers.cancelAll(cell.key);
    }
    const group = this.makeGroup(declaration);
    this.groupsByName.set(declaration.group, group);
    for (const cell of group.cells) cell.start(this.now, this.sequence);
  }

  private configure(change: ConfigChanged): void {
    const section = change.path.split(".")[0]!;
    this.settings = applySetting(this.settings, change.path, change.value);
    this.emit("core", "", this.now, {
      kind: "config.changed",
      severity: "info",
      title: `${change.path} was set to ${JSON.stringify(change.value)} by ${change.author}`,
      detail: { path: change.path, value: JSON.stringify(change.value), author: change.author },
    });
    this.restartActors((cell) => section === cell.definition.name || section === "seed");
  }

  /** Actors whose settings changed begin anew: their state was learned under the old ones. */
  private restartActors(concerned: (cell: Actor) => boolean): void {
    for (const [name, group] of this.groupsByName) {
      const of = groupOf(group.declaration, group.states);
      const cells = this.renewed(group.cells, this.definitions.group, of, concerned);
      this.groupsByName.set(name, { ...group, cells });
      for (const cell of cells) if (!group.cells.includes(cell)) cell.start(this.now, this.sequence);
    }
    const session = this.sessionCells;
    this.sessionCells = this.renewed(session, this.definitions.session, SESSION_GROUP, concerned);
    for (const cell of this.sessionCells) if (!session.includes(cell)) cell.start(this.now, this.sequence);
  }

  /** The cells that the settings want now: those not concerned stay, the others are new; the timers of those that go are cancelled. */
  private renewed(
    before: readonly Actor[],
    definitions: readonly ActorDefinition[],
    group: Group,
    concerned: (cell: Actor) => boolean,
  ): Actor[] {
    const cells = this.makeCells(definitions, group).map((cell) => {
      const old = before.find(({ key }) => key === cell.key);
      return old && !concerned(old) ? old : cell;
    });
    for (const old of before) if (!cells.includes(old)) this.timers.cancelAll(old.key);
    return cells;
  }

  private fireTimers(timeUs: number): void {
    for (let timer = this.timers.take(timeUs); timer; timer = this.timers.take(timeUs)) {
      this.now = Math.max(timer.dueUs, this.now);
      this.cell(timer.actor)?.timer(timer.id, timer.dueUs, this.sequence);
    }
  }

  private publish(group: ChannelGroup): void {
    const every = this.settings.publishEveryUs;
    group.nextPublishUs = every > 0 ? (Math.floor(this.now / every) + 1) * every : this.now;
    for (const cell of group.cells) {
      const body = cell.publish(this.now, this.sequence);
      if (body) this.sink.state({ type: "state", ...(body as Omit<StateMessage, "type">) });
    }
  }

  private get degraded(): boolean {
    // Asked with every frame: a loop, for a callback would be made each time.
    for (const cell of this.sessionCells) if (cell.machine.degraded) return true;
    return false;
  }

  /** Normally an output per frame; degraded, at most one a millisecond. */
  private metrics(): void {
    this.nextMetricsUs = this.degraded ? this.now + DEGRADED_METRICS_EVERY_US : Number.NEGATIVE_INFINITY;
    this.sink.metrics(this.now);
  }

  // ---- groups and cells ---------------------------------------------------------------------------------------

  private makeGroup(declaration: Channels, states = false): ChannelGroup {
    const group = groupOf(declaration, states);
    return {
      declaration,
      front: new RowAssembler(group),
      cells: this.makeCells(this.definitions.group, group),
      states,
      nextPublishUs: 0,
    };
  }

  /** The group, with the actors for states from its first one on. */
  private groupOfStates(name: string): ChannelGroup {
    const known = this.groupsByName.get(name);
    if (!known) throw new Error(`state of undeclared group ${name} passed the sequencer`);
    if (known.states) return known;
    const of = groupOf(known.declaration, true);
    const cells = this.renewed(known.cells, this.definitions.group, of, () => false);
    const group = { ...known, cells, states: true };
    this.groupsByName.set(name, group);
    for (const cell of cells) if (!known.cells.includes(cell)) cell.start(this.now, this.sequence);
    return group;
  }

  private makeCells(definitions: readonly ActorDefinition[], group: Group): Actor[] {
    return definitions
      .filter((definition) => definition.enabled(this.settings, group))
      .map((definition) => new Actor(definition, group, this));
  }

  private cell(key: string): Actor | undefined {
    for (const cell of this.cells()) if (cell.key === key) return cell;
    return undefined;
  }

  private *cells(): Generator<Actor> {
    yield* this.sessionCells;
    for (const group of this.groupsByName.values()) yield* group.cells;
  }

  // ---- hash and snapshot --------------------------------------------------------------------------------------

  /** Every piece of state, in a fixed order (R4). */
  *registered(): Generator<Registered> {
    yield { actor: "core", field: "control", value: JSON.stringify(this.control()) };
    for (const group of this.groupsByName.values()) {
      const actor = `${group.declaration.group}/front`;
      for (const [field, value] of Object.entries(group.front.fields)) yield { actor, field, value };
    }
    for (const cell of this.cells()) {
      yield { actor: cell.key, field: "control", value: JSON.stringify(cell.control()) };
      yield { actor: cell.key, field: "random", value: cell.randomState };
      for (const [field, value] of Object.entries(cell.part.fields)) yield { actor: cell.key, field, value };
    }
  }

  /** Hash of the whole registered state, and of each piece (its first 8 bytes) so that a difference can be named. */
  hash(): { hash: Uint8Array; parts: { actor: string; field: string; hash: Uint8Array }[] } {
    const total = new StateHash().reset();
    const one = new StateHash();
    const parts = [];
    for (const { actor, field, value } of this.registered()) {
      one.reset();
      if (typeof value === "string") one.text(value);
      else one.array(value);
      const digest = one.digest();
      total.text(actor).text(field).array(digest);
      parts.push({ actor, field, hash: digest.slice(0, 8) });
    }
    return { hash: total.digest(), parts };
  }

  /** The whole state as bytes; `Core.restore` goes on from there as if nothing had happened. */
  snapshot(): Uint8Array {
    return writeSnapshot({
      control: this.control(),
      fronts: Array.from(this.groupsByName.values(), (group) => group.front.fields),
      cells: Array.from(this.cells(), (cell) => cell.save()),
    });
  }

  static restore(bytes: Uint8Array, definitions: CoreDefinitions, sink: CoreSink): Core {
    const saved = readSnapshot(bytes) as SavedCore<ReturnType<Core["control"]>>;
    const core = new Core(definitions, sink);
    const { control } = saved;
    core.settings = parseSettings(control.settings);
    core.opened = control.opened;
    core.sequence = control.sequence;
    core.now = control.now;
    core.eventSequence = control.eventSequence;
    core.samples = control.samples;
    core.latestGauges = control.latestGauges;
    core.nextMetricsUs = control.nextMetricsUs ?? Number.NEGATIVE_INFINITY;
    for (const [source, sequence] of control.highWater) core.highWater.set(source, { sequence });
    if (core.opened) core.sessionCells = core.makeCells(definitions.session, SESSION_GROUP);
    control.groups.forEach(({ declaration, nextPublishUs, states }, i) => {
      const group = core.makeGroup(declaration, states);
      group.nextPublishUs = nextPublishUs;
      copyFields(`${declaration.group}/front`, saved.fronts[i]!, group.front.fields);
      core.groupsByName.set(declaration.group, group);
    });
    const savedByKey = new Map(saved.cells.map((cell) => [cell.key, cell]));
    for (const cell of core.cells()) {
      const state = savedByKey.get(cell.key);
      if (!state)
        throw new Error(
          `Cannot restore ${cell.key}: not in the snapshot; expected every actor of the session`,
        );
      cell.restore(state);
    }
    core.timers.restore(control.timers);
    return core;
  }

  /** State that is plain JSON. Key order is fixed here, so its text is the same for the same state. */
  private control() {
    return {
      opened: this.opened,
      settings: this.settings as unknown,
      sequence: this.sequence,
      now: this.now,
      eventSequence: this.eventSequence,
      samples: this.samples,
      latestGauges: this.latestGauges,
      // JSON has no infinity: null stands for "at once".
      nextMetricsUs: this.nextMetricsUs === Number.NEGATIVE_INFINITY ? null : this.nextMetricsUs,
      highWater: Array.from(this.highWater, ([source, { sequence }]) => [source, sequence] as const),
      groups: Array.from(this.groupsByName.values(), (group) => ({
        declaration: group.declaration,
        nextPublishUs: group.nextPublishUs,
        ...(group.states ? { states: true } : {}),
      })),
      timers: this.timers.save(),
    };
  }
}

/** Actors of the session belong to no group of channels. */
const SESSION_GROUP: Group = {
  name: "",
  n: 0,
  channels: [],
  sampling: "rows",
  everyUs: 0,
  innovation: "difference",
};

function groupOf(declaration: Channels, states: boolean): Group {
  const { group, channels, sampling, everyUs, innovation } = declaration;
  return { name: group, n: channels.length, channels, sampling, everyUs, innovation, states };
}

/** Texts of events have a limit on the wire; a longer one (a foreign error message) is cut rather than refused. */
const TITLE_CHARACTERS = 1000;

function shorten(text: string): string {
  if (text.length <= TITLE_CHARACTERS) return text;
  // Half a surrogate pair would not come back from the wire as it went.
  return `${text.slice(0, TITLE_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Details as the wire can say them: no NaN, no infinity, no endless text. */
function sayable(detail: NonNullable<Announcement["detail"]>): EventMessage["detail"] {
  return Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [
      name,
      typeof value === "number" && !Number.isFinite(value)
        ? null
        : typeof value === "string"
          ? shorten(value)
          : (value ?? null),
    ]),
  );
}

function sameChannels(a: Channels, b: Channels): boolean {
  return (
    a.sampling === b.sampling &&
    a.everyUs === b.everyUs &&
    a.innovation === b.innovation &&
    a.channels.length === b.channels.length &&
    a.channels.every((channel, i) => channel.name === b.channels[i]!.name)
  );
}

function unreachable(input: never): never {
  throw new Error(`unknown input ${JSON.stringify(input)}`);
}
