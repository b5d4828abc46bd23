/**
 * A partition of a recording as a session: what the gateway and the page see is what they saw when it was live.
 *
 *   partitions ──► Player ──frames, events, states, metrics──► Outbox of each ──► listeners
 *                    ▲ play · pause · seek · speed: of all partitions, whichever is told
 *
 * P1  Between two seeks deliveries are those of the live session, in order (S1-S3 of actors/ports/session.ts).
 * P2  After a seek the session is as it was at that place (S4): its events, groups and states are those up to there.
 *     While the actors are still on their way there, it has the past of the place.
 * P3  Nothing is written. Damage ends the playing with its place.
 */

import { type CoreDefinitions, SILENT } from "../../../actors/core/mod.ts";
import {
  BEGINNING,
  blocks,
  foldJournal,
  inputsOf,
  listAlerts,
  mergedAlerts,
  nearestCore,
  RecordedScans,
  Slices,
} from "../../../actors/mod.ts";
import { Outbox, Past } from "../../../actors/partition/mod.ts";
import type { Clock } from "../../../actors/ports/clock.ts";
import { SessionCommands } from "../../../actors/ports/commands.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import type {
  DeliveredFrame,
  GroupUsual,
  LiveSession,
  PastRange,
  SessionDescription,
  SessionListener,
  SessionPast,
  SessionPlace,
} from "../../../actors/ports/session.ts";
import type { AlertsStatus, ReplayMark, ReplayMarks, ReplayStatus } from "../../../protocol/controls.ts";
import { EigenwatchError, errorText } from "../../../protocol/errors.ts";
import type { Channels, EventMessage, StateMessage } from "../../../protocol/messages.ts";
import type { SeekPlace } from "../place.ts";
import { type RecordedRange, rangeOf } from "../seek.ts";
import { EventMarks } from "./event-marks.ts";
import { Player, type PlayerOutputs, type Stretch } from "./player.ts";
import { Precedence } from "./precedence.ts";

/**
 * What is handed out before a place that is gone to: what is derived from the last rows, and the rows that a page has not asked for yet. The rest of a
 * window is asked for as the past; of more, a page that cannot read so fast would miss some, and show a hole.
 */
const WINDOW_US = 120_000_000;
const WINDOW_INPUTS = 16;

/** A page asks for the past of a place within this, and has drawn it so long after the answer: until then it needs the processor more than the actors. */
const QUIET_MS = 100;
/** A second page, or one that asks on and on, holds the actors up no longer. */
const QUIET_MS_MAX = 400;

/** A recorded partition. */
export interface RecordedPart {
  readonly journal: Journal;
  /** Its folder or name, for people. */
  readonly recording: string | null;
}

export interface PlayOptions {
  definitions: CoreDefinitions;
  clock: Clock;
  /** Multiples of recorded time; default 1. */
  speed?: number | "max";
  /** Where it stands at first, a sequence is of the first partition; default: the beginning. */
  place?: SeekPlace | "end";
  /** What is delivered before a place that is gone to, µs of recorded time at most. */
  windowUs?: number;
  /** Inputs of a partition that are handed out before a place, at most. */
  windowInputs?: number;
  log?(message: string): void;
}

export interface ReplaySessionOptions extends PlayOptions, RecordedPart {}

export class ReplaySession implements LiveSession {
  readonly session: string;
  readonly partition: string;
  readonly commands: SessionCommands;
  private readonly options: ReplaySessionOptions;
  private readonly range: RecordedRange;
  private readonly player: Player;
  /** Its number among those that the player moves. */
  private readonly part: number;
  /** All of these, this one too. */
  private readonly all: readonly ReplaySession[];
  private readonly known = new EventMarks();
  private readonly recorded: Past;
  private readonly outbox: Outbox;
  private readonly precedence: Precedence;
  /** Of those who wait for the past, before a move. */
  private readonly asked: Precedence;
  /** The place that the session is at while the actors are on their way there. */
  private going: Stretch["through"] | null = null;
  /** Of all groups that the actors came by. */
  private readonly declared = new Map<string, Channels>();
  private samplesRead: Promise<void> = Promise.resolve();
  /** Null until somebody asks for the past. */
  private statesRead: Promise<void> | null = null;
  private isClosed = false;

  /** Of one partition. */
  static async open({ journal, recording, ...options }: ReplaySessionOptions): Promise<ReplaySession> {
    const [session] = await ReplaySession.openAll([{ journal, recording }], options);
    return session;
  }

