/** The last rows of innovations and their times. A report describes the rows after an onset by them and finds its time; bets begin with them. */
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";

const ROWS = 512;

const Position = namedNumbers("next", "filled");

export class RecentRows {
  readonly fields: Fields;
  private readonly n: number;
  private readonly rows: Float64Array;
  private readonly times: Float64Array;
  private readonly position = new Position();

  constructor(n: number) {
    this.n = n;
    this.rows = new Float64Array(ROWS * n);
    this.times = new Float64Array(ROWS);
    this.fields = { memory: this.rows, memoryTime: this.times, memoryPosition: this.position.array };
  }

  /** Rows held. */
  get count(): number {
    return this.position.filled;
  }

  /** Adds a row of time[0] µs. */
  add(row: Float64Array, time: Float64Array): void {
    const { position } = this;
    const slot = position.next;
    this.rows.set(row, slot * this.n);
    this.times[slot] = time[0]!;
    position.next = slot + 1 === ROWS ? 0 : slot + 1;
    if (position.filled < ROWS) position.filled++;
  }

  /** Time of the row `back` rows before the last. */
  timeBefore(back: number): number {
    return this.times[(this.position.next - 1 - back + 2 * ROWS) % ROWS]!;
  }

  /** Forgets the rows from the `from`-th held, the oldest being the 0th, to the one before the `until`-th. */
  forget(from: number, until: number): void {
    const { n, times, position } = this;
    const rows = this.last(position.filled);
    const held = Float64Array.from({ length: position.filled }, (_, k) =>
      this.timeBefore(position.filled - 1 - k),
    );
    position.filled = 0;
    position.next = 0;
    for (let k = 0; k < held.length; k++) {
      if (k >= from && k < until) continue;
      this.rows.set(rows.subarray(k * n, (k + 1) * n), position.next * n);
      times[position.next] = held[k]!;
      position.next = (position.next + 1) % ROWS;
      position.filled++;
    }
  }

  /** Forgets all rows. */
  reset(): void {
    this.position.next = 0;
    this.position.filled = 0;
  }

  /** The last `count` rows, oldest first. */
  last(count: number): Float64Array {
    const { n } = this;
    const out = new Float64Array(count * n);
    for (let k = 0; k < count; k++) {
      const slot = (this.position.next - count + k + 2 * ROWS) % ROWS;
      out.set(this.rows.subarray(slot * n, (slot + 1) * n), k * n);
    }
    return out;
  }
}
