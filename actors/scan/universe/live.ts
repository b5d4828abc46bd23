/**
 * The channels of the running session as universes: their latest rows, as they are in memory when somebody asks.
 *
 *   live          the channels of all groups, GROUP/CHANNEL, but those of the program's own health
 *   live:GROUP    those of one group
 *
 * A row is a sample, as in a recording: its value is the close, its size the volume.
 *
 * Q1  A snapshot has of every channel the last rows that were delivered when it was taken, up to `rowsOf` many; nothing that is delivered later enters it.
 * Q2  Where other channels took the place of those of a group, its rows of before are left out.
 */
import { expectedAmong } from "../../../protocol/closest-name.ts";
import { decodeFrameInto } from "../../../protocol/codec.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { isName } from "../../../protocol/fields.ts";
import { createScratchFrame } from "../../../protocol/frame.ts";
import type { Channels } from "../../../protocol/messages.ts";
import type { UniverseState } from "../../../protocol/scan-messages.ts";
import { isOwnHealth } from "../../ports/own-health.ts";
import type { DeliveredFrame, LiveSession } from "../../ports/session.ts";
import { type Bar, UniverseBuilder } from "./builder.ts";
import { PreparedUniverse } from "./prepared.ts";
import { MAX_UNIVERSE_SYMBOLS } from "./universe.ts";

/** A partition of the session. */
export type LiveSource = Pick<LiveSession, "groups" | "recentFrames" | "describe" | "subscribe">;

const LIVE = "live";
const OF_GROUP = `${LIVE}:`;

/** Rows of a channel: more than the indicators of a rule usually look back. */
export const MAX_LIVE_ROWS = 2_000;
/** Rows of all channels of a snapshot: 6 MB, which are gathered beside the session in some 20 ms. */
export const MAX_LIVE_SAMPLES = 250_000;

/** Inputs that are looked through at first, from the newest on; the next look goes LOOK_FACTOR times as far back. */
const FIRST_LOOK = 4_096;
const LOOK_FACTOR = 4;
/** Frames that are read between two turns of the event loop: about a millisecond. */
const REST_AFTER_FRAMES = 64;

/** Whether a name is one of these universes, whatever groups there are. */
export function isLiveUniverse(name: string): boolean {
  return name === LIVE || name.startsWith(OF_GROUP);
}

export class LiveUniverses {
  private readonly sources: readonly Source[];
  private readonly rest: () => Promise<void>;
  /** One snapshot is taken at a time. */
  private taking: Promise<unknown> = Promise.resolve();
  private newest: PreparedUniverse | null = null;

  /** `rest`: lets others run while rows are gathered. */
  constructor(sessions: readonly LiveSource[], rest: () => Promise<void>) {
    this.sources = sessions.map((session) => new Source(session));
    this.rest = rest;
  }

  /** Empty where no session runs. */
  list(): UniverseState[] {
    if (this.sources.length === 0) return [];
    const state = (name: string, groups: readonly Channels[]): UniverseState => {
      const symbols = groups.reduce((sum, { channels }) => sum + channels.length, 0);
      return { name, state: "loaded", symbols, reason: "" };
    };
    const groups = this.groups();
    // A name that is too long for the log is left out.
    const each = groups.filter(({ group }) => isName(OF_GROUP + group));
    return [
      state(LIVE, groups.filter(isWatched)),
      ...each.map((declaration) => state(OF_GROUP + declaration.group, [declaration])),
    ];
  }

  /** Whether `live` has one of these. */
  hasSome(symbols: readonly string[]): boolean {
    const names = new Set(this.groups().filter(isWatched).flatMap(symbolsOf));
    return symbols.some((symbol) => names.has(symbol));
  }

  /** Rejects for a group that there is not. Without a name: of all channels. */
  snapshot(name = LIVE): Promise<PreparedUniverse> {
    const taken = this.taking.then(() => this.take(name));
    this.taking = taken.catch(() => {});
    return taken;
  }

  /** The rows that the newest snapshot has, if it is of this universe; else those of now. */
  async latest(name: string): Promise<PreparedUniverse> {
    return this.newest?.name === name ? this.newest : this.snapshot(name);
  }

  private async take(name: string): Promise<PreparedUniverse> {
    const wanted = new Set(this.groupsOf(name).map(({ group }) => group));
    const most = rowsOf(this.groups().filter(({ group }) => wanted.has(group)));
    const builder = new UniverseBuilder(name);
    for (const source of this.sources) {
      const groups = source.groups().filter(({ group }) => wanted.has(group));
      if (groups.length === 0) continue;
      const latest = await source.latest(groups, most, this.rest);
      for (const declaration of groups)
        for (const [k, symbol] of symbolsOf(declaration).entries())
          latest.get(declaration.group)![k]!.addTo(builder, builder.indexOf(symbol));
    }
    this.newest = new PreparedUniverse(name, builder.build());
    return this.newest;
  }

  private groups(): Channels[] {
    return this.sources.flatMap((source) => source.groups());
  }

