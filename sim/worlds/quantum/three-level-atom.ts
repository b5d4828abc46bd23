/**
 * A three-level atom in the light of two lasers, between clicks of its bright transition.
 *
 *        |B⟩   Ω_BG = 0.4, decays to |G⟩ with a click at γ_B
 *         │ ╲
 *   |D⟩ ─ |G⟩   Ω_DG                              H = ½Ω_BG|B⟩⟨G| + ½Ω_DG|D⟩⟨G| + h.c.,  C = √γ_B |G⟩⟨B|
 *
 * A click puts the atom into |G⟩, so the state depends only on the time since the last click: the true state is exp(−iH_eff t)|G⟩ with
 * H_eff = H − ½iC†C, and the probability of no click until t is its squared norm. An observer who detects a share η of the clicks has the
 * state exp(Lt)|G⟩⟨G| since the last detected click, with Lρ = −i(H_eff ρ − ρH_eff†) + (1−η)CρC†.
 *
 * Times are multiples of 1/GRID of 1/γ_B; at these times the state is exact.
 * Source: Minev et al. 2019, Nature 570:200 (arXiv:1803.00545); Dalibard, Castin & Mølmer 1992 (waiting times).
 */
import { Semigroup } from "./semigroup.ts";

const OMEGA_BRIGHT = 0.4;
/** Steps in 1/γ_B. */
export const GRID = 1024;

/** More steps than a `Semigroup` can take. */
const NEVER = 2_147_483_648;

const G = 0;
const B = 1;
const D = 2;

export class ThreeLevelAtom {
  /** Steps without a click after which it is more likely dark than not; NEVER without a dark light. */
  readonly middle: number;
  private readonly quiet: Semigroup;
  private readonly unheard: Semigroup;

  /** Ω_DG in units of γ_B, and the share of clicks that are detected. */
  constructor(omegaDark: number, efficiency: number) {
    const [hRe, hIm] = effectiveHamiltonian(omegaDark);
    this.quiet = quietEvolution(hRe, hIm);
    this.unheard = unheardEvolution(hRe, hIm, efficiency);
    this.middle = omegaDark === 0 ? NEVER : this.quiet.stepsUntil(...ground(3), isRatherDark);
  }

  /** Steps from a click to the next: until the probability of no click has fallen to `survival`. */
  wait(survival: number): number {
    return this.quiet.stepsUntil(...ground(3), (re, im) => norm2(re, im) <= survival);
  }

  /** ψ, normalised, after this many steps since a click. */
  pure(steps: number, re: Float64Array, im: Float64Array): void {
    const [psiRe, psiIm] = ground(3);
    this.quiet.advance(steps, psiRe, psiIm);
    scaleInto(1 / Math.sqrt(norm2(psiRe, psiIm)), psiRe, psiIm, re, im);
  }

  /** ρ, 3×3 row-major with trace 1, after this many steps since a detected click. */
  known(steps: number, re: Float64Array, im: Float64Array): void {
    const [rhoRe, rhoIm] = ground(9);
    this.unheard.advance(steps, rhoRe, rhoIm);
    scaleInto(1 / (rhoRe[0]! + rhoRe[4]! + rhoRe[8]!), rhoRe, rhoIm, re, im);
  }
}

/** P_D > ½. After very long times the norm is 0 to the last digit; the atom has then been dark for long. */
function isRatherDark(re: Float64Array, im: Float64Array): boolean {
  const norm = norm2(re, im);
  return norm === 0 || weight(re, im, D) > 0.5 * norm;
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

/** dρ/dt = −i(H_eff ρ − ρ H_eff†) + (1−η) CρC†: until the next detected click. ρ as a vector of 9, row-major. */
function unheardEvolution(hRe: Float64Array, hIm: Float64Array, efficiency: number): Semigroup {
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
  re[9 * (3 * G + G) + 3 * B + B] = re[9 * (3 * G + G) + 3 * B + B]! + (1 - efficiency);
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
