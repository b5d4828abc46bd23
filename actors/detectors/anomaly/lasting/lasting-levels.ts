/**
 * Levels that channels keep for seconds, and never kept before: what lasts on a machine whose rows are fractions of a second apart.
 *
 *   rows ─► means over a second ─► the last ten ─┬─► high: the level that eight of them reach      ─► above the highest so far?
 *                                                └─► low:  the level that eight of them stay below ─► below the lowest so far?
 *
 *   size     = distance beyond [lowest low, highest high], in units of that range and the mean deviation of a second
 *   evidence = (ln((N + 1) / (1 + K)) + TAIL ln(size / LEAST)) · (1 − ρ²)       N: levels of ten seconds seen, of all channels
 *
 * A burst of a second or two moves neither level, so that what is usual for bursts on nothing is how long they are, and then how large. A
 * channel is out of its range from a size of LEAST; K times that happened among the N levels, those of a minute counted once and those of the last
 * hour hardly: a second fault soon after the first is no less a fault. ρ is the largest correlation of the channel's seconds with those of a channel that
 * has left its range already: four counters of the same traffic are one.
 *
 * Some channels only add up: the cache of files, averages of the load. A burst moves such a level for good, so that it is its steps from second to
 * second that are looked at: of a channel that in the first five minutes gets SMOOTH times as far in a minute as in ten seconds.
 *
 * Levels that go to and fro about the edge do not end and begin each second: a channel is back when it is inside for longer than a pause may be.
 *
 * A range follows what leaves it by less than LEAST over a minute, and returns to the present over a day. While a channel is out of its range, it is
 * not learnt, and for a minute after something left its range nothing is. What stays out for an hour is usual.
 *
 * Cost: n sums a row; once a second n rankings of ten values and n² / 2 products.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Batch, Fields } from "../../../ports/detector.ts";
import { clipSize, clipSpike } from "../../clip-spikes.ts";
import { namedNumbers, prefixed } from "../../registered-numbers.ts";
import { MeanRows } from "../../rows/mean-rows.ts";

const SECOND_US = 1_000_000;
/** Seconds that people call lasting, and how many of them must agree: two may be lost to a pause. */
export const SECONDS = 10;
const AGREE = 8;
export const PAUSE = SECONDS - AGREE;
/** A smaller excess is how ranges grow: half of what a channel usually moves. */
const LEAST = 0.5;
/** Seconds that make the first range, five minutes: thirty independent levels. */
const SETTLED_AFTER = 300;
/** Seconds for which nothing is learnt once something left its range, and over which a range follows what leaves it by less than LEAST: what drifts as it did before stays inside, a leak does not. */
const FOLLOWS = 60;
/** Seconds in the memory of deviations and correlations, and of the edges of a range. */
const HOUR = 3600;
const DAY = 86_400;
const ACCEPTED_AFTER = HOUR;
/** Mean deviations at which a second is clipped before means, deviations and correlations learn it. Deviations of bursts have heavy tails. */
const CLIP_AT = 8;
/** The size of a departure from a constant, and the largest: ranges of a channel that rests are no unit. */
const LARGEST = 1000;
const LEFT_CONSTANT = 10;
/** A smaller distance, relative to the level, is rounding: 2⁻⁴⁰. */
const ROUNDING = 1 / 1_099_511_627_776;
/** Of the tail of sizes: levels that last are means, whose tails have a variance. */
const TAIL = 2;
/** Factor by which an episode must grow to be reported again. */
const GREW = 2;

/** Independent seconds get as far in ten as in sixty, a random walk √6 times as far, and a trend six times. */
const SMOOTH = 2;
/** Tens of seconds in a minute. */
const TENS = 6;

/** What became of a channel in the last second. */
export const NOTHING = 0;
export const OPENED = 1;
export const GREW_FURTHER = 2;
export const ENDED = 3;
export const ACCEPTED = 4;

const Scalars = namedNumbers(
  "seconds",
  /** Seconds since a channel left its range. */
  "calm",
  /** N and K, and departures that K has not counted yet. */
  "levels",
  "departures",
  "recent",
);

