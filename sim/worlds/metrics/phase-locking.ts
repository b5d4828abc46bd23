/**
 * Noisy oscillators of nearly the same period, each with a phase that wanders. From the onset, the second follows the first.
 *
 *   value_k = sin φ_k + noise        dφ_k = ω_k dt + √DIFFUSION dB_k        in the window: dφ_1 += strength · COUPLING · sin(φ_0 − φ_1) dt
 */
import sin from "@stdlib/math-base-special-sin";
import type { Channels } from "../../../protocol/messages.ts";
import { type RowWorld, rowsRun } from "../model/rows.ts";
import type { Scenario, ScenarioOptions, Truth } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, type Window, within } from "../model/window.ts";

/** Rows of a period, and how far the frequencies of neighbours differ. */
const PERIOD_ROWS = 8;
const DETUNING = 0.01;
/** Per row, rad²: within two periods a phase forgets where it was. */
const DIFFUSION = 0.2;
/** Per row at strength 1: the phases then differ by 0.6 rad. */
const COUPLING = 0.5;
const NOISE = 0.3;

export const phaseLocking: Scenario = {
  name: "phase-locking",
  family: "metrics",
  title: "oscillators whose phases wander; one begins to follow another: interference finds the pair",
  source: "Adler (1946); Kuramoto (1975); noise: Stratonovich (1967)",
  channels: { least: 2, most: 128, usual: 4 },
  usualRate: 1,
  usualDurationUs: 14_400e6,
  create(options) {
    const window = drawWindow(options, new Variates(options.seed, "happening"), 0.25);
    return rowsRun("phase-locking", options, new Oscillators(options, window));
  },
};

class Oscillators implements RowWorld {
  readonly channels: Channels["channels"];
  readonly innovation = "difference";
  readonly planned: readonly Truth[];
  private readonly window: Window;
  private readonly coupling: number;
  private readonly variates: Variates;
  private readonly phases: Float64Array;

  constructor(options: ScenarioOptions, window: Window) {
    const { seed, channels, strength } = options;
    this.window = window;
    this.coupling = strength * COUPLING;
    this.variates = new Variates(seed, "oscillators");
    this.phases = Float64Array.from({ length: channels }, () => 2 * Math.PI * this.variates.uniform());
    this.channels = Array.from({ length: channels }, (_, k) => ({
      name: `oscillator-${k + 1}`,
      title: `Oscillator ${k + 1} (synthetic)`,
      unit: "",
    }));
    this.planned = plan(options, window, {
      kind: "phaseLock",
      detectors: ["interference"],
      channels: ["oscillator-1", "oscillator-2"],
      detail: { coupling: this.coupling },
    });
  }

  row(timeUs: number, values: Float64Array): number {
    const { phases, variates } = this;
    const pull = within(this.window, timeUs) ? this.coupling * sin(phases[0]! - phases[1]!) : 0;
    for (let k = 0; k < phases.length; k++) {
      const advance = ((2 * Math.PI) / PERIOD_ROWS) * (1 + DETUNING * k);
      const next = phases[k]! + advance + (k === 1 ? pull : 0) + Math.sqrt(DIFFUSION) * variates.normal();
      // Kept small, so that the sine keeps its digits.
      phases[k] = next % (2 * Math.PI);
      values[k] = sin(phases[k]!) + NOISE * variates.normal();
    }
    return timeUs;
  }
}
