/**
 * Shelving: a bright transition emits clicks; sometimes the atom goes to a dark level, and the light goes out.
 *
 *   click ─ click ─ click ─────── no click: the state moves smoothly from |G⟩ to |D⟩ and stays there ─────── click ─ click
 *                      └─ t_mid = 31.6/γ_B ─┘ more likely dark than not: the onset                              └─ the end
 *
 * Clicks are drawn from the law of the waiting times, so there is no step size and no step error. The record counts the clicks that the
 * observer detects. `strength` multiplies Ω_DG; the dark level is reached at a rate ∝ Ω_DG².
 * Source: Minev et al. 2019, Nature 570:200 (arXiv:1803.00545); Nagourney, Sandberg & Dehmelt 1986, Phys. Rev. Lett. 56:2797.
 */
import type { Scenario, ScenarioOptions, Truth } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { GRID, ThreeLevelAtom } from "./three-level-atom.ts";
import { affectedChannels, EFFICIENCY, finders, type QuantumWorld, quantumRun } from "./world.ts";

/** γ_B, 1/s: a transition takes a third of a second, a dark period about ten seconds. */
export const DECAY = 100;
const OMEGA_DARK = 0.01;

const LEVELS = [
  { name: "|G⟩", title: "Ground" },
  { name: "|B⟩", title: "Bright" },
  { name: "|D⟩", title: "Dark" },
] as const;
const OPERATOR = { name: "clicks", title: "Clicks heard", unit: "1" } as const;

export const quantumShelving: Scenario = {
  name: "quantum-shelving",
  title: "an atom whose light goes out while it is shelved in a dark level; clicks stop for seconds",
  family: "quantum",
  channels: { least: 1, most: 1, usual: 1 },
  usualRate: 10,
  usualDurationUs: 900e6,
  source: "Minev et al. (2019): to catch and reverse a quantum jump mid-flight; Nagourney et al. (1986)",
  create: (options) => quantumRun("quantum-shelving", options, new ShelvingWorld(options)),
};

export class ShelvingWorld implements QuantumWorld {
  readonly levels = LEVELS;
  readonly operator = OPERATOR;
  readonly planned: Truth[] = [];
  /** All clicks, detected or not. */
  clicks = 0;
  private readonly options: ScenarioOptions;
  /** One sample before the first (Q2). */
  private readonly beganUs: number;
  private readonly atom: ThreeLevelAtom;
  private readonly waiting: Variates;
  private readonly hearing: Variates;
  /** Time of the state in steps since the start, like the other times. */
  private now = 0;
  private lastClick = 0;
  private lastHeard = 0;
  private nextClick: number;

  constructor(options: ScenarioOptions) {
    this.options = options;
    this.beganUs = options.startUs - Math.round(1e6 / options.rate);
    this.atom = new ThreeLevelAtom(options.strength * OMEGA_DARK, EFFICIENCY);
    this.waiting = new Variates(options.seed, "shelving.waiting");
    this.hearing = new Variates(options.seed, "shelving.hearing");
    this.nextClick = this.drawClick();
  }

  advance(timeUs: number): number {
    const until = Math.round(((timeUs - this.beganUs) * DECAY * GRID) / 1e6);
    let heard = 0;
    while (this.nextClick <= until) {
      this.clicks++;
      this.lastClick = this.nextClick;
      if (this.hearing.uniform() < EFFICIENCY) {
        heard++;
        this.lastHeard = this.lastClick;
      }
      this.nextClick = this.drawClick();
    }
    this.now = until;
    return heard;
  }

  pure(re: Float64Array, im: Float64Array): void {
    this.atom.pure(this.now - this.lastClick, re, im);
  }

  known(re: Float64Array, im: Float64Array): void {
    this.atom.known(this.now - this.lastHeard, re, im);
  }

  /** Time of the next click in steps since the start; plans the events until then. */
  private drawClick(): number {
    const wait = this.atom.wait(this.waiting.uniform());
    if (wait > this.atom.middle) this.planDark(this.lastClick + this.atom.middle, this.lastClick + wait);
    return this.lastClick + wait;
  }

  private planDark(from: number, until: number): void {
    const { options } = this;
    const onsetUs = this.timeOf(from);
    const endUs = Math.min(this.timeOf(until), options.startUs + options.durationUs);
    const inStates = options.form === "vector" || options.form === "density";
    const what = {
      detectors: finders(options, ["anomaly", "collapse"]),
      group: options.group,
      channels: affectedChannels(options, OPERATOR.name, ["|G⟩", "|D⟩"]),
    };
    if (!inStates) {
      this.planned.push({ ...what, kind: "darkPeriod", onsetUs, endUs });
      return;
    }
    // In states there are two jumps: the transition, and the click that ends the dark period.
    this.planned.push({ ...what, kind: "shelved", onsetUs, endUs: onsetUs });
    this.planned.push({ ...what, kind: "released", onsetUs: this.timeOf(until), endUs: this.timeOf(until) });
  }

  private timeOf(step: number): number {
    return this.beganUs + Math.round((step * 1e6) / (DECAY * GRID));
  }
}