/** Of each channel the track of its levels, and after those the tracks of their steps. */
const Tracks = namedNumbers(
  /** Seconds seen, and the usual range of the levels. */
  "seconds",
  "low",
  "high",
  "mean",
  "deviation",
  /** 1 above its range, −1 below, 0 inside; and the side on which the level of the last second is. */
  "side",
  "toward",
  /** Of the episode: its beginning, the seconds since, those since it is back inside, the level and size of the last second, the largest size, and that when it was reported last. */
  "sinceUs",
  "lasted",
  "inside",
  "level",
  "size",
  "largest",
  "reported",
  /** 1 − ρ² when it left its range. */
  "share",
  "evidence",
);

export class LastingLevels {
  readonly fields: Fields;
  /** What became of each channel in the second that ended last. */
  readonly changes: Uint8Array;
  private readonly n: number;
  private readonly scalars = new Scalars();
  private readonly tracks: InstanceType<typeof Tracks>;
  /** 1: the steps of the channel are looked at. */
  private readonly isSmooth: Uint8Array;
  /** The second before. */
  private readonly before: Float64Array;
  /** Every tenth second of the last minute, and how far the channel got in ten seconds and in a minute. */
  private readonly tens: Float64Array;
  private readonly ways: Float64Array;
  private readonly second: MeanRows;
  /** The last seconds of each channel. */
  private readonly ring: Float64Array;
  /** Second moments of standardised seconds. */
  private readonly moments: Float64Array;
  private readonly standard: Float64Array;
  private readonly ranked = new Float64Array(SECONDS);

  /** `isWatched`: 1 for each channel that is looked at. */
  constructor(isWatched: Uint8Array) {
    const n = isWatched.length;
    this.n = n;
    this.tracks = new Tracks(2 * n);
    this.isSmooth = new Uint8Array(n);
    this.before = new Float64Array(n);
    this.tens = new Float64Array(n * TENS);
    this.ways = new Float64Array(2 * n);
    this.second = new MeanRows(isWatched);
    this.ring = new Float64Array(2 * n * SECONDS);
    this.moments = new Float64Array(n * n);
    this.standard = new Float64Array(2 * n);
    this.changes = new Uint8Array(n);
    this.scalars.calm = FOLLOWS;
    this.fields = {
      scalars: this.scalars.array,
      tracks: this.tracks.array,
      isSmooth: this.isSmooth,
      before: this.before,
      tens: this.tens,
      ways: this.ways,
      ...prefixed("second", this.second.fields),
      ring: this.ring,
      moments: this.moments,
    };
  }

  /** Adds row r, of the usual spacing. True: a second ended, and `changes` says what came of it. */
  see(batch: Batch, r: number, spacingUs: number): boolean {
    if (batch.gap[r] === 1) this.second.begin();
    if (!this.second.add(batch, r, spacingUs, SECOND_US)) return false;
    this.endSecond(batch.rowTime[r]!, Math.max(SECOND_US, spacingUs));
    return true;
  }

  /** Numbers of channel c's episode. The record is valid until the next call. */
  episode(c: number): Readonly<InstanceType<typeof Tracks>> {
    return this.tracks.at(this.trackOf(c));
  }

  /**
   * The range that channel c's episode left. The low level of bursts that come all the time is above their high one, and no range: what it left is
   * what it never stayed above, or never stayed below. NaN: no edge on that side.
   */
  edges(c: number): { readonly low: number; readonly high: number } {
    const { low, high, toward } = this.episode(c);
    if (low <= high) return { low, high };
    return toward > 0 ? { low: Number.NaN, high } : { low, high: Number.NaN };
  }

  /** Whether the episodes of channel c are about its steps from second to second. */
  isOfSteps(c: number): boolean {
    return this.isSmooth[c] === 1;
  }

  private trackOf(c: number): number {
    return this.isSmooth[c] === 1 ? this.n + c : c;
  }

  private endSecond(time: number, secondUs: number): void {
    const { n, scalars, second, changes, standard, before } = this;
    scalars.seconds++;
    scalars.calm++;
    const learns = scalars.calm > FOLLOWS;
    for (let c = 0; c < n; c++) {
      changes[c] = NOTHING;
      standard[c] = 0;
      standard[n + c] = 0;
      if (second.counts[c] === 0) continue;
      const x = second.mean(c);
      const isFirst = this.tracks.at(c).seconds === 0;
      this.take(c, x, learns);
      if (!isFirst) this.take(n + c, x - before[c]!, learns);
      before[c] = x;
      if (this.tracks.at(c).seconds <= SETTLED_AFTER) this.choose(c, x);
    }
    if (learns) this.learnMoments();
    this.countDepartures();
    this.open(time, secondUs);
    this.follow();
    second.begin();
  }

