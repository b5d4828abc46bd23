/**
 * The trajectory of a group whose states are given whole: where it is, and when it jumps.
 *
 *   ρ or ψ ─► fidelity with the reference ─► below `jumpedBelow`: jumped ─► above `settledAbove`: settled
 *                       reference ← (1−α) reference + αρ
 *
 * T1  A jump is judged against what was, not against a model: the reference is the mean of the last `memoryStates` states, with 1
 *     the state before. A motion that turns the state by a right angle within the memory therefore is a jump, too.
 * T2  Between a jump and the next the state settles: a flight through many states is one jump.
 * T3  The fidelity is Jozsa's, exact. Where a bound decides (tr ρσ and (1−T)² ≤ F ≤ super-fidelity) it is not computed.
 *
 * While it moves the reference follows FASTER times as fast, so that a second jump is seen soon after the first.
 * Cost: O(n²) a state; O(n³) when one is published, and for n > 2 while it moves or is nearly as far as a jump.
 */
import { float64Column } from "../../../protocol/columns.ts";
import type { DensityMatrix, Input, StateVector } from "../../../protocol/messages.ts";
import type { Settings } from "../../../protocol/settings.ts";
import { hilbertSchmidtDistance, overlap, superFidelity } from "../../kernels/overlap.ts";
import { purity } from "../../kernels/purity.ts";
import { StateComparison } from "../../kernels/state-comparison.ts";
import type { Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { namedNumbers } from "../registered-numbers.ts";
import { publishRestUs } from "../state-publisher.ts";
import { directState } from "./direct-state.ts";
import { trajectoryMachine } from "./machine.ts";

export const trajectory = defineDetector({
  name: "trajectory",
  machine: trajectoryMachine,
  enabled: (settings, group) => settings.trajectory.enabled && group.states === true,
  createDetector: (settings, group) => new TrajectoryDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

const FASTER = 4;

const Scalars = namedNumbers("count", "lastUs", "jumpedUs", "jumps", "publishedCount", "publishedUs");

type Context = DetectorContext<typeof trajectoryMachine>;

class TrajectoryDetector implements Detector<typeof trajectoryMachine> {
  readonly fields: Fields;
  private readonly group: Group;
  private readonly options: Settings["trajectory"];
  private readonly restUs: number;
  private readonly scalars = new Scalars();
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  private readonly referenceRe: Float64Array;
  private readonly referenceIm: Float64Array;

  constructor(settings: Settings, group: Group) {
    const size = group.n * group.n;
    this.group = group;
    this.options = settings.trajectory;
    this.restUs = publishRestUs(group.n);
    this.re = new Float64Array(size);
    this.im = new Float64Array(size);
    this.referenceRe = new Float64Array(size);
    this.referenceIm = new Float64Array(size);
    this.fields = {
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
    if (input.n !== this.group.n)
      throw new Error(`state of ${input.n} levels; expected ${this.group.n}, the channels of the group`);
    const first = scalars.count === 0;
    // The state before joins the reference only now, so that what is published compares the state with those before it.
    if (!first) this.follow(this.pace(context));
    this.take(input);
    if (first) this.follow(1);
    else this.judge(input.timeUs, context);
    scalars.count++;
    scalars.lastUs = input.timeUs;
  }

  publish(context: Context): unknown {
    const { scalars, re, im } = this;
    if (scalars.count === scalars.publishedCount) return null;
    // A spectrum costs n³: states of many levels are published at their own pace.
    if (context.now - scalars.publishedUs < this.restUs) return null;
    scalars.publishedCount = scalars.count;
    scalars.publishedUs = context.now;
    const fidelity = this.fidelity();
    return directState(this.group, scalars.lastUs, re, im, {
      fidelity,
      surprise: 1 - fidelity,
      jumps: scalars.jumps,
      states: scalars.count,
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

  /** The fidelity with the reference, or null when its bounds already decide. */
  private fidelityUnless(decided: (lower: number, upper: number) => boolean): number | null {
    const { n } = this.group;
    const { re, im, referenceRe, referenceIm } = this;
    const shared = overlap(n, re, im, referenceRe, referenceIm);
    // √F ≥ 1 − T (Fuchs & van de Graaf 1999): decides for mixed states, whose overlap is small also when they are equal.
    const distance = 0.5 * Math.sqrt(n) * hilbertSchmidtDistance(n, re, im, referenceRe, referenceIm);
    const near = Math.max(0, 1 - distance);
    const upper = superFidelity(shared, 1 - purity(n, re, im), 1 - purity(n, referenceRe, referenceIm));
    if (decided(Math.max(shared, near * near), upper)) return null;
    // For two levels the bound is the fidelity.
    return n <= 2 ? Math.min(1, upper) : this.fidelity();
  }

  private fidelity(): number {
    const states = new StateComparison(this.group.n);
    states.load(this.re, this.im, this.referenceRe, this.referenceIm);
    const root = states.rootFidelity();
    return root * root;
  }

  /** The likeliest levels before and now, and how mixed the state is. */
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

  /** ρ as it is given, or ψψ†. */
  private take(input: DensityMatrix | StateVector): void {
    const { n } = this.group;
    const re = float64Column(input.re);
    const im = float64Column(input.im);
    if (input.type === "densityMatrix") {
      this.re.set(re);
      this.im.set(im);
      return;
    }
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        this.re[i * n + j] = re[i]! * re[j]! + im[i]! * im[j]!;
        this.im[i * n + j] = im[i]! * re[j]! - re[i]! * im[j]!;
      }
    }
  }
}

function likeliest(n: number, re: Float64Array): number {
  let best = 0;
  for (let i = 1; i < n; i++) if (re[i * n + i]! > re[best * n + best]!) best = i;
  return best;
}
