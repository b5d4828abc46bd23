/**
 * Columns for the functions of a rule, taken anew for each symbol from the memory of the one before: a scan computes hundreds of symbols a second
 * per thread, and would otherwise leave ten columns of each to the collector.
 *
 *   restart ─► take ─► take ─► …   (symbol 1)
 *   restart ─► take ─► take ─► …   (symbol 2: the same arrays, with the numbers of symbol 1 in them)
 */

/** Longer columns are not kept: half a megabyte each, beside which their collection costs little. */
const MOST_KEPT_ROWS = 65_536;
/** Numbers of all columns that are kept: 8 MB a thread. A rule of many functions of a long symbol would leave hundreds of megabytes for ever. */
const MOST_KEPT = 1_048_576;

export class ColumnMemory {
  private readonly columns: Float64Array[] = [];
  private taken = 0;
  /** Numbers of the columns. */
  private kept = 0;

  /** Everything that was taken is free again: who still has it sees it change. */
  restart(): void {
    this.taken = 0;
  }

  /** A column of that length. What stands in it is arbitrary. */
  take(rows: number): Float64Array {
    if (rows > MOST_KEPT_ROWS) return new Float64Array(rows);
    const k = this.taken;
    let column = this.columns[k];
    const more = rows - (column?.length ?? 0);
    if (column === undefined || more > 0) {
      column = new Float64Array(rows);
      if (this.kept + more > MOST_KEPT) return column;
      this.kept += more;
      this.columns[k] = column;
    }
    this.taken++;
    return column.length === rows ? column : column.subarray(0, rows);
  }
}
