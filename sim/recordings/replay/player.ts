/**
 * Moves over a recording: plays it at a pace, pauses, goes to a place. All its partitions move together, as one sequence of inputs
 * (merged-replayer.ts).
 *
 *   paused ◄─pause─► playing ──last input──► ended          any ──seek──► seeking ──► paused · playing
 *      └────────────────┴──damage──► failed
 *
 * L1  A seek says `rewound`, then hands out the stretch before the place, and stands before the place. Where it is known without the actors what
 *     `rewound` says, it is said at once: whoever asks for the past of the place does not wait until they stand there.
 * L2  Of several seeks that wait only the last is carried out.
 * L3  Inputs are paced one by one, by their times.
 * L4  A place by sequence is one of a partition. The others stand where that input has its turn among theirs.
 * L5  A page that was told where it goes comes before the actors: they set out when it has had time for the past of the place.
 */
import type { CoreDefinitions } from "../../../actors/core/mod.ts";
import { firstInput, type LoggedInput, reaches } from "../../../actors/mod.ts";
import type { Clock } from "../../../actors/ports/clock.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import type { ReplayStatus } from "../../../protocol/controls.ts";
import { errorText } from "../../../protocol/errors.ts";
import { type SeekPlace, timeOfPlace } from "../place.ts";
import { checkPlace, type RecordedRange, windowStart } from "../seek.ts";
import { MergedReplayer } from "./merged-replayer.ts";
import { Pace } from "./pace.ts";
import { Replayer, type ReplayListener } from "./replayer.ts";

/** Inputs between two turns of the event loop: a few milliseconds of work. */
const TURN_INPUTS = 256;
/**
 * The same before a place that is gone to. All of that comes at once, states too: with more in a turn clients are sooner sent more than
 * they may leave unread, and what they miss of it is a hole in their charts.
 */
const MOVE_INPUTS = 16;
/** Work on the way to a place, and before it, between two turns: whoever asks for the past meanwhile needs several. */
const FOLD_MS = 4;

export interface PlayerOptions {
  readonly definitions: CoreDefinitions;
  readonly clock: Clock;
  readonly speed: number | "max";
  /** What is handed out before a place that is gone to, µs of recorded time at most. */
  readonly windowUs: number;
  /** And inputs of a partition, at most. */
  readonly windowInputs: number;
  /** Lets others run on the way to a place: those first who wait for the past. */
  rest(): Promise<void>;
  /** Resolves when those who were told where it goes have the past of there; as soon as `over` says so, because it goes elsewhere. */
  told(over: AbortSignal): Promise<void>;
  failed(reason: string): void;
}

/** A partition that is played. */
export interface PlayerPart {
  readonly journal: Journal;
  readonly range: RecordedRange;
  readonly outputs: PlayerOutputs;
}

/** A place of each partition, in their order. */
type Places = readonly SeekPlace[];

/** What of a partition is handed out before a place that is gone to. */
export interface Stretch {
  /** Time and sequence of the last input before it. */
  readonly timeUs: number;
  readonly input: number;
  /** The same of its last input: the place is right after that. */
  readonly through: { readonly timeUs: number; readonly input: number };
}

export interface PlayerOutputs extends ReplayListener {
  /** Before a new replayer begins to read. */
  opening(): void;
  /** It goes to the begin of the stretch before a place; says so, where it is known what there is to say. Returns whether it did. */
  going(stretch: Stretch): boolean;
  /** A replayer stands there. */
  rewound(replayer: Replayer): void;
  /** It stands at the place, or never will. */
  arrived(): void;
  flush(): void;
}

export class Player {
  state: ReplayStatus["state"] = "paused";
  reason = "";
  private readonly options: PlayerOptions;
  private readonly parts: PlayerPart[] = [];
  private readonly pace: Pace;
  private replay: MergedReplayer | null = null;
  /** Whether to play when a seek is done. */
  private plays = false;
  /** Recorded time that was reached when it stopped; an input may be long to come. */
  private headUs = 0;
  /** Counts what interrupts a run or a seek: whoever finds another number than its own stops. */
  private turn = 0;
  /** Says so to who waits. */
  private over = new AbortController();
  private seeking: Promise<void> = Promise.resolve();
  /** Recorded time that it goes to, once that was said. */
  private targetUs: number | null = null;
  /** Those who wait until it was said where it goes. */
  private saying: (() => void)[] = [];

  constructor(options: PlayerOptions) {
    this.options = options;
    this.pace = new Pace(options.clock, options.speed);
  }

  /** Adds the next partition, before anything moves. Returns its number. */
  add(part: PlayerPart): number {
    return this.parts.push(part) - 1;
  }

  /** The run over a partition; null before the first seek. */
  replayerOf(part: number): Replayer | null {
    return this.replay?.parts[part] ?? null;
  }

