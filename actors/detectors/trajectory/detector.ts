/**
 * Follows the whole states that a feed sends for a group, and detects jumps.
 *
 *   ρ or ψ ─► fidelity with the reference ─► below `jumpedBelow`: jumped ─► above `settledAbove`: settled
 *                       reference ← (1−α) reference + αρ
 *
 * T1  The reference is the mean of the last `memoryStates` states (1: the state before): a motion that turns the state by a right angle within the memory is
 *     then also a jump. Of few levels, at equal steps, how the state moves is identified (motion.ts); while that foretells states better than the state before
 *     and than the mean, beyond chance, the reference moves along, and a jump is a change against the motion.
 * T2  The state settles between two jumps: a flight through many states is one jump.
 * T3  The fidelity is Jozsa's, exact. It is not computed where a bound decides (tr ρσ and (1−T)² ≤ F ≤ super-fidelity).
 *
 * T5  While `prediction.enabled`, states are foretold by that motion and the forecasts judged (state-forecasts.ts): one motion serves both.
 *
 * While the state moves, the reference follows FASTER times as fast, so that a second jump is detected soon after the first.
 * Cost: O(n²) per state; O(n³) per published state, and for n > 2 while the state moves or its fidelity is near the limit of a jump.
 */
import type { Input } from "../../../protocol/messages.ts";
import type { Settings } from "../../../protocol/settings.ts";
import { hilbertSchmidtDistance, overlap, superFidelity } from "../../kernels/overlap.ts";
import { purity } from "../../kernels/purity.ts";
import { StateComparison } from "../../kernels/state-comparison.ts";
import type { Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { publishRestUs } from "../state-publisher.ts";
import { writeWholeState } from "../whole-state.ts";
import { directState } from "./direct-state.ts";
import { trajectoryMachine } from "./machine.ts";
import { MOST_LEVELS, Motion } from "./motion.ts";
import { StateForecasts } from "./state-forecasts.ts";

export const trajectory = defineDetector({
  name: "trajectory",
  version: 5,
  machine: trajectoryMachine,
  reads: ["prediction"],
  enabled: (settings, group) => settings.trajectory.enabled && group.states === true,
  createDetector: (settings, group) => new TrajectoryDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

const FASTER = 4;

const Scalars = namedNumbers(
  "count",
  "lastUs",
  "jumpedUs",
  "jumps",
  "publishedCount",
  "publishedUs",
  "byMotion",
);

type Context = DetectorContext<typeof trajectoryMachine>;

export class TrajectoryDetector implements Detector<typeof trajectoryMachine> {
  readonly fields: Fields;
  private readonly group: Group;
  private readonly options: Settings["trajectory"];
  private readonly restUs: number;
  private readonly scalars = new Scalars();
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  private readonly referenceRe: Float64Array;
  private readonly referenceIm: Float64Array;
  /** null: more levels than can be modelled. */
  private readonly motion: Motion | null;
  /** null: nothing is to be foretold, or cannot be. */
  readonly forecasts: StateForecasts | null;

  constructor(settings: Settings, group: Group) {
    const size = group.n * group.n;
    this.group = group;
    this.options = settings.trajectory;
    this.restUs = publishRestUs(group.n);
    this.re = new Float64Array(size);
    this.im = new Float64Array(size);
    this.referenceRe = new Float64Array(size);
    this.referenceIm = new Float64Array(size);
    this.motion = group.n >= 2 && group.n <= MOST_LEVELS ? new Motion(group.n) : null;
    this.forecasts =
      this.motion !== null && settings.prediction.enabled
        ? new StateForecasts(settings.prediction, group, this.motion)
        : null;
    this.fields = {
      ...(this.motion === null ? {} : prefixed("motion", this.motion.fields)),
      ...(this.forecasts === null ? {} : prefixed("forecasts", this.forecasts.fields)),
      scalars: this.scalars.array,
      re: this.re,
      im: this.im,
      referenceRe: this.referenceRe,
      referenceIm: this.referenceIm,
    };
  }

  onInput(input: Input, context: Context): void {
    if (input.type !== "densityMatrix" && input.type !== "stateVector") return;
    const { scalars } = this;
    const first = scalars.count === 0;
    // The previous state is added to the reference only now, so that `publish` compares a state with the states before it.
    if (!first) this.follow(this.pace(context));
    writeWholeState(input, this.group.n, this.re, this.im);
    if (first) this.follow(1);
    this.motion?.see(this.re, this.im, this.referenceRe, this.referenceIm, input.timeUs);
    const { jumps } = scalars;
    if (!first) this.judge(input.timeUs, context);
    this.motion?.learn(scalars.jumps > jumps);
    this.forecasts?.update(input.timeUs, context);
    scalars.count++;
    scalars.lastUs = input.timeUs;
  }

  publish(context: Context): unknown {
    const { scalars, re, im } = this;
    if (scalars.count === scalars.publishedCount) return null;
    // A spectrum costs O(n³), so states of many levels are published less often.
    if (context.now - scalars.publishedUs < this.restUs) return null;
    scalars.publishedCount = scalars.count;
    scalars.publishedUs = context.now;
    const fidelity = this.fidelity();
    const foretold: Record<string, number> = {};
    this.forecasts?.addMeasures(foretold);
    return directState(this.group, scalars.lastUs, re, im, {
      fidelity,
      surprise: 1 - fidelity,
      jumps: scalars.jumps,
      states: scalars.count,
      // Its presence says that the model is used.
      ...(this.motion?.isUsed === true ? { motionSkill: this.motion.skill } : {}),
      ...foretold,
    });
  }

  private judge(timeUs: number, context: Context): void {
    const { scalars, options } = this;
    if (context.machine.value === "settled") {
      const fidelity = this.fidelityUnless((lower) => lower >= options.jumpedBelow);
      if (fidelity !== null && fidelity < options.jumpedBelow) {
        scalars.jumpedUs = timeUs;
        scalars.jumps++;
        context.signal({ type: "jumped", timeUs, fidelity, ...this.places() });
      }
    } else {
      const fidelity = this.fidelityUnless((_, upper) => upper <= options.settledAbove);
      if (fidelity !== null && fidelity > options.settledAbove) {
        context.signal({
          type: "settled",
          timeUs,
          fidelity,
          tookUs: timeUs - scalars.jumpedUs,
          ...this.places(),
        });
      }
    }
  }

  /** The fidelity with the reference, or null when its bounds already decide the question. */
  private fidelityUnless(decided: (lower: number, upper: number) => boolean): number | null {
    const { n } = this.group;
    const { re, im, referenceRe, referenceIm } = this;
    const shared = overlap(n, re, im, referenceRe, referenceIm);
    // √F ≥ 1 − T (Fuchs & van de Graaf 1999) decides for mixed states: their overlap is small even when they are equal.
    const distance = 0.5 * Math.sqrt(n) * hilbertSchmidtDistance(n, re, im, referenceRe, referenceIm);
    const near = Math.max(0, 1 - distance);
    const upper = superFidelity(shared, 1 - purity(n, re, im), 1 - purity(n, referenceRe, referenceIm));
    if (decided(Math.max(shared, near * near), upper)) return null;
    // For two levels the upper bound equals the fidelity.
    return n <= 2 ? Math.min(1, upper) : this.fidelity();
  }

  private fidelity(): number {
    const states = new StateComparison(this.group.n);
    states.load(this.re, this.im, this.referenceRe, this.referenceIm);
    const root = states.rootFidelity();
    return root * root;
  }

  /** The most probable levels before and now, and the purity. */
  private places(): { from: string; to: string; purity: number } {
    const { n, channels } = this.group;
    return {
      from: channels[likeliest(n, this.referenceRe)]!.name,
      to: channels[likeliest(n, this.re)]!.name,
      purity: purity(n, this.re, this.im),
    };
  }

  /** Weight of the next state in the reference. */
  private pace({ machine }: Context): number {
    const pace = machine.value === "moving" ? FASTER : 1;
    return Math.min(1, pace / Math.min(this.scalars.count, this.options.memoryStates));
  }

  private follow(alpha: number): void {
    const { re, im, referenceRe, referenceIm } = this;
    for (let k = 0; k < re.length; k++) {
      referenceRe[k] = referenceRe[k]! + alpha * (re[k]! - referenceRe[k]!);
      referenceIm[k] = referenceIm[k]! + alpha * (im[k]! - referenceIm[k]!);
    }
  }
}

function likeliest(n: number, re: Float64Array): number {
  let best = 0;
  for (let i = 1; i < n; i++) if (re[i * n + i]! > re[best * n + best]!) best = i;
  return best;
}
