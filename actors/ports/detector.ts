/**
 * What the core asks of an actor: an XState machine for control and a detector for data.
 *
 *   batch ──► detector.update ──signals──► machine ──actions──► events · timers
 *                     ▲                       │
 *                     └───── its state ───────┘
 *
 * C1  All state of a detector lies in `fields` (typed arrays of fixed length), in its machine (plain JSON), or in `kept` (of any length).
 *     Any other state does not exist: it is neither hashed nor restored.
 * C2  A detector reads no clock and no randomness but what its context gives; same batches, same bits.
 * C3  The machine alone holds the mode. A signal changes it at once; what the machine asks for is done when `update` has returned.
 * C4  Machines use no `after`, no invoked or spawned actors, no inline side effects: every effect is one of the named actions below.
 */
import type { AnyStateMachine, ContextFrom, EventFrom, StateValueFrom } from "xstate";
import type { CommandName } from "../../protocol/commands.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Channels, EventMessage, Input, StateMessage } from "../../protocol/messages.ts";
import type { SessionFactName } from "../../protocol/session-facts.ts";
import type { Settings } from "../../protocol/settings.ts";

export type TypedArray = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;
/** Registered state: hashed, snapshotted and restored field by field, in insertion order. */
export type Fields = Record<string, TypedArray>;

/** State whose size changes, such as a document: saved as bytes, and hashed as a text. */
export interface KeptState {
  /** The same for the same state, whatever the way to it; "" for that of a new detector. */
  text(): string;
  save(): Uint8Array;
  restore(bytes: Uint8Array): void;
}

/** A change of the shared document, with what the room added to it: what everybody applies. */
export interface EditedDocument {
  readonly type: "edited";
  /** Sequence of the edit in the log. */
  readonly inputSequence: number;
  /** A Yjs update, format V1. */
  readonly update: Uint8Array;
  readonly author: string;
  /** Of the document. In another than that of the edit before it the update is the whole document, and all earlier ones are void. */
  readonly epoch: number;
}

/** A group of channels as actors see it. Channels never change after creation (a grown group makes new detectors). */
export interface Group {
  readonly name: string;
  readonly n: number;
  readonly channels: readonly { name: string; title: string; unit: string }[];
  readonly sampling: Channels["sampling"];
  readonly everyUs: number;
  readonly innovation: Channels["innovation"];
  /** True: feeds send its states whole, and its channels are their basis. */
  readonly states?: boolean;
}

/**
 * The rows that one frame completed. All arrays are scratch, valid during the call; their lengths exceed the counts.
 *
 * A row is the joint sample of all n channels at one time; row r of a matrix starts at r * n.
 * In a `rows` group a row is complete when every channel reported or a later time begins; in a `ticks` group rows lie on the grid
 * `everyUs` and carry the last tick of each channel. Rows are never invented across a gap: `gap[r]` is 1 when time before row r is missing.
 */
export interface Batch {
  readonly frame: Frame;
  /** Innovation of sample k of the frame (log return, difference, or AR(1) residual); NaN where there is no predecessor. */
  readonly sampleInnovation: Float64Array;
  rows: number;
  readonly rowTime: Float64Array;
  /** Last value per channel; NaN before the first. */
  readonly rowValue: Float64Array;
  /** 1 where the channel reported since the row before. */
  readonly rowFresh: Uint8Array;
  /** Innovation between this row and the row before; 0 for a channel that did not report, NaN before the second row and across a gap. */
  readonly rowInnovation: Float64Array;
  readonly gap: Uint8Array;
}

/** A signal is an event of the actor's machine. `timeUs` is when it is true for. */
export interface Signal {
  readonly type: string;
  readonly timeUs: number;
  readonly [field: string]:
    | string
    | number
    | boolean
    | null
    | readonly string[]
    | Readonly<Record<string, number>>;
}

/** What a detector sees of its machine. It changes within `signal`. */
export interface MachineState<Machine extends AnyStateMachine> {
  readonly value: StateValueFrom<Machine>;
  readonly context: ContextFrom<Machine>;
}

