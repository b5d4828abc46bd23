/**
 * The groups of channels and the actors: those of the session and those of each group.
 *
 *   declared ──► a group with its row assembler and actors ──first whole state──► actors for states instead
 *
 * Actors restart when their settings change, because what they learnt belongs to the old settings. The timers of removed actors are
 * cancelled.
 */
import type { Channels, EventMessage } from "../../protocol/messages.ts";
import { ROWS_VERSION, RowAssembler } from "../detectors/rows/row-assembler.ts";
import type { ActorDefinition, Group } from "../ports/detector.ts";
import { isOwnHealth } from "../ports/own-health.ts";
import { Actor, type ActorHost } from "./actor.ts";
import type { Registered } from "./registered-state.ts";
import { checkVersion, copyFields, OtherVersion, type SavedCore } from "./snapshot.ts";

/** Names the row assembler of a group in events and state hashes. Recordings hold this name. */
export const ASSEMBLER = "front";

export interface CoreDefinitions {
  /** Actors of every group of channels. */
  group: readonly ActorDefinition[];
  /** Actors of the session. They receive all inputs except data, and those that listen what the actors of groups announce. */
  session: readonly ActorDefinition[];
}

export interface ChannelGroup {
  readonly declaration: Channels;
  rows: RowAssembler;
  actors: readonly Actor[];
  /** True when feeds send whole states of the group. It then has only the actors for states. */
  states: boolean;
  nextPublishUs: number;
}

type GroupControl = Pick<ChannelGroup, "declaration" | "nextPublishUs" | "states">;

/** The core as groups see it. New actors start at its time and sequence. */
export interface GroupsHost extends ActorHost {
  readonly now: number;
  readonly sequence: number;
}

export class Groups {
  session: readonly Actor[] = [];
  private readonly definitions: CoreDefinitions;
  private readonly host: GroupsHost;
  private readonly byName = new Map<string, ChannelGroup>();
  /** What actors of the session left that are switched off, by key. */
  private readonly left = new Map<string, unknown>();

  constructor(definitions: CoreDefinitions, host: GroupsHost) {
    this.definitions = definitions;
    this.host = host;
  }

  get size(): number {
    return this.byName.size;
  }

  get(name: string): ChannelGroup | undefined {
    return this.byName.get(name);
  }

  all(): IterableIterator<ChannelGroup> {
    return this.byName.values();
  }

  *actors(): Generator<Actor> {
    yield* this.session;
    for (const group of this.byName.values()) yield* group.actors;
  }

  actor(key: string): Actor | undefined {
    for (const actor of this.actors()) if (actor.key === key) return actor;
    return undefined;
  }

  /** The actors that hear an event of an actor: in `of`, SESSION for the session's and the runtime's. */
  *hearers(
    { actor: name, group: about }: Pick<EventMessage, "actor" | "group">,
    of: Group,
  ): Generator<Actor> {
    for (const actor of this.session) {
      const { listens, follows } = actor.definition;
      if (of === SESSION ? follows === name : listens === true) yield actor;
    }
    for (const { declaration, actors } of this.byName.values()) {
      if (about !== "" && about !== declaration.group) continue;
      for (const actor of actors)
        if (actor.definition.listens === true && actor.definition.name !== name) yield actor;
    }
  }

  openSession(): void {
    this.session = this.make(this.definitions.session, SESSION);
    this.start(this.session);
  }

  /** Adds or changes a group. An unchanged declaration keeps the actors; a changed one creates new actors. */
  declare(declaration: Channels): void {
    const known = this.byName.get(declaration.group);
    if (known) {
      if (sameChannels(known.declaration, declaration)) return;
      for (const actor of known.actors) this.host.timers.cancelAll(actor.key);
    }
    const group = this.makeGroup(declaration, false);
    this.byName.set(declaration.group, group);
    this.start(group.actors);
  }

  /** The group of a whole state. Its first state replaces its actors by those for states. */
  withStates(name: string): ChannelGroup {
    const group = this.byName.get(name);
    if (!group) throw new Error(`state of undeclared group ${name} passed the sequencer`);
    if (!group.states) {
      group.states = true;
      this.renew(group, () => true);
    }
    return group;
  }

  /** Gives the group a fresh row assembler. */
  restartRows(group: ChannelGroup): void {
    group.rows = new RowAssembler(groupView(group.declaration, group.states));
  }

  /** Creates and removes actors according to the settings. Actors that are `concerned` are replaced by fresh ones; the others stay. */
  restart(concerned: (actor: Actor) => boolean): void {
    for (const group of this.byName.values()) this.renew(group, concerned);
    const before = this.session;
    this.session = this.renewed(before, this.definitions.session, SESSION, concerned);
    this.start(this.session, before);
  }

  // ---- registered state -----------------------------------------------------------------------------------------

