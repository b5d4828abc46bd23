/** A whole state that a feed sent, as a density matrix. */
import { float64Column } from "../../protocol/columns.ts";
import type { DensityMatrix, StateVector } from "../../protocol/messages.ts";

/** Writes ρ as given, or ψψ†, to re and im (n×n, row-major). Throws for another number of levels than `n`. O(n²). */
export function writeWholeState(
  input: DensityMatrix | StateVector,
  n: number,
  re: Float64Array,
  im: Float64Array,
): void {
  if (input.n !== n) throw new Error(`state of ${input.n} levels; expected ${n}, the channels of the group`);
  const fromRe = float64Column(input.re);
  const fromIm = float64Column(input.im);
  if (input.type === "densityMatrix") {
    re.set(fromRe);
    im.set(fromIm);
    return;
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      re[i * n + j] = fromRe[i]! * fromRe[j]! + fromIm[i]! * fromIm[j]!;
      im[i * n + j] = fromIm[i]! * fromRe[j]! - fromRe[i]! * fromIm[j]!;
    }
  }
}
