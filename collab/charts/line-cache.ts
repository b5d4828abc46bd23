/**
 * The columns of one series at the width of the current view, updated sample by sample.
 *
 * Covers the view, one view's length before it and two after it. So a picture that follows the live edge is refilled only once in two
 * lengths, and a small pan costs nothing.
 */
import { Columns } from "./columns.ts";
import type { Series } from "./series.ts";
import { endOf, startOf, type TimeView } from "./time-axis.ts";

const LENGTHS = 4;

export class LineCache {
  columns = new Columns(1, 1);
  /** Width of the columns that the older part comes from, µs; 0 where every sample is known. */
  sourceWidthUs = 0;
  #series: Series | null = null;
  #entered = 0;
  #pastVersion = 0;
  #fromUs = 0;
  #toUs = 0;

  update(series: Series, view: TimeView): void {
    const startUs = startOf(view);
    const stale =
      series !== this.#series ||
      series.pastVersion !== this.#pastVersion ||
      this.columns.widthUs !== view.columnUs ||
      startUs < this.#fromUs ||
      endOf(view) > this.#toUs ||
      this.#entered < series.written - series.kept;
    if (stale) this.#refill(series, view, startUs);
    else if (series.written > this.#entered) series.fillFrom(this.columns, this.#entered, this.#toUs);
    this.#entered = series.written;
  }

  /** Columns between two samples that a line still joins: three times the usual spacing, but at least the width of the source. */
  joinColumns(series: Series): number {
    const joinUs = Math.max(3 * series.spacingUs, 1.5 * this.sourceWidthUs);
    return Math.max(1.5, joinUs / this.columns.widthUs + 1);
  }

  #refill(series: Series, view: TimeView, startUs: number): void {
    const lengthUs = view.columns * view.columnUs;
    const capacity = view.columns * LENGTHS + 2;
    if (this.columns.widthUs === view.columnUs && this.columns.capacity === capacity) this.columns.clear();
    else this.columns = new Columns(view.columnUs, capacity);
    this.#series = series;
    this.#pastVersion = series.pastVersion;
    this.#fromUs = startUs - lengthUs;
    this.#toUs = this.#fromUs + LENGTHS * lengthUs;
    this.sourceWidthUs = series.fill(this.columns, this.#fromUs, this.#toUs);
  }
}
