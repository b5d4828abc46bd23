/**
 * The core of one partition: a pure, synchronous fold over the log of inputs.
 *
 *   input ─► timers due before it ─┬─ frame, record ─► rows of its group ─► actors of the group
 *                                  ├─ state ─────────► the group's actors for states
 *                                  ├─ command ───────► actors that listen for its name
 *                                  └─ other ─────────► actors of the session
 *                                                             │
 *                             events · states · metrics ◄─────┘
 *                               ├─ those of groups ─► actors of the session that listen
 *                               └─ all of a group ──► actors of that group that listen
 *
 * R1  The same settings and inputs give the same outputs and the same state, bit for bit, on every runtime.
 * R2  Logical time never decreases. A timer fires before the first input that reaches it; timers are ordered by (due, creation).
 * R3  The core drops no input: inputs are shed before they enter the log.
 * R4  `registered` yields all state: hash and snapshot cover nothing else.
 * R5  Event sequences are 1, 2, 3 …; ids are `partition/inputSequence/k`.
 * R6  Listening actors receive events within the same input or timer, in the order announced, after all other work on it: those of the session what
 *     actors of groups announce, those of a group all events about it but their own. What actors of the session announce is handed to those of the
 *     session alone that follow them.
 */

import { errorText } from "../../protocol/errors.ts";
import { FORBIDDEN_KEYS, isName } from "../../protocol/fields.ts";
import type { Frame } from "../../protocol/frame.ts";
import { MARK_MADE, type Mark } from "../../protocol/mark-command.ts";
import type {
  Channels,
  CommandInput,
  ConfigChanged,
  DensityMatrix,
  Input,
  MeasurementRecord,
  QuantumInput,
  SessionOpened,
  StateMessage,
  StateVector,
} from "../../protocol/messages.ts";
import type { Authored } from "../../protocol/principal.ts";
import { applySetting, parseSettings, type Settings } from "../../protocol/settings.ts";
import type {
  Announced,
  Announcement,
  Batch,
  Detector,
  EditedDocument,
  Group,
  Level,
  PartState,
} from "../ports/detector.ts";
import type { Actor } from "./actor.ts";
import { checkActorFiles } from "./actor-versions.ts";
import type { CoreProbe, CoreSink } from "./core-sink.ts";
import { checkAnnouncement, eventMessage } from "./event-message.ts";
import {
  ASSEMBLER,
  type ChannelGroup,
  type CoreDefinitions,
  Groups,
  type GroupsHost,
  SESSION,
} from "./groups.ts";
import { LogicalTimers } from "./logical-timers.ts";
import { type OpenInjection, OpenInjections } from "./open-injections.ts";
import { recordAsFrame } from "./record-frame.ts";
import { hashOf, type Registered, type StateHashes } from "./registered-state.ts";
import { readSnapshot, type SavedCore, writeSnapshot } from "./snapshot.ts";
import { SourceMarks } from "./source-marks.ts";

export type { CoreDefinitions } from "./groups.ts";

const NOBODY: Actor[] = [];

/** Least time between metrics in degraded mode: enough for charts and readers. */
const DEGRADED_METRICS_EVERY_US = 1_000;

export class Core implements GroupsHost {
  readonly timers = new LogicalTimers();
  settings: Settings = parseSettings({});
  /** Sequence and logical time of the last input. */
  sequence = 0;
  now = 0;
  eventSequence = 0;
  samples = 0;
  probe: CoreProbe | null = null;
  /** Receives the outputs. It may be replaced between inputs. */
  sink: CoreSink;

  private readonly definitions: CoreDefinitions;
  private readonly groups: Groups;
  private readonly sources = new SourceMarks();
  private readonly injections = new OpenInjections();
  private opened: SessionOpened | null = null;
  private latestGauges: Record<string, number> = {};
  private nextMetricsUs = 0;
  private announcedInInput = 0;
  /** An actor of the session reads the states that are published now. */
  private isWatched = false;
  /** Announcements of actors of groups that listening actors have not received yet. Empty between inputs. */
  private readonly unheard: Announced[] = [];

