/**
 * Shelving in a three-level atom: a bright level fluoresces in clicks, a dark one now and then swallows the atom, and the light goes out.
 *
 *        |B⟩   Ω_BG = 0.4, decays to |G⟩ with a click at γ_B
 *         │ ╲
 *   |D⟩ ─ |G⟩   Ω_DG = 0.01                       H = ½Ω_BG|B⟩⟨G| + ½Ω_DG|D⟩⟨G| + h.c.,  C = √γ_B |G⟩⟨B|
 *
 * A click puts the atom into |G⟩, so everything follows from the time since the last one: without a click the state flies from |G⟩ to |D⟩,
 * smoothly, and passes the middle t_mid = 31.6/γ_B after the click. Drawn event by event: the waiting time has the distribution
 * 1 − ‖exp(−iH_eff t)|G⟩‖², inverted on a grid of 2^-10/γ_B. No step size, no error of steps.
 *
 * The observer hears of a share η of the clicks; its state is exp(Lt) of |G⟩⟨G| since the last one heard, L with the unheard clicks in it.
 * `strength` multiplies Ω_DG; the dark level is reached at a rate ∝ Ω_DG².
 * Source: Minev et al. 2019, Nature 570:200 (arXiv:1803.00545); Nagourney, Sandberg & Dehmelt 1986.
 */
import type { Scenario, ScenarioOptions, Truth } from "../scenario.ts";
import { Variates } from "../variates.ts";
import { Semigroup } from "./semigroup.ts";
import { EFFICIENCY, finders, type QuantumWorld, quantumRun, told } from "./world.ts";

/** 1/s: a flight takes a third of a second, a dark period some ten. */
export const DECAY = 100;
const OMEGA_BRIGHT = 0.4;
const OMEGA_DARK = 0.01;
/** Steps of the grid in 1/γ_B. */
export const GRID = 1024;

const G = 0;
const B = 1;
const D = 2;
const LEVELS = [
  { name: "|G⟩", title: "Ground" },
  { name: "|B⟩", title: "Bright" },
  { name: "|D⟩", title: "Dark" },
] as const;
const OPERATOR = { name: "clicks", title: "Clicks heard", unit: "1" } as const;

export const quantumShelving: Scenario = {
  family: "quantum",
  channels: { least: 1, most: 1, usual: 1 },
  usualRate: 10,
  usualDurationUs: 900e6,
  source: "Minev et al. (2019): to catch and reverse a quantum jump mid-flight; Nagourney et al. (1986)",
  name: "quantum-shelving",
  title:
    "an atom whose light goes out while it is shelved in a dark level; clicks stop for seconds, then come back",
  create: (options) => quantumRun("quantum-shelving", options, new ShelvingWorld(options)),
};

export class ShelvingWorld implements QuantumWorld {
  readonly levels = LEVELS;
  readonly operator = OPERATOR;
  readonly planned: Truth[] = [];
  /** All clicks, heard or not. */
  clicks = 0;
  /** Steps without a click after which the atom is more likely dark than not; 2^31 and more: never. */
  readonly middle: number;
  private readonly options: ScenarioOptions;
  /** One sample before the first (Q2). */
  private readonly beganUs: number;
  private readonly quiet: Semigroup;
  private readonly unheard: Semigroup;
  private readonly waiting: Variates;
  private readonly hearing: Variates;
  /** In steps since the start, as the others: the state is the one of now. */
  private now = 0;
  private lastClick = 0;
  private lastHeard = 0;
  private nextClick: number;

  constructor(options: ScenarioOptions) {
    this.options = options;
    this.beganUs = options.startUs - Math.round(1e6 / options.rate);
    const [hRe, hIm] = effectiveHamiltonian(options.strength * OMEGA_DARK);
    this.quiet = quietEvolution(hRe, hIm);
    this.unheard = unheardEvolution(hRe, hIm);
    this.waiting = new Variates(options.seed, "shelving.waiting");
    this.hearing = new Variates(options.seed, "shelving.hearing");
    this.middle = this.quiet.stepsUntil(...ground(3), (re, im) => weight(re, im, D) > 0.5 * norm2(re, im));
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
    const [psiRe, psiIm] = ground(3);
    this.quiet.advance(this.now - this.lastClick, psiRe, psiIm);
    scaleInto(1 / Math.sqrt(norm2(psiRe, psiIm)), psiRe, psiIm, re, im);
  }

