/** Frequency against time of what is shown, the brighter the stronger, with the cursor of all charts. */
import { clock, quantity, tickLabel } from "../../../charts/format.ts";
import { css } from "../../../charts/oklch.ts";
import { colourOf } from "../../../charts/phase-palette.ts";
import type { Samples } from "../../../charts/samples.ts";
import { tickStep, ticks, yOf } from "../../../charts/scale.ts";
import {
  lineAt,
  type SpectralLine,
  type Spectrogram,
  spectrogramOf,
  strongestLine,
} from "../../../charts/spectrogram.ts";
import { font } from "../../../charts/text.ts";
import { endOf, startOf, xOf } from "../../../charts/time-axis.ts";
import type { TimePicture } from "../../../charts/time-chart.ts";
import {
  drawCursorDot,
  drawCursorLine,
  drawCursorValue,
  drawTimeGrid,
  type TimeFrame,
} from "../../../charts/time-frame.ts";
import { theme } from "../../theme/theme.ts";

/** A transform of all that is shown takes some milliseconds. */
const EVERY_MS = 250;
/** What is so much weaker than the strongest has the colour of the panel. */
const RANGE_DB = 40;
const SHADES = 48;
const TICKS_APART = 34;

export class SpectrumPicture implements TimePicture {
  readonly everyMs = EVERY_MS;
  /** What there is to say changed. */
  onWords: (words: string) => void = () => {};
  #key = "";
  #samples: Samples | null = null;
  #spectrogram: Spectrogram | null = null;
  #line: SpectralLine | null = null;
  #shades: { readonly of: string; readonly colours: readonly string[] } = { of: "", colours: [] };

  /** `key`: what it is. Null: nothing is known of it. */
  show(key: string, samples: Samples | null): void {
    if (key !== this.#key) {
      this.#spectrogram = null;
      this.#line = null;
    }
    this.#key = key;
    this.#samples = samples;
  }

  state(): string {
    return this.#key;
  }

  /** "strongest at 2.50 Hz, since 07:28:10", of what was drawn last. */
  #words(): string {
    if (this.#spectrogram === null) return "too few samples here for a spectrum.";
    if (this.#line === null) return "no frequency stands out.";
    const { hz, fromUs, untilUs, isFromFirst, isUntilLast } = this.#line;
    const at = `strongest at ${quantity(hz, "Hz")}`;
    if (isFromFirst && isUntilLast) return `${at}, all along.`;
    if (isUntilLast) return `${at}, since ${clock(fromUs)}.`;
    return isFromFirst ? `${at}, until ${clock(untilUs)}.` : `${at}, ${clock(fromUs)} to ${clock(untilUs)}.`;
  }

  drawBase(frame: TimeFrame): void {
    const { time } = frame;
    const samples = this.#samples;
    this.#spectrogram = samples === null ? null : spectrogramOf(samples, startOf(time), endOf(time));
    this.#line = this.#spectrogram === null ? null : strongestLine(this.#spectrogram);
    this.onWords(this.#words());
    drawTimeGrid(frame);
    if (this.#spectrogram === null) return;
    this.#drawPower(frame, this.#spectrogram);
    drawFrequencies(frame, this.#spectrogram.highestHz);
  }

  drawCursor(frame: TimeFrame, timeUs: number, x: number): void {
    drawCursorLine(frame, timeUs, x);
    const spectrogram = this.#spectrogram;
    const hz = spectrogram === null ? undefined : lineAt(spectrogram, timeUs);
    if (spectrogram === null || hz === undefined || hz === null) return;
    const y = yOf(hz, { low: 0, high: spectrogram.highestHz }, 0, frame.plotHeight);
    drawCursorDot(frame, frame.colours.accent, x, y);
    const middle = Math.min(Math.max(y, 10), frame.plotHeight - 10);
    drawCursorValue(frame, quantity(hz, "Hz"), x, middle);
  }

  describe(timeUs: number): string {
    const hz = this.#spectrogram === null ? undefined : lineAt(this.#spectrogram, timeUs);
    if (hz === undefined) return `${clock(timeUs)}: no spectrum, samples are missing before or after`;
    return `${clock(timeUs)}: ${hz === null ? "no frequency stands out" : `strongest at ${quantity(hz, "Hz")}`}`;
  }

  #drawPower({ context, time, plotWidth, plotHeight }: TimeFrame, { segments, apartUs }: Spectrogram): void {
    const shades = this.#coloursOfTheme();
    let most = 0;
    for (const { power } of segments) for (const each of power) most = Math.max(most, each);
    if (!(most > 0)) return;
    for (const { middleUs, power } of segments) {
      const from = Math.max(0, Math.round(xOf(middleUs - apartUs / 2, time)));
      const to = Math.min(plotWidth, Math.round(xOf(middleUs + apartUs / 2, time)));
      if (to <= from) continue;
      const bins = power.length - 1;
      for (let k = 0; k <= bins; k++) {
        const share = Math.max(0, 1 + (10 * Math.log10(power[k]! / most)) / RANGE_DB);
        // Squared, because noise is but some 15 to 20 dB below a line.
        const shade = Math.floor(share * share * (SHADES - 1));
        if (!(shade > 0)) continue;
        const top = Math.max(0, Math.round(plotHeight * (1 - (k + 0.5) / bins)));
        const bottom = Math.min(plotHeight, Math.round(plotHeight * (1 - (k - 0.5) / bins)));
        context.fillStyle = shades[shade]!;
        context.fillRect(from, top, to - from, Math.max(1, bottom - top));
      }
    }
  }

  #coloursOfTheme(): readonly string[] {
    const { name, ends } = theme.peek();
    if (this.#shades.of !== name) {
      const colours = Array.from({ length: SHADES }, (_, k) => css(colourOf(ends, k / (SHADES - 1), 0)));
      this.#shades = { of: name, colours };
    }
    return this.#shades.colours;
  }
}

/** At the right, from 0 up to half of the rate of samples. */
function drawFrequencies({ context, colours, plotWidth, plotHeight }: TimeFrame, highestHz: number): void {
  const range = { low: 0, high: highestHz };
  const most = Math.max(2, Math.floor(plotHeight / TICKS_APART));
  const step = tickStep(highestHz, most);
  context.font = font(10.5);
  context.fillStyle = colours.muted;
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const tick of ticks(range, most)) {
    const y = Math.min(Math.max(yOf(tick, range, 0, plotHeight), 7), plotHeight - 6);
    const label = tickLabel(tick, step, "");
    context.fillText(tick === 0 ? `${label} Hz` : label, plotWidth + 8, y);
    context.fillRect(plotWidth, Math.round(yOf(tick, range, 0, plotHeight)), 4, 1);
  }
}