  /** Adds a second to a track. */
  private take(t: number, x: number, learns: boolean): void {
    const track = this.tracks.at(t);
    this.ring[t * SECONDS + (track.seconds % SECONDS)] = x;
    track.seconds++;
    if (learns && track.side === 0) this.learnSecond(t, x);
    if (track.seconds >= SECONDS) this.look(t, learns);
  }

  /** Learns how far channel c gets, and at last says whether it adds up. */
  private choose(c: number, x: number): void {
    const { tens, ways, n } = this;
    const { seconds } = this.tracks.at(c);
    if (seconds % SECONDS !== 0) return;
    const seen = seconds / SECONDS;
    const slot = c * TENS + (seen % TENS);
    if (seen > 1) ways[c] = ways[c]! + Math.abs(x - tens[c * TENS + ((seen - 1) % TENS)]!);
    if (seen > TENS) ways[n + c] = ways[n + c]! + Math.abs(x - tens[slot]!);
    tens[slot] = x;
    if (seconds < SETTLED_AFTER) return;
    const far = ways[n + c]! / (seen - TENS);
    if (far > (SMOOTH * ways[c]!) / (seen - 1)) this.isSmooth[c] = 1;
  }

  /** Learns mean and deviation of the seconds of a track. */
  private learnSecond(t: number, x: number): void {
    const channel = this.tracks.at(t);
    if (channel.seconds === 1) channel.mean = x;
    const share = 1 / Math.min(channel.seconds, HOUR);
    const from = x - channel.mean;
    const { deviation } = channel;
    this.standard[t] = deviation > 0 ? clipSpike(from / deviation, CLIP_AT) : 0;
    const isYoung = channel.seconds < SECONDS || deviation === 0;
    channel.mean += share * (isYoung ? from : clipSpike(from, CLIP_AT * deviation));
    const size = Math.abs(from);
    channel.deviation += share * ((isYoung ? size : clipSize(size, CLIP_AT * deviation)) - deviation);
  }

  private learnMoments(): void {
    const { n, moments, standard } = this;
    const share = 1 / Math.min(this.scalars.seconds, HOUR);
    for (let i = 0; i < n; i++) {
      const x = share * standard[i]!;
      for (let j = 0; j <= i; j++) moments[i * n + j] = moments[i * n + j]! * (1 - share) + x * standard[j]!;
    }
  }

  private countDepartures(): void {
    const { scalars } = this;
    const counted = scalars.recent / HOUR;
    scalars.recent -= counted;
    scalars.departures += counted;
  }

  /** Level and size of a track now. What is in its range teaches it. */
  private look(t: number, learns: boolean): void {
    const channel = this.tracks.at(t);
    this.rank(t);
    const high = this.ranked[SECONDS - AGREE]!;
    const low = this.ranked[AGREE - 1]!;
    if (channel.seconds === SECONDS) {
      channel.low = low;
      channel.high = high;
    }
    const above = high - channel.high;
    const below = channel.low - low;
    const isAbove = channel.side === 0 ? above >= below : channel.side > 0;
    const excess = isAbove ? above : below;
    channel.toward = isAbove ? 1 : -1;
    channel.level = isAbove ? high : low;
    channel.size = excess > ROUNDING * Math.abs(channel.level) ? this.sizeOf(excess) : 0;
    const isSettled = channel.seconds > SETTLED_AFTER;
    if (channel.side !== 0 || !learns || (isSettled && channel.size >= LEAST)) return;
    this.scalars.levels += 0.5 / SECONDS;
    const share = isSettled ? 1 / FOLLOWS : 1;
    if (above > 0) channel.high += share * above;
    if (below > 0) channel.low -= share * below;
    channel.high -= Math.max(0, channel.high - high) / DAY;
    channel.low += Math.max(0, low - channel.low) / DAY;
  }

  /** An excess of the channel at hand in units of what is usual. */
  private sizeOf(excess: number): number {
    const { high, low, deviation } = this.tracks;
    // Between bursts that come and go all the time, the low level that seconds stay below is above the high one that they reach.
    const unit = Math.abs(high - low) + deviation;
    return unit > 0 ? clipSize(excess / unit, LARGEST) : LEFT_CONSTANT;
  }