  known(re: Float64Array, im: Float64Array): void {
    const [rhoRe, rhoIm] = ground(9);
    this.unheard.advance(this.now - this.lastHeard, rhoRe, rhoIm);
    scaleInto(1 / (rhoRe[0]! + rhoRe[4]! + rhoRe[8]!), rhoRe, rhoIm, re, im);
  }

  /** When the next click comes, in steps since the start; what is true until then is planned. */
  private drawClick(): number {
    const survival = this.waiting.uniform();
    const wait = this.quiet.stepsUntil(...ground(3), (re, im) => norm2(re, im) <= survival);
    if (wait > this.middle) this.planDark(this.lastClick + this.middle, this.lastClick + wait);
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
      channels: told(options, OPERATOR.name, ["|G⟩", "|D⟩"]),
    };
    if (!inStates) {
      this.planned.push({ ...what, kind: "darkPeriod", onsetUs, endUs });
      return;
    }
    // Whoever is given states sees two jumps: in flight, and at the click that ends it.
    this.planned.push({ ...what, kind: "shelved", onsetUs, endUs: onsetUs });
    this.planned.push({ ...what, kind: "released", onsetUs: this.timeOf(until), endUs: this.timeOf(until) });
  }

  private timeOf(step: number): number {
    return this.beganUs + Math.round((step * 1e6) / (DECAY * GRID));
  }
}

/** H − ½iC†C in units of γ_B, 3×3. */
function effectiveHamiltonian(omegaDark: number): [Float64Array, Float64Array] {
  const re = new Float64Array(9);
  const im = new Float64Array(9);
  re[3 * B + G] = re[3 * G + B] = OMEGA_BRIGHT / 2;
  re[3 * D + G] = re[3 * G + D] = omegaDark / 2;
  im[3 * B + B] = -1 / 2;
  return [re, im];
}

/** dψ/dt = −iH_eff ψ: until the next click. */
function quietEvolution(hRe: Float64Array, hIm: Float64Array): Semigroup {
  const minusRe = Float64Array.from(hRe, (x) => -x);
  return new Semigroup(3, hIm, minusRe, 1 / GRID);
}

/** dρ/dt = −i(H_eff ρ − ρ H_eff†) + (1−η) CρC†: until the next click that is heard. ρ as a vector of 9, row-major. */
function unheardEvolution(hRe: Float64Array, hIm: Float64Array): Semigroup {
  const re = new Float64Array(81);
  const im = new Float64Array(81);
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      const row = 9 * (3 * i + j);
      for (let k = 0; k < 3; k++) {
        const left = row + 3 * k + j;
        re[left] = re[left]! + hIm[3 * i + k]!;
        im[left] = im[left]! - hRe[3 * i + k]!;
        const right = row + 3 * i + k;
        re[right] = re[right]! + hIm[3 * j + k]!;
        im[right] = im[right]! + hRe[3 * j + k]!;
      }
    }
  }
  re[9 * (3 * G + G) + 3 * B + B] = re[9 * (3 * G + G) + 3 * B + B]! + (1 - EFFICIENCY);
  return new Semigroup(9, re, im, 1 / GRID);
}

/** |G⟩, or |G⟩⟨G|. */
function ground(elements: number): [Float64Array, Float64Array] {
  const re = new Float64Array(elements);
  re[0] = 1;
  return [re, new Float64Array(elements)];
}

function weight(re: Float64Array, im: Float64Array, i: number): number {
  return re[i]! * re[i]! + im[i]! * im[i]!;
}

function norm2(re: Float64Array, im: Float64Array): number {
  return weight(re, im, G) + weight(re, im, B) + weight(re, im, D);
}

function scaleInto(
  factor: number,
  fromRe: Float64Array,
  fromIm: Float64Array,
  re: Float64Array,
  im: Float64Array,
): void {
  for (let k = 0; k < re.length; k++) {
    re[k] = factor * fromRe[k]!;
    im[k] = factor * fromIm[k]!;
  }
}