  constructor(definitions: CoreDefinitions, sink: CoreSink) {
    this.sink = sink;
    this.definitions = definitions;
    this.groups = new Groups(definitions, this);
  }

  /** Applies the next input of the log. `timeUs` is its logical time; the sequencer guarantees that it does not decrease. */
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
      case "command":
        this.command(input);
        break;
      default:
        this.other(input);
    }
    if (this.unheard.length > 0) this.handOver();
  }

  /** The highest sequence seen from a source, 0 for an unknown source. */
  lastSequenceOf(source: string): number {
    return this.sources.lastSequenceOf(source);
  }

  /** The highest number of a command from a source, 0 for an unknown source. */
  lastCommandOf(source: string): number {
    return this.sources.lastSequenceOf(commandsOf(source));
  }

  declarations(): Channels[] {
    return Array.from(this.groups.all(), (group) => group.declaration);
  }

  /** The usual ranges of the groups of which an actor knows them; null where it does not know that of a channel. */
  usual(): { group: string; low: (number | null)[]; high: (number | null)[] }[] {
    const known = (values: readonly number[]) =>
      values.map((value) => (Number.isFinite(value) ? value : null));
    return Array.from(this.groups.all()).flatMap(({ declaration: { group }, actors }) => {
      for (const actor of actors) {
        const ranges = actor.usual();
        if (ranges !== null) return [{ group, low: known(ranges.low), high: known(ranges.high) }];
      }
      return [];
    });
  }

  declarationOf(group: string): Channels | undefined {
    return this.groups.get(group)?.declaration;
  }

  levelsOf(group: string): readonly Level[] {
    return this.groups.session.flatMap((actor) => actor.levelsOf(group));
  }

  /** The number of channels of a group, 0 when it is not declared. */
  channelsOf(group: string): number {
    return this.declarationOf(group)?.channels.length ?? 0;
  }

  /** True when feeds send whole states of the group. Such a group has no samples. */
  hasStates(group: string): boolean {
    return this.groups.get(group)?.states ?? false;
  }

  /** The injections that the log has begun and not ended, oldest first. */
  openInjections(): readonly OpenInjection[] {
    return this.injections.save();
  }

  /** The context of the machine of an actor of the session and its parts, to be read at once; null when there is none of this name. */
  stateOf(name: string): { readonly context: unknown; readonly parts: Iterable<PartState> } | null {
    const actor = this.groups.session.find(({ definition }) => definition.name === name);
    return actor === undefined ? null : { context: actor.machine.context, parts: actor.partStates() };
  }

  /** The modes of the actors of groups of this name, by group. */
  modesOf(name: string): ReadonlyMap<string, string> {
    const modes = new Map<string, string>();
    for (const group of this.groups.all())
      for (const { definition, machine } of group.actors)
        if (definition.name === name) modes.set(group.declaration.group, machine.value);
    return modes;
  }

  get unread(): boolean {
    return this.sink.unread === true && !this.isWatched;
  }

  get partition(): string {
    return this.opened?.partition ?? "";
  }

  get partitions(): number {
    return this.opened?.partitions ?? 1;
  }

  get session(): SessionOpened | null {
    return this.opened;
  }

  /** The metrics: the runtime's last measurements and the core's own counters. */
  gauges(): Record<string, number> {
    return {
      ...this.latestGauges,
      inputs: this.sequence,
      samples: this.samples,
      events: this.eventSequence,
      groups: this.groups.size,
      degraded: this.degraded ? 1 : 0,
    };
  }

  // ---- announcements --------------------------------------------------------------------------------------------

  announce(actor: Actor, timeUs: number, announcement: Announcement): void {
    const { definition, group } = actor;
    if (definition.file !== undefined) checkAnnouncement(timeUs, announcement);
    this.emit(definition.name, announcement.group ?? group.name, timeUs, announcement, group);
  }

  edited(change: EditedDocument): void {
    this.sink.edited?.(change);
  }

  /** The detector of a session's actor; undefined when there is none, or it was stopped. */
  detectorOf(name: string): Detector | undefined {
    return this.groups.session.find(({ definition, stopped }) => definition.name === name && !stopped)
      ?.detector;
  }

  /** `of`: the group of the actor that announces it. */
  private emit(
    actor: string,
    group: string,
    timeUs: number,
    announcement: Announcement,
    of: Group = SESSION,
  ): void {
    const sequence = ++this.eventSequence;
    const id = `${this.partition}/${this.sequence}/${++this.announcedInInput}`;
    const event = eventMessage(announcement, { sequence, id, timeUs, actor, group });
    this.sink.event(event);
    if (!this.groups.hearers(event, of).next().done)
      this.unheard.push({ event, group: of, finding: announcement.finding ?? null });
  }

  private handOver(): void {
    // Actors that hear may announce what others hear: the list grows while it is handed over.
    for (const announced of this.unheard)
      for (const actor of this.groups.hearers(announced.event, announced.group))
        actor.hear(announced, this.now, this.sequence);
    this.unheard.length = 0;
  }

  // ---- data -------------------------------------------------------------------------------------------------------

  private frame(frame: Frame): void {
    const group = this.groups.get(frame.group);
    if (!group) throw new Error(`frame of undeclared group ${frame.group} passed the sequencer`);
    this.sources.note(frame.source, frame.sequence);
    this.samples += frame.count;
    const watchers = this.watchersOf(group, "rows");
    // Without actors nothing reads the rows.
    const batch = group.actors.length > 0 || watchers.length > 0 ? this.assemble(group, frame) : null;
    if (batch !== null) {
      this.work(group.actors, batch);
      for (const actor of watchers) actor.rowsOf(group.declaration, batch, this.now, this.sequence);
    }
    this.publishWhenDue(group);
  }

  /** Treats a measured current as a frame of the channel that its operator names. */
  private record(record: MeasurementRecord): void {
    const declaration = this.declarationOf(record.group);
    const channel = declaration?.channels.findIndex(({ name }) => name === record.operator) ?? -1;
    if (channel < 0) throw new Error(`record of undeclared channel ${record.operator} passed the sequencer`);
    this.frame(recordAsFrame(record, channel));
  }

  private state(input: DensityMatrix | StateVector): void {
    const group = this.groups.withStates(input.group);
    this.sources.note(input.source, input.sequence);
    // A state counts as one sample per mode, because snapshots are due after a number of samples.
    this.samples += input.n;
    for (const actor of group.actors) {
      this.probe?.enter(actor);
      actor.input(input, this.now, this.sequence);
      this.probe?.leave(actor);
    }
    this.publishWhenDue(group);
  }

  /** The actors of the session that watch a group. */
  private watchersOf({ declaration }: ChannelGroup, what: "rows" | "measures"): readonly Actor[] {
    let watchers: Actor[] = NOBODY;
    // Called for every frame: a loop, because `filter` would allocate an array each time.
    for (const actor of this.groups.session)
      if (actor.watches(declaration.group, what))
        watchers = watchers === NOBODY ? [actor] : [...watchers, actor];
    return watchers;
  }

  /** The rows that the frame completes. An assembler that throws is replaced like an actor, and the frame is skipped: null. */
  private assemble(group: ChannelGroup, frame: Frame): Batch | null {
    try {
      return group.rows.consume(frame);
    } catch (error) {
      this.groups.restartRows(group);
      const { group: name } = group.declaration;
      this.emit(ASSEMBLER, name, this.now, {
        kind: "actor.restarted",
        severity: "warning",
        title: `the front end of ${name} failed on input ${this.sequence} and was restarted`,
        detail: { reason: errorText(error), input: this.sequence },
      });
      return null;
    }
  }

  private work(actors: readonly Actor[], batch: Batch): void {
    for (let i = 0; i < actors.length; i++) {
      const actor = actors[i]!;
      if (!actor.takesRows) continue;
      if (this.probe) {
        this.probe.enter(actor);
        actor.update(batch, this.now, this.sequence);
        this.probe.leave(actor);
      } else actor.update(batch, this.now, this.sequence);
    }
  }

  // ---- other inputs -----------------------------------------------------------------------------------------------

  private other(input: Exclude<Input, Frame | QuantumInput | CommandInput>): void {
    switch (input.type) {
      case "sessionOpened":
        this.open(input);
        break;
      case "channels":
        this.groups.declare(input);
        break;
      case "configChanged":
        this.configure(input);
        break;
      case "measurement":
        this.latestGauges = input.gauges;
        this.metrics();
        break;
      case "notice":
        this.injections.note(input);
        this.emit("runtime", input.group, this.now, {
          kind: input.kind,
          severity: input.severity,
          title: input.title,
          channels: input.channels,
          detail: { ...input.detail, ...authorIn(input) },
        });
        break;
      case "edit":
        // An edit counts as one sample, because snapshots are due after a number of samples.
        this.samples++;
        break;
      case "feedStatus":
      case "shed":
        break;
      default:
        unreachable(input);
    }
    for (const actor of this.groups.session) actor.input(input, this.now, this.sequence);
  }

  private command(command: CommandInput): void {
    this.sources.note(commandsOf(command.source), command.sequence);
    for (const actor of this.groups.actors()) {
      const names: readonly string[] = actor.definition.commands ?? [];
      if (names.includes(command.name)) actor.input(command, this.now, this.sequence);
    }
    if (command.name === "mark") this.mark(command.body as Mark, command.author);
  }

  private mark(
    { type, title, group = "", channels, atUs = this.now }: Mark,
    author: CommandInput["author"],
  ): void {
    const by = author.name ?? author.id;
    const isKnown = group === "" || this.declarationOf(group) !== undefined;
    this.emit("runtime", group, this.now, {
      kind: MARK_MADE,
      severity: isKnown ? "info" : "warning",
      title: `${by} marked ${type}${title === "" ? "" : `: ${title}`}${isKnown ? "" : `; there is no group ${group} yet`}`,
      channels,
      detail: { mark: type, atUs, author: by },
    });
  }

  private open(opened: SessionOpened): void {
    const first = this.opened === null;
    checkActorFiles(opened.versions, this.definitions);
    const settings = parseSettings(opened.settings);
    const changed = JSON.stringify(settings) !== JSON.stringify(this.settings);
    this.settings = settings;
    this.opened = opened;
    this.injections.clear();
    if (first) this.groups.openSession();
    else if (changed) this.groups.restart(() => true);
  }

  /** Changes a setting and restarts the actors that it concerns, unless they adapt to it. */
  private configure(change: ConfigChanged): void {
    const section = change.path.split(".")[0]!;
    this.settings = applySetting(this.settings, change.path, change.value);
    this.emit("core", "", this.now, {
      kind: "config.changed",
      severity: "info",
      title: `${change.path} was set to ${JSON.stringify(change.value)} by ${change.author}`,
      detail: { path: change.path, value: JSON.stringify(change.value), ...authorIn(change) },
    });
    this.groups.restart(
      ({ definition: { name, adapts, reads = [] } }) =>
        section === "seed" || (section === name && adapts !== true) || (reads as string[]).includes(section),
    );
  }

  private fireTimers(timeUs: number): void {
    for (let timer = this.timers.take(timeUs); timer; timer = this.timers.take(timeUs)) {
      this.now = Math.max(timer.dueUs, this.now);
      this.groups.actor(timer.actor)?.timer(timer.id, timer.dueUs, this.sequence);
      if (this.unheard.length > 0) this.handOver();
    }
  }

  // ---- states and metrics -----------------------------------------------------------------------------------------

  private publishWhenDue(group: ChannelGroup): void {
    if (this.now >= group.nextPublishUs) this.publish(group);
    if (this.now >= this.nextMetricsUs) this.metrics();
  }

  private publish(group: ChannelGroup): void {
    const every = this.settings.publishEveryUs;
    group.nextPublishUs = every > 0 ? (Math.floor(this.now / every) + 1) * every : this.now;
    const watchers = this.watchersOf(group, "measures");
    this.isWatched = watchers.length > 0;
    for (const actor of group.actors) {
      const body = actor.publish(this.now, this.sequence) as Omit<StateMessage, "type"> | null;
      if (!body) continue;
      for (const other of group.actors) other.addMeasures(body.measures, body);
      dropUnsendable(body.measures);
      this.sink.state({ type: "state", ...body });
      for (const watcher of watchers)
        watcher.measuresOf(group.declaration, body.measures, this.now, this.sequence);
    }
    this.isWatched = false;
  }

  private get degraded(): boolean {
    // Called for every frame: a loop, because `some` would allocate a callback each time.
    for (const actor of this.groups.session) if (actor.machine.degraded) return true;
    return false;
  }

  /** Reports metrics after every frame; in degraded mode at most once a millisecond. */
  private metrics(): void {
    this.nextMetricsUs = this.degraded ? this.now + DEGRADED_METRICS_EVERY_US : Number.NEGATIVE_INFINITY;
    this.sink.metrics(this.now);
  }

  // ---- registered state -------------------------------------------------------------------------------------------

  /** All pieces of state, in a fixed order (R4). */
  *registered(): Generator<Registered> {
    yield { actor: "core", field: "control", value: JSON.stringify(this.control()) };
    yield* this.groups.registered();
  }

  /** Hashes of the whole registered state and of each piece. */
  hash(): StateHashes {
    return hashOf(this.registered());
  }

  /** The whole state as bytes. A core that `Core.restore` makes from them continues identically. */
  snapshot(): Uint8Array {
    return writeSnapshot({ control: this.control(), ...this.groups.save() });
  }

  static restore(bytes: Uint8Array, definitions: CoreDefinitions, sink: CoreSink): Core {
    const core = new Core(definitions, sink);
    core.takeOver(readSnapshot(bytes) as SavedCore<ReturnType<Core["control"]>>);
    return core;
  }

  private takeOver({ control, ...saved }: SavedCore<ReturnType<Core["control"]>>): void {
    checkActorFiles(control.opened?.versions ?? {}, this.definitions);
    this.settings = parseSettings(control.settings);
    this.opened = control.opened;
    this.sequence = control.sequence;
    this.now = control.now;
    this.eventSequence = control.eventSequence;
    this.samples = control.samples;
    this.latestGauges = control.latestGauges;
    this.nextMetricsUs = control.nextMetricsUs ?? Number.NEGATIVE_INFINITY;
    this.sources.restore(control.highWater);
    this.groups.restore(this.opened !== null, control.groups, control.left ?? [], saved);
    this.timers.restore(control.timers);
    this.injections.restore(control.injections);
  }

  /** The state outside typed arrays, as plain JSON. The order of keys is fixed, so the same state has the same text. */
  private control() {
    return {
      opened: this.opened,
      settings: this.settings as unknown,
      sequence: this.sequence,
      now: this.now,
      eventSequence: this.eventSequence,
      samples: this.samples,
      latestGauges: this.latestGauges,
      // JSON has no infinity: null means that metrics are due at once.
      nextMetricsUs: this.nextMetricsUs === Number.NEGATIVE_INFINITY ? null : this.nextMetricsUs,
      highWater: this.sources.save(),
      groups: this.groups.control(),
      timers: this.timers.save(),
      injections: this.injections.save(),
      ...this.groups.legacies(),
    };
  }
}

/** Keeps the numbers of commands apart from those of a feed that has the same name. */
function commandsOf(source: string): string {
  return `commands of ${source}`;
}

/** The author of an input, for the detail of its event. */
function authorIn({ author, authorId, authorRole }: Authored): Record<string, string> {
  return {
    author,
    ...(authorId === undefined ? {} : { authorId }),
    ...(authorRole === undefined ? {} : { authorRole }),
  };
}

function unreachable(input: never): never {
  throw new Error(`unknown input ${JSON.stringify(input)}`);
}

/** Actors put what is not known as NaN. No message holds such a measure: one of them would cut off everybody who gets the state. */
export function dropUnsendable(measures: Record<string, number>): void {
  for (const name in measures)
    if (!Number.isFinite(measures[name]) || !isName(name) || FORBIDDEN_KEYS.has(name)) delete measures[name];
}