  /** From the first data of any partition to the last of any. */
  get range(): { fromUs: number; toUs: number } {
    return {
      fromUs: Math.min(...this.parts.map(({ range }) => range.fromUs)),
      toUs: Math.max(...this.parts.map(({ range }) => range.toUs)),
    };
  }

  get speed(): number | "max" {
    return this.pace.speed;
  }

  /** Recorded time that has been reached, within the range. */
  get timeUs(): number {
    const { fromUs, toUs } = this.range;
    if (this.targetUs !== null) return this.targetUs;
    const head = this.state === "playing" ? this.pace.nowUs(this.reachableUs) : this.headUs;
    return Math.min(Math.max(this.replay?.nowUs ?? 0, head, fromUs), toUs);
  }

  async play(): Promise<void> {
    this.plays = true;
    if (this.state === "ended") await this.seekBeginning();
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
    const { replay } = this;
    return replay?.next?.timeUs ?? replay?.nowUs ?? 0;
  }

  /**
   * Resolves when it stands there, or a later seek took over. Throws for a place that is not in the recording. `part`: the partition that a sequence is
   * of.
   */
  seek(place: SeekPlace, part = 0): Promise<void> {
    checkPlace(place, { ...this.parts[part]!.range, ...this.range }, "seek");
    return this.moving(async (turn) => {
      await this.moveTo(await this.placesAt(place, part), turn, (stretches) => {
        this.targetUs = "timeUs" in place ? place.timeUs : stretches[part]!.through.timeUs;
        const waiting = this.saying.splice(0);
        for (const said of waiting) said();
        return waiting.length > 0;
      });
      // A time may lie in a stretch without inputs: the place before an input is directly after the previous one.
      return "timeUs" in place ? place.timeUs : this.replay!.parts[part]!.core.now;
    });
  }

  /** As `seek`, but resolves as soon as it was said where it goes. */
  async goTo(place: SeekPlace, part = 0): Promise<void> {
    const arrived = this.seek(place, part);
    await Promise.race([arrived, new Promise<void>((resolve) => this.saying.push(resolve))]);
  }

  /** Resolves when no move is under way. */
  async settled(): Promise<void> {
    // A move that the end interrupts never arrives: its state says nothing of whether it is under way.
    let waited: Promise<void>;
    do {
      waited = this.seeking;
      await waited;
    } while (waited !== this.seeking);
  }

  /** Before the first input of each partition. */
  seekBeginning(): Promise<void> {
    return this.moving(async (turn) => {
      await this.moveTo(
        this.parts.map(({ range }) => ({ sequence: range.firstSequence })),
        turn,
      );
      return Math.min(...this.replay!.parts.map(({ core }) => core.now));
    });
  }

  /** After the last input of each partition. */
  seekEnd(): Promise<void> {
    const { toUs } = this.range;
    return this.moving(async (turn) => {
      await this.moveTo(
        this.parts.map(() => ({ timeUs: toUs + 1 })),
        turn,
      );
      return toUs;
    });
  }

  async close(): Promise<void> {
    this.interrupt();
    await this.seeking;
    await this.replay?.close();
  }

  private interrupt(): number {
    this.turn++;
    this.over.abort();
    this.over = new AbortController();
    this.pace.interrupt();
    return this.turn;
  }

  /** `move` resolves with the recorded time that it stands at, unless a later one took over. */
  private moving(move: (turn: number) => Promise<number>): Promise<void> {
    this.plays ||= this.state === "playing";
    this.state = "seeking";
    const turn = this.interrupt();
    this.seeking = this.seeking.then(async () => {
      if (turn !== this.turn) return;
      try {
        const headUs = await move(turn);
        if (turn === this.turn) this.arrived(headUs);
      } catch (error) {
        this.fail(error, turn);
      } finally {
        if (turn === this.turn || this.state !== "seeking") this.ended();
      }
    });
    return this.seeking;
  }

  private ended(): void {
    this.targetUs = null;
    for (const { outputs } of this.parts) outputs.arrived();
  }

  private arrived(headUs: number): void {
    this.headUs = headUs;
    this.state = this.replay!.isOver ? "ended" : "paused";
    this.reason = "";
    if (this.plays) this.start();
  }

  /** Where each partition stands when one of them stands at a place. */
  private async placesAt(place: SeekPlace, part: number): Promise<Places> {
    if ("timeUs" in place) return this.parts.map(() => place);
    const timeUs = await timeOfPlace(this.parts[part]!.journal, place);
    // Of inputs of the same time those of the partitions before it come first.
    return this.parts.map((_, k) => (k === part ? place : { timeUs: k < part ? timeUs + 1 : timeUs }));
  }

