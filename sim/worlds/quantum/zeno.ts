/**
 * A driven qubit whose measurement becomes strong: Rabi oscillations under weak measurement, then collapse and quantum jumps.
 *
 *   H = ½Ωσ_x,  c = √k σ_z         k ≪ Ω: it oscillates        k ≫ Ω: it freezes at a pole (Zeno) and jumps at a rate of about Ω²/(4k)
 *
 * The whole record dY = ⟨c+c†⟩dt + dW keeps the true state pure. The observer receives dy = √η dY + √(1−η) dV, that is
 * dy = √η⟨c+c†⟩dt + dW' with white dW'. `strength` multiplies the increase of k; with 0 the oscillations continue.
 *
 * After the collapse, a jump is an event when ⟨σ_z⟩ of the true state changes sign after it was at a pole (beyond ±0.9); about half of
 * these transitions return.
 * Source: Gambetta et al. 2008, Phys. Rev. A 77:012112 (weak to strong measurement of a driven qubit); Misra & Sudarshan 1977.
 */
import type { Scenario, ScenarioOptions, Truth } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, type Window } from "../model/window.ts";
import { ContinuousMeasurement } from "./continuous-measurement.ts";
import { affectedChannels, EFFICIENCY, finders, type QuantumWorld, quantumRun } from "./world.ts";

/** Ω, 1/s: one oscillation a second. */
const RABI = 2 * Math.PI;
/** k, 1/s: its weak value, and its increase at strength 1. With both, a jump happens every four seconds and takes some hundredths of a second. */
const WEAK = 0.2;
const STRONG = 40;
/** Largest Ω dt or k dt of a step. */
const STEP_MOST = 0.02;
const POLE = 0.9;

const LEVELS = [
  { name: "|0⟩", title: "Level 0" },
  { name: "|1⟩", title: "Level 1" },
] as const;

export const quantumZeno: Scenario = {
  name: "quantum-zeno",
  title:
    "a driven qubit oscillates until its measurement becomes strong: it then collapses to a pole and jumps",
  family: "quantum",
  channels: { least: 1, most: 1, usual: 1 },
  usualRate: 200,
  usualDurationUs: 120e6,
  source:
    "Gambetta et al. (2008); Misra & Sudarshan (1977): a driven qubit under weak, then strong measurement",
  create: (options) => quantumRun("quantum-zeno", options, new ZenoWorld(options)),
};

export class ZenoWorld implements QuantumWorld {
  readonly levels = LEVELS;
  readonly operator = { name: "sz", title: "Current of sz", unit: "s-0.5" };
  readonly planned: Truth[];
  /** When the measurement becomes strong. */
  readonly window: Window;
  /** ψψ†, starting at |0⟩. */
  readonly natureRe = Float64Array.of(1, 0, 0, 0);
  readonly natureIm = new Float64Array(4);
  private readonly options: ScenarioOptions;
  private readonly noise: Variates;
  private readonly lost: Variates;
  private readonly steps: number;
  private readonly dt: number;
  private readonly weak: Laws;
  private readonly strong: Laws;
  private readonly knownRe = Float64Array.of(1, 0, 0, 0);
  private readonly knownIm = new Float64Array(4);
  /** The last pole: 1, −1, or 0 if it has been at none since it left one. */
  private pole = 0;

  constructor(options: ScenarioOptions) {
    this.options = options;
    this.window = drawWindow(options, new Variates(options.seed, "zeno.onset"), 1);
    const { fromUs } = this.window;
    const inRecord = (options.form ?? "record") === "record";
    // The law of the record changes. In states, each later jump is an event of its own.
    this.planned = plan(options, inRecord ? this.window : { fromUs, untilUs: fromUs }, {
      kind: "collapse",
      detectors: finders(options, ["collapse"], []),
      channels: affectedChannels(options, "sz", ["|0⟩", "|1⟩"]),
    });
    this.noise = new Variates(options.seed, "zeno.noise");
    this.lost = new Variates(options.seed, "zeno.lost");
    const k = WEAK + STRONG * options.strength;
    this.steps = Math.max(1, Math.ceil(Math.max(RABI, k) / options.rate / STEP_MOST));
    this.dt = 1 / options.rate / this.steps;
    this.weak = laws(WEAK, this.dt);
    this.strong = laws(k, this.dt);
  }

  advance(timeUs: number): number {
    const within = timeUs >= this.window.fromUs;
    const { nature, observer } = within ? this.strong : this.weak;
    const { natureRe, natureIm, knownRe, knownIm, dt } = this;
    const spread = Math.sqrt(dt);
    let charge = 0;
    for (let step = 0; step < this.steps; step++) {
      const whole = nature.signal(natureRe, natureIm) * dt + spread * this.noise.normal();
      const dy = Math.sqrt(EFFICIENCY) * whole + Math.sqrt(1 - EFFICIENCY) * spread * this.lost.normal();
      nature.step(whole, natureRe, natureIm);
      observer.step(dy, knownRe, knownIm);
      charge += dy;
      if (within && this.options.strength > 0)
        this.watchPoles(timeUs - Math.round((this.steps - 1 - step) * dt * 1e6));
    }
    return charge * this.options.rate;
  }

  pure(re: Float64Array, im: Float64Array): void {
    // The column of the likelier level is ψ up to an unobservable phase.
    const j = this.natureRe[0]! >= this.natureRe[3]! ? 0 : 1;
    const root = Math.sqrt(this.natureRe[3 * j]!);
    for (let i = 0; i < 2; i++) {
      re[i] = this.natureRe[2 * i + j]! / root;
      im[i] = this.natureIm[2 * i + j]! / root;
    }
    const norm = Math.sqrt(re[0]! * re[0]! + im[0]! * im[0]! + re[1]! * re[1]! + im[1]! * im[1]!);
    for (let i = 0; i < 2; i++) {
      re[i] = re[i]! / norm;
      im[i] = im[i]! / norm;
    }
  }

  known(re: Float64Array, im: Float64Array): void {
    re.set(this.knownRe);
    im.set(this.knownIm);
  }

  private watchPoles(timeUs: number): void {
    const z = this.natureRe[0]! - this.natureRe[3]!;
    if (Math.abs(z) > POLE) this.pole = Math.sign(z);
    if (this.pole * z >= 0) return;
    const [from, to] = this.pole > 0 ? (["|0⟩", "|1⟩"] as const) : (["|1⟩", "|0⟩"] as const);
    this.pole = 0;
    this.planned.push({
      kind: "jump",
      // In the record, jumps are part of the collapse, which is one change.
      detectors: finders(this.options, []),
      group: this.options.group,
      channels: affectedChannels(this.options, "sz", [from, to]),
      onsetUs: timeUs,
      endUs: timeUs,
      detail: { from, to },
    });
  }
}

interface Laws {
  readonly nature: ContinuousMeasurement;
  readonly observer: ContinuousMeasurement;
}

function laws(k: number, dt: number): Laws {
  const root = Math.sqrt(k);
  const nothing = [0, 0, 0, 0];
  const law = (efficiency: number) =>
    new ContinuousMeasurement({
      n: 2,
      hamiltonian: { re: [0, RABI / 2, RABI / 2, 0], im: nothing },
      measured: { re: [root, 0, 0, -root], im: nothing },
      losses: [],
      efficiency,
      dt,
    });
  return { nature: law(1), observer: law(EFFICIENCY) };
}
