/**
 * The scores of the Turing Change Point Dataset (van den Burg & Williams 2020, arXiv:2003.06222, section 4): several people marked the changes
 * of each series.
 *
 *   F1        precision: share of the found changes that somebody marked within MARGIN rows
 *             recall: mean over the people of the share of their changes that were found
 *   cover     mean over the people of Σ over their segments of share of rows × best overlap (Jaccard) with a found segment
 *
 * Row 0 counts as a change for everybody: a series without changes can be found right.
 */

const MARGIN = 5;

/** Rows where each person saw a change. */
export type Annotations = Readonly<Record<string, readonly number[]>>;

export interface ChangeScore {
  readonly f1: number;
  readonly precision: number;
  readonly recall: number;
  readonly cover: number;
}

/** `found`: rows of changes, below `rows`. */
export function scoreChanges(annotations: Annotations, found: readonly number[], rows: number): ChangeScore {
  const people = Object.values(annotations).map(withStart);
  const all = withStart(people.flat());
  const changes = withStart(found);
  const precision = matches(all, changes) / changes.length;
  const recall = mean(people.map((marked) => matches(marked, changes) / marked.length));
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { f1, precision, recall, cover: mean(people.map((marked) => coverOf(marked, changes, rows))) };
}

/** Each marked change takes the nearest free one within the margin. */
function matches(marked: readonly number[], changes: readonly number[]): number {
  const free = new Set(changes);
  for (const row of marked) {
    const near = [...free].filter((change) => Math.abs(change - row) <= MARGIN);
    near.sort((a, b) => Math.abs(a - row) - Math.abs(b - row) || a - b);
    if (near[0] !== undefined) free.delete(near[0]);
  }
  return changes.length - free.size;
}

function coverOf(marked: readonly number[], changes: readonly number[], rows: number): number {
  const found = segments(changes, rows);
  return segments(marked, rows).reduce((sum, [start, end]) => {
    const overlaps = found.map(([from, to]) => {
      const common = Math.max(0, Math.min(end, to) - Math.max(start, from));
      return common / (end - start + to - from - common);
    });
    return sum + ((end - start) / rows) * Math.max(...overlaps);
  }, 0);
}

type Segment = readonly [start: number, end: number];

function segments(changes: readonly number[], rows: number): Segment[] {
  return changes.map((start, k): Segment => [start, changes[k + 1] ?? rows]);
}

/** In order, each once, with row 0. */
function withStart(changes: readonly number[]): number[] {
  return [...new Set([0, ...changes])].sort((a, b) => a - b);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