  /**
   * `going` is told the stretches before the places when the partitions say them, before anything is folded. It returns whether somebody waited for
   * that alone.
   */
  private async moveTo(
    places: Places,
    turn: number,
    going: (stretches: readonly Stretch[]) => boolean = () => false,
  ): Promise<void> {
    const stretches: Stretch[] = [];
    for (const [k, part] of this.parts.entries()) stretches.push(await this.stretchBefore(part, places[k]!));
    if (turn !== this.turn) return;
    const said = this.parts.map(({ outputs }, k) => {
      outputs.opening();
      return outputs.going(stretches[k]!);
    });
    if (going(stretches) && said.includes(true)) await this.options.told(this.over.signal);
    if (turn !== this.turn) return;
    const opened = await this.open(stretches, turn);
    if (opened === null) return;
    await this.replay?.close();
    const replay = new MergedReplayer(opened);
    this.replay = replay;
    this.headUs = 0;
    for (const [k, { outputs }] of this.parts.entries()) outputs.rewound(opened[k]!);
    const isReached = ({ sequence, timeUs, block }: LoggedInput) =>
      reaches(places[replay.nextPart!]!, sequence, timeUs, block);
    while (turn === this.turn) {
      const next = replay.next ?? (await replay.fill());
      if (next === null || isReached(next)) return;
      const endMs = this.options.clock.monotonicMs() + FOLD_MS;
      this.stepWhile(
        replay,
        MOVE_INPUTS,
        (input) => !isReached(input) && this.options.clock.monotonicMs() < endMs,
      );
      await this.options.rest();
    }
  }

  /** Runs that stand at the begins of the stretches; null when something else interrupted. */
  private async open(stretches: readonly Stretch[], turn: number): Promise<Replayer[] | null> {
    const { definitions, clock, rest } = this.options;
    let endMs = clock.monotonicMs() + FOLD_MS;
    const pause = () => {
      if (clock.monotonicMs() < endMs) return null;
      return rest().then(() => {
        endMs = clock.monotonicMs() + FOLD_MS;
        return turn === this.turn;
      });
    };
    const opened: Replayer[] = [];
    for (const [k, { journal, outputs }] of this.parts.entries()) {
      const start = { sequence: stretches[k]!.input + 1 };
      opened.push(await Replayer.open(journal, definitions, start, outputs, pause));
      if (turn === this.turn) continue;
      for (const each of opened) await each.close();
      return null;
    }
    return opened;
  }

  /** The stretch that is handed out before a place. */
  private async stretchBefore({ journal, range }: PlayerPart, place: SeekPlace): Promise<Stretch> {
    const { windowUs, windowInputs } = this.options;
    const end = (await firstInput(journal, place))?.sequence ?? range.lastSequence + 1;
    const timeUs = await timeOfPlace(journal, place);
    const earliestUs = Math.max(range.fromUs, timeUs - windowUs);
    let begin = Math.max(range.firstSequence, end - windowInputs);
    if ((await timeOfPlace(journal, { sequence: begin })) <= earliestUs) {
      const fromUs = await windowStart(journal, earliestUs, timeUs);
      const first = fromUs >= timeUs ? null : await firstInput(journal, { timeUs: fromUs });
      begin = Math.max(range.firstSequence, first?.sequence ?? end);
    }
    return { ...(await inputBefore(begin)), through: await inputBefore(end) };

    async function inputBefore(sequence: number): Promise<{ timeUs: number; input: number }> {
      const input = Math.max(range.firstSequence, sequence) - 1;
      const found = input < range.firstSequence ? null : await firstInput(journal, { sequence: input });
      const beginUs = range.firstSequence > 1 ? range.fromUs : 0;
      return { input, timeUs: found?.timeUs ?? beginUs };
    }
  }

  private start(): void {
    this.state = "playing";
    const turn = this.interrupt();
    this.run(turn).catch((error: unknown) => this.fail(error, turn));
  }

  private async run(turn: number): Promise<void> {
    const replay = this.replay!;
    this.pace.begin(this.headUs);
    while (turn === this.turn) {
      const next = replay.next ?? (await replay.fill());
      if (turn !== this.turn) return;
      if (next === null) {
        this.state = "ended";
        this.plays = false;
        return;
      }
      if (await this.pace.waitFor(next.timeUs)) continue;
      this.stepWhile(replay, TURN_INPUTS, ({ timeUs }) => this.pace.isDue(timeUs));
      await this.rest();
    }
  }

  /** Steps through what is at hand, then lets listeners flush. */
  private stepWhile(replay: MergedReplayer, most: number, isDue: (next: LoggedInput) => boolean): void {
    for (let steps = 0; steps < most; steps++) {
      const { next } = replay;
      if (next === null || !isDue(next)) break;
      replay.step();
    }
    for (const { outputs } of this.parts) outputs.flush();
  }

  private rest(): Promise<void> {
    return new Promise((resolve) => this.options.clock.soon(resolve));
  }

  private fail(error: unknown, turn: number): void {
    if (turn !== this.turn) return;
    this.interrupt();
    this.state = "failed";
    this.reason = errorText(error);
    this.options.failed(this.reason);
  }
}
