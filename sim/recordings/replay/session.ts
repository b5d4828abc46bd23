/**
 * A recording as a session: what the gateway and the page see is what they saw when it was live.
 *
 *   recording ──► Player ──frames, events, states, metrics──► Outbox ──► listeners
 *                   ▲ play · pause · seek · speed
 *
 * P1  Between two seeks deliveries are those of the live session, in order (S1-S3 of actors/ports/session.ts).
 * P2  After a seek the session is as it was at that place (S4): its events, groups and states are those up to there.
 * P3  Nothing is written. Damage ends the playing with its place.
 */

import type { CoreDefinitions } from "../../../actors/core/mod.ts";
import { blocks, inputsOf, listAlerts } from "../../../actors/mod.ts";
import { Outbox } from "../../../actors/partition/mod.ts";
import type { Clock } from "../../../actors/ports/clock.ts";
import { SessionCommands } from "../../../actors/ports/commands.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import type {
  DeliveredFrame,
  LiveSession,
  SessionDescription,
  SessionListener,
} from "../../../actors/ports/session.ts";
import type { AlertsStatus, ReplayMarks, ReplayStatus } from "../../../protocol/controls.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { Channels, EventMessage, StateMessage } from "../../../protocol/messages.ts";
import type { SeekPlace } from "../place.ts";
import { type RecordedRange, rangeOf } from "../seek.ts";
import { EventMarks } from "./event-marks.ts";
import { Player, type PlayerOutputs } from "./player.ts";

/** Twice what the page shows at first. */
const WINDOW_US = 120_000_000;

export interface ReplaySessionOptions {
  journal: Journal;
  definitions: CoreDefinitions;
  clock: Clock;
  /** Folder of the recording, for people. */
  recording: string | null;
  /** Multiples of recorded time; default 1. */
  speed?: number | "max";
  /** Where it stands at first; default: the beginning. */
  place?: SeekPlace;
  /** What is delivered before a place that is gone to, µs of recorded time at most. */
  windowUs?: number;
  log?(message: string): void;
}

export class ReplaySession implements LiveSession {
  readonly session: string;
  readonly partition: string;
  readonly commands: SessionCommands;
  private readonly options: ReplaySessionOptions;
  private readonly range: RecordedRange;
  private readonly player: Player;
  private readonly known = new EventMarks();
  private readonly outbox: Outbox;

  /** Stands paused at its place. Rejects when that is not in the recording, or the recording cannot be read. */
  static async open(options: ReplaySessionOptions): Promise<ReplaySession> {
    const range = await rangeOf(options.journal, options.definitions);
    const session = new ReplaySession(options, range, await nameOf(options.journal));
    const rest = () => new Promise<void>((resolve) => options.clock.soon(resolve));
    session.known.read(options.journal, rest).catch((error: unknown) => options.log?.(String(error)));
    await session.seek(options.place ?? { sequence: range.firstSequence });
    const { state, reason } = session.player;
    if (state === "failed")
      throw new EigenwatchError({ action: "open the recorded session", value: reason, kind: "failed" });
    return session;
  }

  private constructor(
    options: ReplaySessionOptions,
    range: RecordedRange,
    name: { session: string; partition: string },
  ) {
    const { speed = 1, windowUs = WINDOW_US } = options;
    this.options = options;
    this.range = range;
    this.session = name.session;
    this.partition = name.partition;
    this.commands = new SessionCommands(name.session);
    this.outbox = new Outbox({
      journal: options.journal,
      place: { input: 0, event: 0 },
      blockOf: (event) => this.known.blockOf(event),
      log: (message) => options.log?.(message),
    });
    this.player = new Player({ ...options, range, speed, windowUs }, this.outputs());
  }

  async close(): Promise<void> {
    this.known.stop();
    await this.player.close();
    await this.options.journal.close();
  }

  // ---- the place -------------------------------------------------------------------------------------------------

  status(): ReplayStatus {
    const { state, reason, speed, timeUs, replayer } = this.player;
    const { recording } = this.options;
    return { state, reason, speed, timeUs, sequence: replayer?.core.sequence ?? 0, ...this.range, recording };
  }

  marks(): ReplayMarks {
    const { marks, complete } = this.known;
    return { marks, complete };
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

  async seek(place: SeekPlace): Promise<void> {
    await this.player.seek(place);
  }

  // ---- what the player hands out --------------------------------------------------------------------------------

  private outputs(): PlayerOutputs {
    const { outbox } = this;
    return {
      opening: () => outbox.prepareRewind(),
      block: (lastSequence, bytes) => outbox.block(lastSequence, bytes),
      rewound: ({ core }) =>
        outbox.rewind({ timeUs: core.now, input: core.sequence, event: core.eventSequence }),
      frame: (delivered) => outbox.frame(delivered),
      channels: (declaration) => outbox.channels(declaration),
      metrics: (metrics) => outbox.metrics(metrics),
      state: (state) => outbox.state(state),
      event: (event) => outbox.event(event),
      flush: () => outbox.flush(),
      failed: (reason) => this.options.log?.(reason),
    };
  }

  // ---- LiveSession ----------------------------------------------------------------------------------------------

  describe(): SessionDescription {
    const { state, speed, replayer } = this.player;
    const detail = `a recording, ${state}${state === "playing" ? ` at speed ${speed}` : ""}`;
    return {
      session: this.session,
      partition: this.partition,
      durability: this.options.journal.durability,
      timeUs: replayer?.core.now ?? 0,
      lastInputSequence: replayer?.core.sequence ?? 0,
      lastEventSequence: this.outbox.lastEvent,
      recording: this.options.recording,
      feeds: [{ source: "replay", status: state, detail }],
    };
  }

  groups(): readonly Channels[] {
    return this.player.replayer?.core.declarations() ?? [];
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

  /** Thresholds and alerts at its place. */
  alerts(): AlertsStatus {
    const core = this.player.replayer?.core;
    return core === undefined ? { alerts: [], perDay: 0, heldBack: 0 } : listAlerts(core);
  }

  gauges(): Readonly<Record<string, number>> {
    return this.player.replayer?.core.gauges() ?? {};
  }

  notReady(): string | null {
    return this.player.state === "failed" ? this.player.reason : null;
  }

  subscribe(listener: SessionListener): () => void {
    return this.outbox.subscribe(listener);
  }
}

/** As the first kept block says; where retention removed the first input of the session, its name is not known. */
async function nameOf(journal: Journal): Promise<{ session: string; partition: string }> {
  for await (const block of blocks(journal)) {
    let session = "recording";
    for (const { input } of inputsOf(block)) if (input.type === "sessionOpened") session = input.session;
    return { session, partition: block.partition };
  }
  return { session: "recording", partition: "p0" };
}
