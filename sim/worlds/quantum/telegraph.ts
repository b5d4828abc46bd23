/**
 * Quantum jumps under a non-demolition measurement: a random telegraph signal with noise.
 *
 *   c = √k σ_z, levels |0⟩ … with x = 1 … −1, jumps between neighbours at rate λ;   dI = s x dt + dW,   s = 2√(kη)
 *
 * The ratio r = λ/s² (0.01 at strength 1) alone determines how well jumps can be detected; `strength` multiplies λ.
 * Superpositions decay at once, so the true state is always one of the levels.
 * Source: Wonham 1965; Gambetta et al. 2007, Phys. Rev. A 76:012325.
 */
import expm1 from "@stdlib/math-base-special-expm1";
import type { Scenario, ScenarioOptions, Truth } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { WonhamFilter } from "./wonham.ts";
import { affectedChannels, EFFICIENCY, finders, type QuantumWorld, quantumRun } from "./world.ts";

/** k, 1/s: s² = 4kη = 20/s, so that a fifth of a second of record distinguishes two levels. */
const STRENGTH = 10;
/** λ/s² at strength 1. */
export const RATIO = 0.01;
/** Largest s² dt of a step: the chain does not change within a step, and a jump in the middle of a step has a small effect. */
const STEP_MOST = 0.05;

const USUALS = {
  family: "quantum",
  channels: { least: 1, most: 1, usual: 1 },
  usualRate: 100,
  usualDurationUs: 120e6,
  source: "Wonham (1965); Gambetta et al. (2007): QND measurement of a qubit that jumps",
} as const;

export const quantumTelegraph: Scenario = {
  ...USUALS,
  name: "quantum-telegraph",
  title: "a qubit that jumps between two levels while it is measured; each jump moves the mean of the record",
  create: (options) => quantumRun("quantum-telegraph", options, new TelegraphWorld(options, "sz", [1, -1])),
};

export const quantumLadder: Scenario = {
  ...USUALS,
  name: "quantum-ladder",
  title:
    "a three-level ladder that jumps between neighbours while it is measured; small steps of the record's mean",
  create: (options) => quantumRun("quantum-ladder", options, new TelegraphWorld(options, "jz", [1, 0, -1])),
};

export class TelegraphWorld implements QuantumWorld {
  readonly levels: QuantumWorld["levels"];
  readonly operator: QuantumWorld["operator"];
  readonly planned: Truth[] = [];
  /** s. */
  readonly snr: number;
  /** Index of the true level. */
  level: number;
  readonly filter: WonhamFilter;
  private readonly options: ScenarioOptions;
  private readonly x: readonly number[];
  private readonly transition: readonly (readonly number[])[];
  private readonly jumps: Variates;
  private readonly noise: Variates;
  private readonly steps: number;
  private readonly dt: number;

  constructor(options: ScenarioOptions, operator: string, x: readonly number[]) {
    this.options = options;
    this.x = x;
    this.levels = x.map((_, i) => ({ name: `|${i}⟩`, title: `Level ${i}` }));
    this.operator = { name: operator, title: `Current of ${operator}`, unit: "s-0.5" };
    this.snr = 2 * Math.sqrt(STRENGTH * EFFICIENCY);
    this.steps = Math.max(1, Math.ceil((this.snr * this.snr) / options.rate / STEP_MOST));
    this.dt = 1 / options.rate / this.steps;
    const hop = -expm1(-options.strength * RATIO * this.snr * this.snr * this.dt);
    // A middle level has two neighbours to jump to.
    this.transition = chain(x.length, Math.min(0.5, hop));
    this.filter = new WonhamFilter(x, this.transition, this.snr, this.dt);
    this.jumps = new Variates(options.seed, `telegraph.${operator}.jumps`);
    this.noise = new Variates(options.seed, `telegraph.${operator}.noise`);
    this.level = this.jumps.whole(x.length);
  }

  advance(timeUs: number): number {
    let charge = 0;
    for (let step = 0; step < this.steps; step++) {
      const beganUs = timeUs - Math.round((this.steps - step) * this.dt * 1e6);
      this.jump(beganUs);
      const dI = this.snr * this.x[this.level]! * this.dt + Math.sqrt(this.dt) * this.noise.normal();
      this.filter.step(dI);
      charge += dI;
    }
    return charge * this.options.rate;
  }

  pure(re: Float64Array, im: Float64Array): void {
    re.fill(0);
    im.fill(0);
    re[this.level] = 1;
  }

  known(re: Float64Array, im: Float64Array): void {
    const n = this.x.length;
    re.fill(0);
    im.fill(0);
    for (let i = 0; i < n; i++) re[i * n + i] = this.filter.p[i]!;
  }

  private jump(timeUs: number): void {
    const before = this.level;
    let left = this.jumps.uniform();
    for (let j = 0; j < this.x.length; j++) {
      left -= this.transition[before]![j]!;
      if (left > 0) continue;
      this.level = j;
      break;
    }
    if (this.level === before) return;
    const from = this.levels[before]!.name;
    const to = this.levels[this.level]!.name;
    this.planned.push({
      kind: "jump",
      detectors: finders(this.options, ["collapse"]),
      group: this.options.group,
      channels: affectedChannels(this.options, this.operator.name, [from, to]),
      onsetUs: timeUs,
      endUs: timeUs,
      detail: { from, to },
    });
  }
}

/** Transition probabilities of one step: each level goes to each neighbour with probability `hop`. */
function chain(n: number, hop: number): number[][] {
  return Array.from({ length: n }, (_, i) => {
    const row = Array.from({ length: n }, (_, j) => (Math.abs(i - j) === 1 ? hop : 0));
    row[i] = 1 - row.reduce((sum, p) => sum + p, 0);
    return row;
  });
}
