/**
 * Every fault of a run is a decision, identified by component, kind and count.
 *
 *   decisions.of("link n1→bus", "drop").happens(0.02)  →  false … true, recorded as "link n1→bus/drop#17"
 *
 * D1  Each (component, kind) has a random stream of its own: asking more often in one place changes no other place.
 * D2  With `only`, exactly these decisions are taken and all others give "no fault". The ids of a run reproduce that run; an id with
 *     another count happens at that count.
 * D3  After `heal` no fault happens.
 */
import { RandomStream } from "../../actors/core/mod.ts";

export interface Fault {
  /** True with `probability`, while faults are on and this decision may be taken. */
  happens(probability: number): boolean;
  /** Size of a fault that happened, uniform in [from, to). Needs no decision of its own. */
  size(from: number, to: number): number;
  /** Heavy-tailed size: half are above 1.2 times `scale`, one in ten above 12, one in a hundred above 170; at most `most` (Lomax, shape 0.9). */
  tail(scale: number, most: number): number;
}

export class Decisions {
  /** Ids of the faults that happened, in order. */
  readonly taken: string[] = [];
  readonly #seed: number;
  readonly #only: ReadonlySet<string> | null;
  readonly #onTaken: (kind: string) => void;
  readonly #faults = new Map<string, Fault>();
  #healed = false;

  /** `onTaken` receives the kind of each fault that happens. */
  constructor(seed: number, only: ReadonlySet<string> | null, onTaken: (kind: string) => void) {
    this.#seed = seed;
    this.#only = only;
    this.#onTaken = onTaken;
  }

  get healed(): boolean {
    return this.#healed;
  }

  heal(): void {
    this.#healed = true;
  }

  of(component: string, kind: string): Fault {
    const name = `${component}/${kind}`;
    let fault = this.#faults.get(name);
    if (fault === undefined) {
      fault = this.#create(name, kind);
      this.#faults.set(name, fault);
    }
    return fault;
  }

  #create(name: string, kind: string): Fault {
    // Created at first use: most kinds of most components are never used.
    let chance: RandomStream | null = null;
    let sizes: RandomStream | null = null;
    let asked = 0;
    const size = (): number => {
      sizes ??= new RandomStream(this.#seed, `size ${name}`);
      return sizes.next();
    };
    return {
      happens: (probability) => {
        if (this.#healed) return false;
        const index = ++asked;
        if (probability <= 0) return false;
        if (this.#only === null) {
          chance ??= new RandomStream(this.#seed, `fault ${name}`);
          if (chance.next() >= probability) return false;
        } else if (!this.#only.has(`${name}#${index}`)) return false;
        this.taken.push(`${name}#${index}`);
        this.#onTaken(kind);
        return true;
      },
      size: (from, to) => from + (to - from) * size(),
      tail: (scale, most) => Math.min(most, scale * lomax(size())),
    };
  }
}

/** Quantile of (1 − u)^(−1/0.9) − 1 relative to its median, by square roots alone: 1/0.9 ≈ 1 + 1/8 − 1/64. */
function lomax(u: number): number {
  const x = 1 / (1 - u);
  const eighth = Math.sqrt(Math.sqrt(Math.sqrt(x)));
  const sixtyFourth = Math.sqrt(Math.sqrt(Math.sqrt(eighth)));
  return (x * eighth) / sixtyFourth - 1;
}