  /** Sorts the last seconds of a track. */
  private rank(t: number): void {
    const { ranked, ring } = this;
    for (let k = 0; k < SECONDS; k++) {
      const x = ring[t * SECONDS + k]!;
      let at = k;
      for (; at > 0 && ranked[at - 1]! > x; at--) ranked[at] = ranked[at - 1]!;
      ranked[at] = x;
    }
  }

  /** Opens episodes, the one with the most evidence first: each counts for what those before it do not explain. */
  private open(time: number, secondUs: number): void {
    for (let c = this.nextOut(); c >= 0; c = this.nextOut()) {
      const share = 1 - this.explained(c);
      const channel = this.tracks.at(this.trackOf(c));
      channel.side = channel.toward;
      channel.sinceUs = time - this.secondsAtLevel(c) * secondUs;
      channel.lasted = 0;
      channel.inside = 0;
      channel.largest = channel.size;
      channel.reported = channel.size;
      channel.share = share;
      channel.evidence = this.evidenceOf(c) * share;
      this.changes[c] = OPENED;
      if (this.scalars.calm > FOLLOWS) this.scalars.recent++;
      this.scalars.calm = 0;
    }
  }

  /** The channel that is out of its range with the most evidence and has no episode; −1: none. */
  private nextOut(): number {
    let most = 0;
    let next = -1;
    for (let c = 0; c < this.n; c++) {
      const { side, size, seconds } = this.tracks.at(this.trackOf(c));
      if (this.second.counts[c] === 0 || side !== 0 || size < LEAST || seconds <= SETTLED_AFTER) continue;
      const evidence = this.evidenceOf(c);
      if (evidence > most) {
        most = evidence;
        next = c;
      }
    }
    return next;
  }

  /** Evidence of the size of channel c alone, nats. */
  private evidenceOf(c: number): number {
    const { levels, departures } = this.scalars;
    const { size } = this.tracks.at(this.trackOf(c));
    return ln((levels + 1) / (departures + 1)) + TAIL * ln(size / LEAST);
  }

  /** The largest squared correlation of channel c with a channel that is out of its range. */
  private explained(c: number): number {
    const { n, moments } = this;
    const own = moments[c * n + c]!;
    let most = 0;
    for (let d = 0; d < n; d++) {
      if (d === c || this.tracks.at(this.trackOf(d)).side === 0) continue;
      const both = moments[Math.max(c, d) * n + Math.min(c, d)]!;
      const product = own * moments[d * n + d]!;
      if (product > 0) most = Math.max(most, (both * both) / product);
    }
    return Math.min(1, most);
  }

  /** Seconds since the first of the last ones that reached the level of channel c. */
  private secondsAtLevel(c: number): number {
    const { ring } = this;
    const { seconds, side, level } = this.tracks.at(this.trackOf(c));
    for (let back = SECONDS; back > 1; back--) {
      const x = ring[this.trackOf(c) * SECONDS + ((seconds - back + SECONDS) % SECONDS)]!;
      if (side > 0 ? x >= level : x <= level) return back;
    }
    return 1;
  }

  /** Follows the open episodes. */
  private follow(): void {
    const { changes } = this;
    for (let c = 0; c < this.n; c++) {
      const channel = this.tracks.at(this.trackOf(c));
      if (channel.side === 0 || changes[c] === OPENED || this.second.counts[c] === 0) continue;
      channel.lasted++;
      if (channel.size > channel.largest) channel.largest = channel.size;
      channel.inside = channel.size < LEAST ? channel.inside + 1 : 0;
      if (channel.inside > PAUSE) this.end(c);
      else if (channel.lasted >= ACCEPTED_AFTER) this.accept(c);
      else if (channel.largest >= GREW * channel.reported) this.grow(c);
    }
  }

  private grow(c: number): void {
    const channel = this.tracks.at(this.trackOf(c));
    channel.evidence = this.evidenceOf(c) * channel.share;
    channel.reported = channel.largest;
    this.changes[c] = GREW_FURTHER;
  }

  private end(c: number): void {
    this.tracks.at(this.trackOf(c)).side = 0;
    this.changes[c] = ENDED;
  }

  /** The level is the edge of the range from now on. */
  private accept(c: number): void {
    const channel = this.tracks.at(this.trackOf(c));
    if (channel.side > 0) channel.high = channel.level;
    else channel.low = channel.level;
    channel.mean = channel.level;
    channel.side = 0;
    this.changes[c] = ACCEPTED;
  }
}
