/**
 * Published states of former moments: the last one of each interval, in rings of several lengths and within a budget of bytes.
 */
import type { StateMessage } from "../../protocol/messages.ts";

/** How far apart the states of each ring are at least, µs: minutes of a few seconds, hours of a minute, days of a quarter of an hour. */
const RINGS_US = [1_000_000, 16_000_000, 256_000_000] as const;

/** Of a state besides its matrices and its columns: names and measures. */
const OTHER_BYTES = 1_024;

export class PastStates {
  private readonly rings: readonly StateRing[];

  constructor(bytesMax: number) {
    this.rings = RINGS_US.map((everyUs) => new StateRing(everyUs, bytesMax / RINGS_US.length));
  }

  get bytes(): number {
    return this.rings.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  add(state: StateMessage): void {
    for (const ring of this.rings) ring.add(state);
  }

  /** Forgets the states after this time. */
  rewind(timeUs: number): void {
    for (const ring of this.rings) ring.rewind(timeUs);
  }

  /** The last state that is kept of a group at or before this time; null when none is. */
  before(group: string, timeUs: number): StateMessage | null {
    const found = this.rings.flatMap((ring) => ring.before(group, timeUs) ?? []);
    return found.length === 0 ? null : found.reduce((a, b) => (b.timeUs > a.timeUs ? b : a));
  }
}

interface Entry {
  readonly interval: number;
  state: StateMessage;
}

class StateRing {
  bytes = 0;
  private readonly everyUs: number;
  private readonly bytesMax: number;
  private entries: Entry[] = [];
  private readonly newest = new Map<string, Entry>();

  constructor(everyUs: number, bytesMax: number) {
    this.everyUs = everyUs;
    this.bytesMax = bytesMax;
  }

  add(state: StateMessage): void {
    const interval = Math.floor(state.timeUs / this.everyUs);
    const newest = this.newest.get(state.group);
    this.bytes += bytesOf(state);
    if (newest?.interval === interval) {
      this.bytes -= bytesOf(newest.state);
      newest.state = state;
    } else {
      const entry = { interval, state };
      this.newest.set(state.group, entry);
      this.entries.push(entry);
    }
    let dropped = 0;
    while (this.bytes > this.bytesMax && dropped < this.entries.length - 1)
      this.bytes -= bytesOf(this.entries[dropped++]!.state);
    if (dropped > 0) this.entries.splice(0, dropped);
  }

  rewind(timeUs: number): void {
    this.entries = this.entries.filter(({ state }) => state.timeUs <= timeUs);
    this.newest.clear();
    this.bytes = 0;
    for (const entry of this.entries) {
      this.newest.set(entry.state.group, entry);
      this.bytes += bytesOf(entry.state);
    }
  }

  before(group: string, timeUs: number): StateMessage | undefined {
    return this.entries.findLast(({ state }) => state.group === group && state.timeUs <= timeUs)?.state;
  }
}

function bytesOf({ re, im, modes }: StateMessage): number {
  return re.length + im.length + 6 * 8 * modes.length + OTHER_BYTES;
}
