/** The usual time between rows: as declared, else a running mean of what is seen. Gaps do not count. */
export class RowSpacing {
  readonly fields: { spacing: Float64Array };
  private readonly state: Float64Array;

  /** `everyUs` 0: not known. */
  constructor(everyUs: number) {
    this.state = Float64Array.of(everyUs, Number.NaN, 0, everyUs > 0 ? 1 : 0);
    this.fields = { spacing: this.state };
  }

  see(time: number, gap: boolean): void {
    const s = this.state;
    if (s[3] === 1) return;
    const spacing = time - s[1]!;
    s[1] = time;
    if (gap || !(spacing > 0)) return;
    const seen = s[2]! + 1;
    s[2] = seen;
    s[0] = s[0]! + (spacing - s[0]!) / Math.min(seen, 256);
  }

  /** µs, 0 while not known. */
  get us(): number {
    return this.state[0]!;
  }
}
