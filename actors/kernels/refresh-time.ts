/**
 * Refresh times: the moments by which every channel has ticked at least once since the moment before.
 *
 * Source: Barndorff-Nielsen, Hansen, Lunde & Shephard 2011, J. Econometrics 162:149.
 */

export class RefreshTime {
  readonly n: number;
  /** All of the state: which channels ticked since the last refresh, and [how many]. */
  readonly fields: { readonly seen: Uint8Array; readonly count: Float64Array };

  constructor(n: number) {
    this.n = n;
    this.fields = { seen: new Uint8Array(n), count: new Float64Array(1) };
  }

  /** Channel i ticked; true when this tick completes a refresh. O(1) but for the refresh itself. */
  tick(i: number): boolean {
    const { seen, count } = this.fields;
    if (seen[i] === 0) {
      seen[i] = 1;
      count[0] = count[0]! + 1;
    }
    if (count[0]! < this.n) return false;
    seen.fill(0);
    count[0] = 0;
    return true;
  }
}