  /**
   * A session of each partition, in their order, that move together. They stand still at their place. Rejects when that is not in the recording, or the
   * recording cannot be read.
   */
  static async openAll(
    parts: readonly RecordedPart[],
    options: PlayOptions,
  ): Promise<[ReplaySession, ...ReplaySession[]]> {
    const {
      definitions,
      clock,
      speed = 1,
      windowUs = WINDOW_US,
      windowInputs = WINDOW_INPUTS,
      place,
      log = () => {},
    } = options;
    const precedence = new Precedence(clock);
    const asked = new Precedence(clock);
    const all: ReplaySession[] = [];
    const player = new Player({
      definitions,
      clock,
      speed,
      windowUs,
      windowInputs,
      rest: () => asked.rest(),
      told: async (over) => {
        // Whoever never asked does not now.
        if (all.some(({ statesRead }) => statesRead !== null)) await asked.calm(QUIET_MS, QUIET_MS_MAX, over);
      },
      failed: log,
    });
    const names = [];
    for (const { journal } of parts) names.push(await nameOf(journal));
    // Where retention removed the first input of a partition, another one may know.
    const name = names.find(({ session }) => session !== null)?.session ?? "recording";
    for (const [k, part] of parts.entries()) {
      const range = await rangeOf(part.journal, definitions);
      const { partition } = names[k]!;
      all.push(
        new ReplaySession(
          { ...options, ...part },
          { session: name, partition },
          range,
          player,
          precedence,
          asked,
          all,
        ),
      );
    }
    for (const session of all) session.readRecording();
    await (place === undefined
      ? player.seekBeginning()
      : place === "end"
        ? player.seekEnd()
        : player.seek(place));
    if (player.state === "failed")
      throw new EigenwatchError({
        action: "open the recorded session",
        value: player.reason,
        kind: "failed",
      });
    return all as [ReplaySession, ...ReplaySession[]];
  }

  private constructor(
    options: ReplaySessionOptions,
    name: { session: string; partition: string },
    range: RecordedRange,
    player: Player,
    precedence: Precedence,
    asked: Precedence,
    all: readonly ReplaySession[],
  ) {
    this.options = options;
    this.range = range;
    this.player = player;
    this.all = all;
    this.session = name.session;
    this.partition = name.partition;
    this.commands = new SessionCommands(name.session);
    this.precedence = precedence;
    this.asked = asked;
    const rest = () => new Promise<void>((resolve) => options.clock.soon(resolve));
    this.recorded = new Past({ log: options.journal, input: 0, rest });
    this.outbox = new Outbox({
      journal: options.journal,
      place: { input: 0, event: 0 },
      past: this.recorded,
      blockOf: (event) => this.known.blockOf(event),
      log: (message) => options.log?.(message),
    });
    this.part = player.add({ journal: options.journal, range, outputs: this.outputs() });
  }

  /** Its marks and its past, in the background: while somebody waits for a move or a range, that rests. */
  private readRecording(): void {
    const { journal, log } = this.options;
    const { fromUs, toUs } = this.range;
    const rest = () => this.precedence.rest();
    this.known.read(journal, rest).catch((error: unknown) => log?.(String(error)));
    this.samplesRead = this.recorded
      .readRecording(toUs - fromUs, () => this.isClosed, rest)
      .catch((error: unknown) => this.logged(error));
  }

  private logged(error: unknown): void {
    if (!this.isClosed) this.options.log?.(errorText(error));
  }

  /** What the actors published anywhere in the recording, derived anew. */
  private async readStates(): Promise<void> {
    const { journal, definitions, clock } = this.options;
    const slices = new Slices({
      monotonicMs: () => clock.monotonicMs(),
      soon: (go) => void this.precedence.rest().then(go),
    });
    const { core, nextBlock } = await nearestCore(journal, definitions, BEGINNING, {
      ...SILENT,
      unread: false,
      state: (state) => this.recorded.recordedState(state),
    });
    const input = () => !this.isClosed;
    await foldJournal(journal.read(nextBlock), core, { input, rest: () => slices.next() });
    this.recorded.recordedStatesEnd();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.known.stop();
    await this.player.close();
    await this.options.journal.close();
  }

  // ---- the place -------------------------------------------------------------------------------------------------

  status(): ReplayStatus {
    const { state, reason, speed, timeUs, range } = this.player;
    const { recording } = this.options;
    const sequence = this.at.input;
    return { state, reason, speed, timeUs, sequence, ...this.range, ...range, recording };
  }

  /** Of all partitions, in order of time. */
  marks(): ReplayMarks {
    const complete = this.all.every(({ known }) => known.complete);
    if (this.all.length === 1) return { marks: this.known.marks, complete };
    const marks = this.all.flatMap(({ partition, known }): ReplayMark[] =>
      known.marks.map((mark) => ({ ...mark, partition })),
    );
    // Those of a partition are in order, and sorting keeps the order of the partitions among equal times.
    return { marks: marks.sort((a, b) => a.timeUs - b.timeUs), complete };
  }

  play(): Promise<void> {
    return this.player.play();
  }

  async pause(): Promise<void> {
    this.player.pause();
  }

  async setSpeed(speed: number | "max"): Promise<void> {
    this.player.setSpeed(speed);
  }