/** What a detector sees of the machine of a part. It changes within `signalPart`. */
export interface PartState {
  /** What the part was added with. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly value: string;
  readonly context: unknown;
}

/** What a published state of a group says beside its measures. */
export type GroupState = Pick<StateMessage, "re" | "im" | "source">;

/** Measures of a published state by name. */
export type Measures = Readonly<Record<string, number>>;

/** For actors that follow several things at a time: each is a part, with a machine of its own (`part` of the definition). */
export interface PartsContext {
  part(key: string): PartState | undefined;
  /** In the order in which they were added. */
  partKeys(): Iterable<string>;
  /** A part of this key that there was is replaced. `input`: of its machine, plain JSON. */
  addPart(key: string, input: Record<string, unknown>): void;
  removePart(key: string): void;
  /** Sends a signal to the machine of a part. */
  signalPart(key: string, signal: Signal): void;
  /** What a group is declared as. */
  declarationOf(group: string): Channels | undefined;
}

/** A level that people watch a channel for. */
export interface Level {
  /** Place of the channel in a row. */
  readonly column: number;
  /** 1 above, −1 below: a value is beyond it when sign · value > limit. */
  readonly sign: 1 | -1;
  readonly limit: number;
}

/** What a detector may use while it works. */
export interface DetectorContext<Machine extends AnyStateMachine = AnyStateMachine> {
  /** Logical time, µs, and sequence of the current input. */
  readonly now: number;
  readonly sequence: number;
  /** Its name; "" without a session. */
  readonly partition: string;
  /** How many share the session. */
  readonly partitions: number;
  readonly machine: MachineState<Machine>;
  /**
   * True when no client reads the state that `publish` returns. `publish` may then skip building the message, but must still throw and
   * change registered state as if it built it: other replicas do.
   */
  readonly unread?: boolean;
  /** Of an actor whose definition has a `part`. */
  readonly parts?: PartsContext;
  /** Of an actor of a group: the levels that actors of the session watch its channels for. */
  levels?(): readonly Level[];
  /** Sends a signal to the actor's own machine. Signals that the machine does not know are errors of type. */
  signal(signal: EventFrom<Machine>): void;
  /** The shared document was changed. It leaves when its input is durable. */
  edited?(change: EditedDocument): void;
  /** A named random stream of this actor: uniform on [0, 1), 32 random bits. */
  random(): number;
}

/** By channel, in the channel's unit. */
export interface UsualRanges {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** The numeric part of an actor. */
export interface Detector<Machine extends AnyStateMachine = AnyStateMachine> {
  readonly fields: Fields;
  readonly kept?: KeptState;
  /** The rows of a frame of its group. */
  update?(batch: Batch, context: DetectorContext<Machine>): void;
  /** Inputs other than frames: for actors of the session (monitor, feed watcher), and states for actors of their group. */
  onInput?(input: Input, context: DetectorContext<Machine>): void;
  /**
   * Actors of the session: what the actors of groups announced, in that order, once their work on the input is done, and what the actor that it
   * follows announced. Actors of a group: all events about the group or about none, but their own. The definition says so by `listens` and `follows`.
   */
  onAnnouncement?(announced: Announced, context: DetectorContext<Machine>): void;
  /** Called at the publish rate when the actor publishes state; fills and returns a message without `type`, or null. */
  publish?(context: DetectorContext<Machine>): unknown;
  /** Adds measures of its own to those of a state of its group that another actor publishes. It changes nothing else. */
  addMeasures?(measures: Record<string, number>, state: GroupState): void;
  /**
   * The range in which each channel of its group usually is, for people: NaN where that is not known. It changes nothing. Null: the actor knows
   * none yet.
   */
  usual?(context: Pick<DetectorContext<Machine>, "machine">): UsualRanges | null;
  /** Actors of the session only: the levels that it watches channels of a group for. It changes nothing. */
  levels?(group: string, context: DetectorContext<Machine>): readonly Level[];
  /** Actors of the session only: whether it reads the rows, or the measures, of a group. Asked for every frame and state. */
  watches?(group: string, what: "rows" | "measures", context: DetectorContext<Machine>): boolean;
  /** The rows of a group that it watches, when the group's own actors have worked. */
  onRows?(batch: Batch, group: Channels, context: DetectorContext<Machine>): void;
  /** The measures of a state of a group that it watches, at the publish rate. */
  onMeasures?(measures: Measures, group: Channels, context: DetectorContext<Machine>): void;
}

/**
 * The actions a machine may use, by `type`, with their `params` (static or computed from context and event):
 *   announce      { kind, severity, title, channels?, detail? }   → an event
 *   timer.start   { id, delayUs }                                 → event { type: "timer.<id>" } after logical time; restarts a pending one
 *   timer.cancel  { id }
 * The machine of a part has a fourth: tell { type, … }, a signal to the machine of the actor.
 */
export type Announcement = Pick<EventMessage, "kind" | "severity" | "title"> & {
  channels?: readonly string[];
  /** Of an actor of the session: the group that it speaks of. */
  group?: string;
  detail?: Record<string, string | number | boolean | null>;
  /**
   * Says that the announcement is about something that lasts. It is no part of the event. `channels` are ordered by contribution. What is
   * found is evidence, with the severity info: whether it deserves attention is up to the actors that listen.
   */
  finding?: Finding;
};

/** Something that lasts and that a detector announces more than once: it opens, grows, and ends or is accepted as normal. */
export interface Finding {
  /** Unique within the actor while the thing lasts: "cpu.user/level". */
  readonly key: string;
  readonly phase: "opened" | "grew" | "ended" | "accepted";
  /** When it began, logical µs. */
  readonly sinceUs: number;
  /** Its size in units of what is usual (robust scales, or ranges seen), ≥ 0. */
  readonly effect: number;
  /** Evidence against "normal", nats: at most what its detector promises, ln of the looks between false findings, unless it is measured. */
  readonly evidence: number;
  /** Whether the evidence is what other findings of the actor do not explain, so that it adds to theirs. Default: no. */
  readonly adds?: boolean;
}

/** An announcement as listening actors receive it. */
export interface Announced {
  readonly event: Readonly<EventMessage>;
  /** The group of the actor that announced it; without channels for those of the session and for the runtime. */
  readonly group: Group;
  readonly finding: Finding | null;
}

/** The file of an actor that came from outside, without its folder, and the hash of its bytes as hexadecimal digits. */
export interface ActorFile {
  readonly name: string;
  readonly sha256: string;
}

/** One actor: its name, its machine and its detector. `defineDetector` makes one and checks that the two fit. */
export interface ActorDefinition<Made extends Detector = Detector> {
  /** Unique in a group: "estimator", "collapse", "anomaly". */
  readonly name: string;
  /**
   * 1, 2, … A step for each change of what the actor announces, publishes or keeps. Recordings name it: a replay then compares the other actors
   * alone, and snapshots with the state of another version are not used. An actor that joins the table later begins with 2, for recordings
   * that name no versions had version 1 of all.
   */
  readonly version: number;
  /** Of an actor that is not the program's own: recordings name it, and are run with no other one. */
  readonly file?: ActorFile;
  readonly machine: AnyStateMachine;
  /** Of each part, for an actor that follows several things at a time. Its timers are its own. */
  readonly part?: AnyStateMachine;
  /** Names of the commands that its `onInput` receives, as inputs of type "command". */
  readonly commands?: readonly (CommandName | SessionFactName)[];
  /** True: its detector has `onAnnouncement`. What it computes then depends on all actors of groups. */
  readonly listens?: boolean;
  /** An actor of the session before it in the table, whose announcements its detector has as well. */
  readonly follows?: string;
  /** True: it takes changes of its own settings as inputs, and is not made anew for them. */
  readonly adapts?: boolean;
  /** Sections of the settings that it reads besides its own: when they change, it begins anew. */
  readonly reads?: readonly (keyof Settings)[];
  /** False when the settings switch it off or the group is too small. */
  /**
   * What a machine leaves to the next one of an actor of the session, when the actor fails, is replaced for other settings or is switched off and on: `left` in the
   * next one's input. Plain JSON; absent: nothing. `context`: of the machine.
   */
  leaves?(context: unknown): unknown;
  enabled(settings: Settings, group: Group): boolean;
  createDetector(settings: Settings, group: Group): Made;
  /** Input of the machine (`setup({types: {input}})`), plain JSON. `partitions`: how many share the session. */
  machineInput(settings: Settings, group: Group, partitions: number): Record<string, unknown>;
}
