/** The usual time between rows: as declared, otherwise a running mean of the spacings. Gaps do not count. */
import { namedNumbers } from "./registered-numbers.ts";

/** Spacings the running mean remembers. */
const MEMORY = 256;

const Spacing = namedNumbers("us", "lastUs", "seen", "declared");

export class RowSpacing {
  readonly fields: { spacing: Float64Array };
  private readonly state = new Spacing();

  /** `everyUs` is 0 when the spacing is not declared. */
  constructor(everyUs: number) {
    this.state.us = everyUs;
    this.state.lastUs = Number.NaN;
    this.state.declared = everyUs > 0 ? 1 : 0;
    this.fields = { spacing: this.state.array };
  }

  see(time: number, gap: boolean): void {
    const { state } = this;
    if (state.declared === 1) return;
    const spacing = time - state.lastUs;
    state.lastUs = time;
    if (gap || !(spacing > 0)) return;
    state.seen++;
    state.us = state.us + (spacing - state.us) / Math.min(state.seen, MEMORY);
  }

  /** In µs; 0 while unknown. */
  get us(): number {
    return this.state.us;
  }
}