  seek(place: SeekPlace): Promise<void> {
    return this.precedence.first(() => this.player.seek(place, this.part));
  }

  /** As `seek`, but resolves when it is said where it goes: what is asked of the past from then on is that of the place. */
  goTo(place: SeekPlace): Promise<void> {
    void this.precedence.first(() => this.player.settled());
    return this.player.goTo(place, this.part);
  }

  /** Resolves when the actors stand at the place. */
  settled(): Promise<void> {
    return this.player.settled();
  }

  private get at(): Stretch["through"] {
    const { now: timeUs = 0, sequence: input = 0 } = this.core ?? {};
    return this.going ?? { timeUs, input };
  }

  /** Of its partition; null before it stands anywhere. */
  private get core() {
    return this.player.replayerOf(this.part)?.core ?? null;
  }

  // ---- what the player hands out --------------------------------------------------------------------------------

  private outputs(): PlayerOutputs {
    const { outbox } = this;
    let said: SessionPlace | null = null;
    return {
      opening: () => outbox.prepareRewind(),
      block: (lastSequence, bytes) => outbox.block(lastSequence, bytes),
      going: ({ timeUs, input, through }) => {
        said = null;
        const event = this.known.lastBefore(input + 1);
        if (event === null || this.declared.size === 0) return false;
        said = { timeUs, input, event };
        this.going = through;
        outbox.rewind({ ...said, through });
        return true;
      },
      rewound: ({ core }) => {
        for (const declaration of core.declarations()) this.declared.set(declaration.group, declaration);
        const place = { timeUs: core.now, input: core.sequence, event: core.eventSequence };
        // Another version of the program may have announced other events.
        if (said?.input !== place.input || said.event !== place.event) outbox.rewind(place);
      },
      arrived: () => {
        this.going = null;
      },
      frame: (delivered) => outbox.frame(delivered),
      channels: (declaration) => {
        this.declared.set(declaration.group, declaration);
        outbox.channels(declaration);
      },
      metrics: (metrics) => outbox.metrics(metrics),
      state: (state) => outbox.state(state),
      event: (event) => outbox.event(event),
      flush: () => outbox.flush(),
    };
  }

  // ---- LiveSession ----------------------------------------------------------------------------------------------

  describe(): SessionDescription {
    const { state, speed } = this.player;
    const detail = `a recording, ${state}${state === "playing" ? ` at speed ${speed}` : ""}`;
    return {
      session: this.session,
      partition: this.partition,
      durability: this.options.journal.durability,
      timeUs: this.at.timeUs,
      lastInputSequence: this.at.input,
      lastEventSequence: this.outbox.lastEvent,
      recording: this.options.recording,
      feeds: [{ source: "replay", status: state, detail }],
    };
  }

  groups(): readonly Channels[] {
    return this.going === null ? (this.core?.declarations() ?? []) : [...this.declared.values()];
  }

  events(after: number, limit: number): Promise<EventMessage[]> {
    return this.outbox.events(after, limit);
  }

  recentFrames(after: number, limit?: number): { complete: boolean; frames: DeliveredFrame[] } {
    return this.outbox.recentFrames(after, limit);
  }

  lastStates(): readonly StateMessage[] {
    return this.outbox.lastStates();
  }

  past(range: PastRange, gone?: AbortSignal): Promise<SessionPast> {
    // Whoever never asks does not pay for it.
    this.statesRead ??= this.samplesRead
      .then(() => this.readStates())
      .catch((error: unknown) => this.logged(error));
    return this.precedence.first(() => this.asked.first(() => this.outbox.past(range, gone)));
  }

  usual(): readonly GroupUsual[] {
    return this.core?.usual() ?? [];
  }

  stateBefore(group: string, timeUs: number): StateMessage | null {
    return this.outbox.stateBefore(group, timeUs);
  }

  /** Thresholds and alerts of all partitions, at their place. */
  alerts(): AlertsStatus {
    return mergedAlerts(this.all.flatMap(({ core }) => (core === null ? [] : [listAlerts(core)])));
  }

  /** Those that its log has, at its place. */
  scans(): RecordedScans {
    return new RecordedScans(
      () => this.core,
      (listener) => this.subscribe({ flush: listener, rewound: listener }),
    );
  }

  gauges(): Readonly<Record<string, number>> {
    return this.core?.gauges() ?? {};
  }

  notReady(): string | null {
    return this.player.state === "failed" ? this.player.reason : null;
  }

  subscribe(listener: SessionListener): () => void {
    return this.outbox.subscribe(listener);
  }
}

/** As the first kept block says; where retention removed the first input of the session, its name is not known. */
async function nameOf(journal: Journal): Promise<{ session: string | null; partition: string }> {
  for await (const block of blocks(journal)) {
    let session: string | null = null;
    for (const { input } of inputsOf(block)) if (input.type === "sessionOpened") session = input.session;
    return { session, partition: block.partition };
  }
  return { session: null, partition: "p0" };
}
