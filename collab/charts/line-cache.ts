/**
 * The columns of one series at the width now shown, kept up to date sample by sample.
 *
 * Covers the view, one view's length before it and two after it, so that a picture that follows the live edge is filled anew only once in
 * two lengths, and a small pan costs nothing.
 */
import { Columns } from "./columns.ts";
import type { Series } from "./series.ts";
import { endOf, startOf, type TimeView } from "./time-axis.ts";

const LENGTHS = 4;

export class LineCache {
  columns = new Columns(1, 1);
  /** Width of the columns the old part was taken from, µs: nothing finer is known there. */
  sourceWidthUs = 0;
  #series: Series | null = null;
  #entered = 0;
  #fromUs = 0;
  #toUs = 0;

  update(series: Series, view: TimeView): void {
    const startUs = startOf(view);
    const stale =
      series !== this.#series ||
      this.columns.widthUs !== view.columnUs ||
      startUs < this.#fromUs ||
      endOf(view) > this.#toUs ||
      this.#entered < series.written - series.kept;
    if (stale) this.#refill(series, view, startUs);
    else if (series.written > this.#entered) series.fillFrom(this.columns, this.#entered, this.#toUs);
    this.#entered = series.written;
  }

  /** How many columns apart two samples may lie and still be joined: three times the usual spacing, and never finer than what is known. */
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
    this.#fromUs = startUs - lengthUs;
    this.#toUs = this.#fromUs + LENGTHS * lengthUs;
    this.sourceWidthUs = series.fill(this.columns, this.#fromUs, this.#toUs);
  }
}
