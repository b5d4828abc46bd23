/** The samples and the measures of all groups of a partition in intervals, within one budget of bytes that their columns share. */
import type { Frame } from "../../protocol/frame.ts";
import { IntervalRows } from "../../protocol/interval-rows.ts";
import { MAX_STATE_MEASURES } from "../../protocol/limits.ts";
import type { StateMessage } from "../../protocol/messages.ts";
import type { GroupPast, PastRange } from "../ports/session.ts";
import { CELL_BYTES } from "./interval-ring.ts";
import { LEVEL_FACTOR, Pyramid } from "./pyramid.ts";

/** The shortest intervals kept, µs: a minute has a thousand of them, which is what a chart is wide. */
export const FINEST_US = 62_500;

/** The longest are 62,500 µs · 4^7, seventeen minutes: a thousand of them are twelve days. */
const LEVELS = 8;

/** Entries of a level at most: four times what a chart is wide, so some level is always fine enough and reaches back. */
const CAPACITY = 4_096;

/** Entries of a level at least, however many columns there are: enough to see the course of a line. */
const CAPACITY_MIN = 64;

/** Intervals up to this many times as long as they are asked for need not be read from the log: a page takes them for as fine as it needs. */
const FINE_ENOUGH = 1.5;

/** Bytes of all intervals of a partition, unless CAPACITY_MIN needs more: 4,000 entries a level for thirty channels and their measures. */
const BYTES_MAX = 48 << 20;

/** How far back the longest intervals of so many columns reach where samples come without breaks, µs. */
export function reachUs(columns: number): number {
  return FINEST_US * LEVEL_FACTOR ** (LEVELS - 1) * capacityOf(columns);
}

/** Every column gets as many entries as every other. */
function capacityOf(columns: number): number {
  return Math.max(CAPACITY_MIN, Math.min(CAPACITY, Math.floor(entriesOf(columns) / LEVELS)));
}

/** Of all levels together. */
function entriesOf(columns: number): number {
  return Math.floor(BYTES_MAX / (CELL_BYTES * Math.max(1, columns)));
}

/**
 * Entries of each level, the finest first. Of a past of this length, which is looked at anywhere, levels are kept whole, the coarsest first: of the
 * others the log is soon read, for they are asked for short ranges.
 */
function capacitiesOf(columns: number, lengthUs: number): number[] {
  if (lengthUs === Number.POSITIVE_INFINITY) return new Array<number>(LEVELS).fill(capacityOf(columns));
  const capacities = new Array<number>(LEVELS).fill(CAPACITY_MIN);
  let left = entriesOf(columns);
  for (let k = LEVELS - 1; k >= 0; k--) {
    // Its first and its last interval may be parts.
    const needed = Math.ceil(lengthUs / (FINEST_US * LEVEL_FACTOR ** k)) + 2;
    if (k < LEVELS - 1 && needed > left) break;
    capacities[k] = Math.max(CAPACITY_MIN, Math.min(needed, left));
    left -= needed;
  }
  return capacities;
}

export class PastGroups {
  private readonly byName = new Map<string, PastGroup>();
  private readonly lengthUs: number;
  private capacities: readonly number[];

  /** `lengthUs`: of all that will be here; ∞: it goes on. */
  constructor(lengthUs = Number.POSITIVE_INFINITY) {
    this.lengthUs = lengthUs;
    this.capacities = capacitiesOf(0, lengthUs);
  }

  get bytes(): number {
    let bytes = 0;
    for (const { samples, measures } of this.byName.values()) bytes += samples.bytes + measures.bytes;
    return bytes;
  }

  frame(frame: Frame): void {
    const { count, time, channel, value, size } = frame;
    const { samples } = this.groupOf(frame.group);
    const highest = highestOf(frame);
    if (highest >= samples.columns) {
      samples.widen(highest + 1);
      this.share();
    }
    for (let k = 0; k < count; k++) samples.add(time[k]!, channel[k]!, value[k]!, size?.[k]);
  }

  state({ group, timeUs, measures, significant }: StateMessage): void {
    const past = this.groupOf(group);
    for (const [name, value] of Object.entries({ ...measures, significant: significant ? 1 : 0 })) {
      const column = this.measureOf(past, name);
      if (column !== undefined) past.measures.add(timeUs, column, value);
    }
  }

  /** Forgets what came after this time. */
  rewind(timeUs: number): void {
    for (const { samples, measures } of this.byName.values()) {
      samples.rewind(timeUs);
      measures.rewind(timeUs);
    }
  }

  /** Takes over the samples of other groups in place of its own. */
  takeSamples(of: PastGroups): void {
    for (const group of this.byName.values()) group.samples = this.pyramid();
    for (const [name, { samples }] of of.byName) this.groupOf(name).samples = samples;
    this.share();
  }

  /** Whether the samples of all groups are there in intervals as short as the range has them. */
  isAsFine(range: PastRange): boolean {
    const asked = (range.toUs - range.fromUs) / range.columns;
    return [...this.byName.values()].every(({ samples }) => samples.everyUs(range) <= FINE_ENOUGH * asked);
  }

  range(range: PastRange): GroupPast[] {
    return Array.from(this.byName, ([group, { samples, measures, names }]) => ({
      group,
      samples: range.onlyMeasures ? new IntervalRows(FINEST_US) : samples.rows(range),
      measures: { names: [...names.keys()], rows: measures.rows(range) },
    }));
  }

  private groupOf(name: string): PastGroup {
    let group = this.byName.get(name);
    if (group === undefined) {
      group = { samples: this.pyramid(), measures: this.pyramid(), names: new Map() };
      this.byName.set(name, group);
    }
    return group;
  }

  private pyramid(): Pyramid {
    return new Pyramid(FINEST_US, this.capacities);
  }

  /** The column of a measure; undefined where the group has too many. */
  private measureOf({ measures, names }: PastGroup, name: string): number | undefined {
    const known = names.get(name);
    if (known !== undefined || names.size === MAX_STATE_MEASURES) return known;
    const column = names.size;
    names.set(name, column);
    measures.widen(column + 1);
    this.share();
    return column;
  }

  private share(): void {
    let columns = 0;
    for (const { samples, measures } of this.byName.values()) columns += samples.columns + measures.columns;
    this.capacities = capacitiesOf(columns, this.lengthUs);
    for (const { samples, measures } of this.byName.values()) {
      samples.limit(this.capacities);
      measures.limit(this.capacities);
    }
  }
}

interface PastGroup {
  samples: Pyramid;
  measures: Pyramid;
  /** Columns of the measures. */
  readonly names: Map<string, number>;
}

/** The highest channel that has a sample. */
export function highestOf({ count, channel }: Pick<Frame, "count" | "channel">): number {
  let highest = 0;
  for (let k = 0; k < count; k++) if (channel[k]! > highest) highest = channel[k]!;
  return highest;
}
