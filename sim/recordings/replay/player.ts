/**
 * Moves over a recording: plays it at a pace, pauses, goes to a place.
 *
 *   paused ◄─pause─► playing ──last input──► ended          any ──seek──► seeking ──► paused · playing
 *      └────────────────┴──damage──► failed
 *
 * L1  A seek says `rewound`, then hands out the stretch before the place, so that charts are filled, and stands before the place.
 * L2  Of several seeks that wait only the last is carried out.
 * L3  Inputs are paced one by one, by their times.
 */
import type { CoreDefinitions } from "../../../actors/core/mod.ts";
import { type LoggedInput, reaches } from "../../../actors/mod.ts";
import type { Clock } from "../../../actors/ports/clock.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import type { ReplayStatus } from "../../../protocol/controls.ts";
import { type SeekPlace, timeOfPlace } from "../place.ts";
import { checkPlace, type RecordedRange, windowStart } from "../seek.ts";
import { Pace } from "./pace.ts";
import { Replayer, type ReplayListener } from "./replayer.ts";

/** Inputs between two turns of the event loop: a few milliseconds of work. */
const TURN_INPUTS = 256;

export interface PlayerOptions {
  readonly journal: Journal;
  readonly definitions: CoreDefinitions;
  readonly clock: Clock;
  readonly range: RecordedRange;
  readonly speed: number | "max";
  /** What is handed out before a place that is gone to, µs of recorded time at most. */
  readonly windowUs: number;
}

export interface PlayerOutputs extends ReplayListener {
  /** Before a new replayer begins to read. */
  opening(): void;
  /** A replayer stands at the begin of the stretch before a place. */
  rewound(replayer: Replayer): void;
  flush(): void;
  failed(reason: string): void;
}

export class Player {
  replayer: Replayer | null = null;
  state: ReplayStatus["state"] = "paused";
  reason = "";
  private readonly options: PlayerOptions;
  private readonly outputs: PlayerOutputs;
  private readonly pace: Pace;
  /** Whether to play when a seek is done. */
  private plays = false;
  /** Recorded time that was reached when it stopped; an input may be long to come. */
  private headUs = 0;
  /** Counts what interrupts a run or a seek: whoever finds another number than its own stops. */
  private turn = 0;
  private seeking: Promise<void> = Promise.resolve();

  constructor(options: PlayerOptions, outputs: PlayerOutputs) {
    this.options = options;
    this.outputs = outputs;
    this.pace = new Pace(options.clock, options.speed);
  }

  get speed(): number | "max" {
    return this.pace.speed;
  }

  /** Recorded time that has been reached, within the range. */
  get timeUs(): number {
    const { fromUs, toUs } = this.options.range;
    const head = this.state === "playing" ? this.pace.nowUs(this.reachableUs) : this.headUs;
    return Math.min(Math.max(this.replayer?.core.now ?? 0, head, fromUs), toUs);
  }

  async play(): Promise<void> {
    this.plays = true;
    if (this.state === "ended") await this.seek({ sequence: this.options.range.firstSequence });
    else if (this.state === "paused") this.start();
  }

  pause(): void {
    this.plays = false;
    if (this.state !== "playing") return;
    this.headUs = this.pace.nowUs(this.reachableUs);
    this.state = "paused";
    this.interrupt();
  }

  setSpeed(speed: number | "max"): void {
    this.pace.setSpeed(speed, this.reachableUs);
  }

  /** Recorded time that may have been reached at most: that of the next input, while it is being read that of the last. */
  private get reachableUs(): number {
    const { replayer } = this;
    return replayer?.next?.timeUs ?? replayer?.core.now ?? 0;
  }

  /** Resolves when it stands there, or a later seek took over. Throws for a place that is not in the recording. */
  seek(place: SeekPlace): Promise<void> {
    checkPlace(place, this.options.range, "seek");
    this.plays ||= this.state === "playing";
    this.state = "seeking";
    const turn = this.interrupt();
    this.seeking = this.seeking.then(async () => {
      if (turn === this.turn) await this.moveTo(place, turn).catch((error) => this.fail(error, turn));
    });
    return this.seeking;
  }

  async close(): Promise<void> {
    this.interrupt();
    await this.seeking;
    await this.replayer?.close();
  }

  private interrupt(): number {
    this.turn++;
    this.pace.interrupt();
    return this.turn;
  }

  private async moveTo(place: SeekPlace, turn: number): Promise<void> {
    const { journal, definitions, windowUs, range } = this.options;
    const timeUs = await timeOfPlace(journal, place);
    const from = await windowStart(journal, Math.max(range.fromUs, timeUs - windowUs), timeUs);
    this.outputs.opening();
    const replayer = await Replayer.open(
      journal,
      definitions,
      from < timeUs ? { timeUs: from } : place,
      this.outputs,
    );
    await this.replayer?.close();
    this.replayer = replayer;
    this.headUs = 0;
    this.outputs.rewound(replayer);
    const isReached = ({ sequence, timeUs: at, block }: LoggedInput) => reaches(place, sequence, at, block);
    while (turn === this.turn) {
      const next = replayer.next ?? (await replayer.fill());
      if (next === null || isReached(next)) break;
      this.stepWhile(replayer, (input) => !isReached(input));
      await this.rest();
    }
    if (turn !== this.turn) return;
    // A time may lie in a stretch without inputs: the place before an input is directly after the previous one.
    this.headUs = "timeUs" in place ? timeUs : replayer.core.now;
    this.state = "paused";
    this.reason = "";
    if (this.plays) this.start();
  }

  private start(): void {
    this.state = "playing";
    const turn = this.interrupt();
    this.run(turn).catch((error: unknown) => this.fail(error, turn));
  }

  private async run(turn: number): Promise<void> {
    const replayer = this.replayer!;
    this.pace.begin(this.headUs);
    while (turn === this.turn) {
      const next = replayer.next ?? (await replayer.fill());
      if (turn !== this.turn) return;
      if (next === null) {
        this.state = "ended";
        this.plays = false;
        return;
      }
      if (await this.pace.waitFor(next.timeUs)) continue;
      this.stepWhile(replayer, ({ timeUs }) => this.pace.isDue(timeUs));
      await this.rest();
    }
  }

  /** Steps through what is at hand, then lets listeners flush. */
  private stepWhile(replayer: Replayer, isDue: (next: LoggedInput) => boolean): void {
    for (let steps = 0; steps < TURN_INPUTS; steps++) {
      const { next } = replayer;
      if (next === null || !isDue(next)) break;
      replayer.step();
    }
    this.outputs.flush();
  }

  private rest(): Promise<void> {
    return new Promise((resolve) => this.options.clock.soon(resolve));
  }

  private fail(error: unknown, turn: number): void {
    if (turn !== this.turn) return;
    this.interrupt();
    this.state = "failed";
    this.reason = error instanceof Error ? error.message : String(error);
    this.outputs.failed(this.reason);
  }
}