  private groupsOf(name: string): readonly Channels[] {
    const all = this.groups();
    const found = all.filter((each) => (name === LIVE ? isWatched(each) : name === OF_GROUP + each.group));
    const channels = found.reduce((sum, each) => sum + each.channels.length, 0);
    if (channels > MAX_UNIVERSE_SYMBOLS)
      throw new EigenwatchError({
        action: `scan ${name}`,
        value: `it has ${channels} channels`,
        expected: `at most ${MAX_UNIVERSE_SYMBOLS}: those of one group, as ${OF_GROUP}GROUP`,
        kind: "limit",
      });
    if (found.length > 0) return found;
    if (name === LIVE)
      throw new EigenwatchError({
        action: `scan ${name}`,
        value: "no channels are declared yet",
        expected: "a feed that runs",
        kind: "unavailable",
      });
    throw new EigenwatchError({
      action: "find universe",
      value: name,
      expected: expectedAmong(
        name,
        this.list().map((each) => each.name),
      ),
      kind: "notFound",
    });
  }
}

function isWatched({ channels }: Channels): boolean {
  return !isOwnHealth(channels);
}

function symbolsOf({ group, channels }: Channels): string[] {
  return channels.map(({ name }) => `${group}/${name}`);
}

/** Of each channel of these groups: as many as the snapshot has room for. */
function rowsOf(groups: readonly Channels[]): number {
  const channels = groups.reduce((sum, each) => sum + each.channels.length, 0);
  return Math.min(MAX_LIVE_ROWS, Math.floor(MAX_LIVE_SAMPLES / Math.max(1, channels)));
}

/** One partition: its groups as they are declared now, and since when. */
class Source {
  private readonly session: LiveSource;
  private readonly declared = new Map<string, Channels>();
  /** [Q2] Of a group: the frames of inputs up to this one have other channels. */
  private readonly since = new Map<string, number>();
  private readonly scratch = createScratchFrame();

  constructor(session: LiveSource) {
    this.session = session;
    for (const declaration of session.groups()) this.declared.set(declaration.group, declaration);
    session.subscribe({ channels: (declaration) => this.declares(declaration) });
  }

  groups(): Channels[] {
    return [...this.declared.values()];
  }

  /** [Q1] The latest rows of each channel of these groups, at most `most`. */
  async latest(
    groups: readonly Channels[],
    most: number,
    rest: () => Promise<void>,
  ): Promise<ReadonlyMap<string, readonly LatestRows[]>> {
    const { lastInputSequence } = this.session.describe();
    for (let look = FIRST_LOOK; ; look *= LOOK_FACTOR) {
      const after = Math.max(0, lastInputSequence - look);
      const rows = new Map(
        groups.map(({ group, channels }) => [group, channels.map(() => new LatestRows(most))]),
      );
      const { complete, frames } = this.session.recentFrames(after);
      for (const [k, delivered] of frames.entries()) {
        if (k % REST_AFTER_FRAMES === REST_AFTER_FRAMES - 1) await rest();
        this.addFrame(delivered, rows);
      }
      const isAll = [...rows.values()].every((each) => each.every(({ isFull }) => isFull));
      if (isAll || !complete || after === 0) return rows;
    }
  }

  private addFrame(
    { inputSequence, bytes }: Pick<DeliveredFrame, "inputSequence" | "bytes">,
    rows: ReadonlyMap<string, readonly LatestRows[]>,
  ): void {
    const { group, count, channel, time, value, size } = decodeFrameInto(bytes, this.scratch);
    const channels = rows.get(group);
    if (channels === undefined || inputSequence <= (this.since.get(group) ?? 0)) return;
    for (let i = 0; i < count; i++)
      channels[channel[i]!]?.add(time[i]!, value[i]!, size === null ? Number.NaN : size[i]!);
  }

  private declares(declaration: Channels): void {
    const { group, channels } = declaration;
    const before = this.declared.get(group);
    this.declared.set(group, declaration);
    const isLonger = before?.channels.every(({ name }, k) => channels[k]?.name === name) ?? true;
    if (!isLonger) this.since.set(group, this.session.describe().lastInputSequence);
  }
}

/** A ring of the latest rows of one channel. */
class LatestRows {
  private readonly timeUs: Float64Array;
  private readonly close: Float64Array;
  private readonly volume: Float64Array;
  private count = 0;

  constructor(most: number) {
    this.timeUs = new Float64Array(most);
    this.close = new Float64Array(most);
    this.volume = new Float64Array(most);
  }

  get isFull(): boolean {
    return this.count >= this.timeUs.length;
  }

  add(timeUs: number, close: number, volume: number): void {
    const at = this.count++ % this.timeUs.length;
    this.timeUs[at] = timeUs;
    this.close[at] = close;
    this.volume[at] = volume;
  }

  addTo(builder: UniverseBuilder, index: number): void {
    const { length } = this.timeUs;
    for (let row = Math.max(0, this.count - length); row < this.count; row++) {
      const at = row % length;
      const bar: Bar = {
        open: Number.NaN,
        high: Number.NaN,
        low: Number.NaN,
        close: this.close[at]!,
        volume: this.volume[at]!,
      };
      builder.add(index, this.timeUs[at]!, bar, false, row);
    }
  }
}