  /** All pieces of state of the groups and actors, in a fixed order. */
  *registered(): Generator<Registered> {
    for (const { declaration, rows } of this.all()) {
      const actor = `${declaration.group}/${ASSEMBLER}`;
      for (const [field, value] of Object.entries(rows.fields)) yield { actor, field, value };
    }
    for (const actor of this.actors()) {
      yield { actor: actor.key, field: "control", value: JSON.stringify(actor.control()) };
      yield { actor: actor.key, field: "random", value: actor.randomState };
      for (const [field, value] of Object.entries(actor.detector.fields))
        yield { actor: actor.key, field, value };
      if (actor.detector.kept !== undefined)
        yield { actor: actor.key, field: "kept", value: actor.detector.kept.text() };
    }
  }

  /** What actors that are switched off left, absent where none did. */
  legacies(): { left?: [key: string, left: unknown][] } {
    return this.left.size === 0 ? {} : { left: [...this.left] };
  }

  /** The state of the groups outside typed arrays, as plain JSON. */
  control(): GroupControl[] {
    return Array.from(this.all(), ({ declaration, nextPublishUs, states }) => ({
      declaration,
      nextPublishUs,
      states,
    }));
  }

  save(): Omit<SavedCore, "control"> {
    return {
      rows: ROWS_VERSION,
      groups: Array.from(this.all(), ({ rows }) => rows.fields),
      actors: Array.from(this.actors(), (actor) => actor.save()),
    };
  }

  restore(
    opened: boolean,
    control: readonly GroupControl[],
    left: readonly [key: string, left: unknown][],
    { rows, groups, actors }: Omit<SavedCore, "control">,
  ): void {
    checkVersion(ASSEMBLER, rows, ROWS_VERSION);
    for (const [key, value] of left) this.left.set(key, value);
    if (opened) this.session = this.make(this.definitions.session, SESSION);
    control.forEach(({ declaration, states, nextPublishUs }, i) => {
      const group = { ...this.makeGroup(declaration, states), nextPublishUs };
      copyFields(`${declaration.group}/${ASSEMBLER}`, groups[i]!, group.rows.fields);
      this.byName.set(declaration.group, group);
    });
    for (const actor of this.actors()) {
      const saved = actors.find(({ key }) => key === actor.key);
      if (!saved) throw new OtherVersion(`it has no actor ${actor.key}`, "every actor of the session");
      actor.restore(saved);
    }
  }

  // ---- making actors --------------------------------------------------------------------------------------------

  private renew(group: ChannelGroup, concerned: (actor: Actor) => boolean): void {
    const before = group.actors;
    const view = groupView(group.declaration, group.states);
    group.actors = this.renewed(before, this.definitions.group, view, concerned);
    this.start(group.actors, before);
  }

  private makeGroup(declaration: Channels, states: boolean): ChannelGroup {
    const view = groupView(declaration, states);
    return {
      declaration,
      rows: new RowAssembler(view),
      actors: this.make(this.definitions.group, view),
      states,
      nextPublishUs: 0,
    };
  }

  private make(definitions: readonly ActorDefinition[], group: Group): Actor[] {
    // How this program does is no finding about what it watches.
    if (isOwnHealth(group.channels)) return [];
    return definitions
      .filter((definition) => definition.enabled(this.host.settings, group))
      .map((definition) => new Actor(definition, group, this.host));
  }

  private start(actors: readonly Actor[], running: readonly Actor[] = []): void {
    for (const actor of actors) if (!running.includes(actor)) actor.start(this.host.now, this.host.sequence);
  }

  private renewed(
    before: readonly Actor[],
    definitions: readonly ActorDefinition[],
    group: Group,
    concerned: (actor: Actor) => boolean,
  ): Actor[] {
    const actors = this.make(definitions, group).map((actor) => {
      const old = before.find(({ key }) => key === actor.key);
      if (old && !concerned(old)) return old;
      if (old) actor.inherit(old);
      else actor.left = this.left.get(actor.key);
      this.left.delete(actor.key);
      return actor;
    });
    for (const old of before) {
      if (!actors.includes(old)) this.host.timers.cancelAll(old.key);
      if (!actors.some(({ key }) => key === old.key)) this.leave(old);
    }
    return actors;
  }

  private leave(old: Actor): void {
    const left = old.legacy();
    if (left !== undefined) this.left.set(old.key, left);
  }
}

/** The group of the session's actors: it has no channels. */
export const SESSION: Group = {
  name: "",
  n: 0,
  channels: [],
  sampling: "rows",
  everyUs: 0,
  innovation: "difference",
};

/** A group as its actors see it. */
function groupView(declaration: Channels, states: boolean): Group {
  const { group, channels, sampling, everyUs, innovation } = declaration;
  return { name: group, n: channels.length, channels, sampling, everyUs, innovation, states };
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
